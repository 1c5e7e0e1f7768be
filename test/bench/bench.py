#!/usr/bin/env python3
"""netcopy beside its peers in the same run: prints a table, writes JSON.

Needs rsync, redis-server, nginx and curl. Exit status: 0 if everything worked and every bound was met; 1 if a
transfer did not verify, a request failed, or (without --quick) a bound was missed; 2 usage.

Each run notes how many processors others kept busy meanwhile; --repeat-disturbed repeats such runs.
Where the machine is never quiet, `chrt -f 10 python3 test/bench/bench.py` puts the bench and all
that it starts before the rest; the longest latencies then include up to 50 ms a second in which the
kernel lets the rest run. It does not help where more others want to run than there are processors:
the kernel's ksoftirqd, which delivers packets under load, waits with the rest, and with it every
transfer.
"""

import argparse
import functools
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile
import time

import fetch_rows
import fetches
import files
import resume
import share_rows
import shares
import store
import transfer_rows
import transfers
from measure import GIB, MIB, make_random_file
from processes import Failure
from report import Row, machine, markdown, print_row

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE_NAMES = ("md5", "crc32", "disk", "memory")
STORE_NAMES = ("requests", "entries", "slow-peers")
COPY_NAMES = ("copy-file", "copy-small", "copy-unchanged", "copy-link", "copy-memory",
              "copy-resume", "copy-file-disk", "copy-small-disk", "copy-unchanged-disk")
SHARE_NAMES = ("share-file", "share-small", "share-list", "share-many")
FETCH_NAMES = ("fetch-links", "fetch-sources", "fetch-loopback")
NAMES = FILE_NAMES + STORE_NAMES + COPY_NAMES + SHARE_NAMES + FETCH_NAMES


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=(*NAMES, "copy", "share", "fetch"),
                        default=NAMES, metavar="NAME",
                        help=f"rows to measure: {', '.join(NAMES)}; "
                        "copy, share and fetch stand for all whose names begin so")
    parser.add_argument("--runs", type=int, default=5, help="runs of each contender (5)")
    parser.add_argument("--repeat-disturbed", type=int, default=0, metavar="N",
                        help="repeat a run up to N times while others keep the machine busy (0)")
    parser.add_argument("--quick", action="store_true",
                        help="small work, one run: shows only that all of it works")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE",
                        help="write them here as tables")
    parser.add_argument("--netcopy", type=pathlib.Path,
                        default=ROOT / "build/release/app/netcopy", help="the program to measure")
    parser.add_argument("--load", type=pathlib.Path,
                        help="the load generator (test/netcopy_load in netcopy's build folder)")
    parser.add_argument("--tools", type=pathlib.Path,
                        help="folder of netcopy_slow_link, netcopy_tcp_copy and netcopy_udt_copy "
                        "(test in netcopy's build folder); rows on slow links also need root")
    parser.add_argument("--tmpfs", type=pathlib.Path,
                        help="folder in memory (/dev/shm; the one on disk if that is too small)")
    parser.add_argument("--disk", type=pathlib.Path, default=pathlib.Path("/var/tmp"),
                        help="folder on disk (/var/tmp)")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs: at least 1")
    arguments.netcopy = arguments.netcopy.resolve()
    arguments.only = set(arguments.only)
    if "copy" in arguments.only:
        arguments.only |= {*COPY_NAMES}
    if "share" in arguments.only:
        arguments.only |= {*SHARE_NAMES}
    if "fetch" in arguments.only:
        arguments.only |= {*FETCH_NAMES}
    if arguments.tools is None:
        arguments.tools = arguments.netcopy.parent.parent / "test"
    if arguments.load is None:
        arguments.load = arguments.netcopy.parent.parent / "test/netcopy_load"
    needed = [arguments.netcopy]
    if not arguments.only.isdisjoint(STORE_NAMES):
        needed.append(arguments.load)
    for program in needed:
        if not os.access(program, os.X_OK):
            parser.error(f"no program {program}")
    return arguments


def progress(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def room_in_memory(arguments: argparse.Namespace, file_bytes: int) -> pathlib.Path:
    """Containers often have a /dev/shm of 64 MiB only."""
    wanted = arguments.tmpfs or pathlib.Path("/dev/shm")
    if shutil.disk_usage(wanted).free > 3 * file_bytes:  # source, target, warm_memory()
        return wanted
    if arguments.tmpfs:
        raise Failure(f"{wanted} has no room for three files of {file_bytes // MIB} MiB")
    progress(f"{wanted} is too small: rows on tmpfs are measured on {arguments.disk} instead")
    return arguments.disk


def kind_of(tmpfs: pathlib.Path, arguments: argparse.Namespace) -> str:
    """What room_in_memory() found, for the table."""
    return "on disk, for lack of memory" if tmpfs == arguments.disk else "tmpfs"


def file_rows(arguments: argparse.Namespace, names: list[str], rows: list[Row]) -> None:
    if not names:
        return
    quick = arguments.quick
    file_bytes = 64 * MIB if quick else GIB
    tmpfs = room_in_memory(arguments, file_bytes)
    with tempfile.TemporaryDirectory(prefix="netcopy-bench-", dir=tmpfs) as memory, \
            tempfile.TemporaryDirectory(prefix="netcopy-bench-", dir=arguments.disk) as disk:
        settings = files.Settings(
            netcopy=str(arguments.netcopy), runs=arguments.runs,
            repeat=arguments.repeat_disturbed, file_bytes=file_bytes,
            where=kind_of(tmpfs, arguments),
            sparse_bytes=[64 * MIB] if quick else [GIB, 20 * GIB],
            tmpfs=pathlib.Path(memory), disk=pathlib.Path(disk), progress=progress)
        makers = {"md5": (files.md5_row, settings.tmpfs),
                  "crc32": (files.crc32_row, settings.tmpfs),
                  "disk": (files.disk_row, settings.disk)}
        sources: dict[pathlib.Path, pathlib.Path] = {}
        for name in names:
            if name == "memory":
                add(rows, files.memory_row(settings, settings.disk))
                continue
            make, folder = makers[name]
            if folder not in sources:
                progress(f"making {settings.file_bytes // MIB} MiB of random bytes")
                sources[folder] = make_random_file(folder / "source", settings.file_bytes)
            add(rows, make(settings, sources[folder], folder))


def store_rows(arguments: argparse.Namespace, names: list[str], rows: list[Row]) -> None:
    quick = arguments.quick
    with tempfile.TemporaryDirectory(prefix="netcopy-bench-") as folder:
        settings = store.Settings(
            netcopy=str(arguments.netcopy), load=str(arguments.load), runs=arguments.runs,
            repeat=arguments.repeat_disturbed,
            seconds=0.2 if quick else 3, keys=10_000 if quick else 100_000,
            entries=50_000 if quick else 1_000_000, entries_validity=2 if quick else 30,
            quiet=1 if quick else 5,
            connections=100 if quick else 1000, slow_seconds=0.5 if quick else 12,
            folder=pathlib.Path(folder), progress=progress)
        for name in names:
            if name == "requests":
                for row in store.request_rows(settings):
                    add(rows, row)
            elif name == "entries":
                add(rows, store.entries_row(settings))
            else:
                add(rows, store.slow_peers_row(settings))


def copy_rows(arguments: argparse.Namespace, names: list[str], rows: list[Row]) -> None:
    if not names:
        return
    quick = arguments.quick
    settings = transfers.Settings(
        netcopy=str(arguments.netcopy), runs=arguments.runs, repeat=arguments.repeat_disturbed,
        file_bytes=64 * MIB if quick else GIB, large_bytes=256 * MIB if quick else 4 * GIB,
        small_files=500 if quick else 10_000, unchanged_files=1_000 if quick else 100_000,
        link_files=200 if quick else 5_000, slow_link=arguments.tools / "netcopy_slow_link",
        progress=progress)
    tmpfs = room_in_memory(arguments, settings.large_bytes)
    makers = {"copy-file": transfer_rows.file_row, "copy-small": transfer_rows.small_row,
              "copy-unchanged": transfer_rows.unchanged_row, "copy-link": transfer_rows.link_row,
              "copy-memory": transfer_rows.memory_row, "copy-resume": resume.resume_row,
              "copy-file-disk": functools.partial(transfer_rows.file_row, disk=True),
              "copy-small-disk": functools.partial(transfer_rows.small_row, disk=True),
              "copy-unchanged-disk": functools.partial(transfer_rows.unchanged_row, disk=True)}
    for name in names:
        base, where = ((arguments.disk, "on disk") if name.endswith("-disk") else
                       (tmpfs, kind_of(tmpfs, arguments)))
        # A folder for each row: what one leaves in memory would be in the next one's way.
        with tempfile.TemporaryDirectory(prefix="netcopy-bench-", dir=base) as folder:
            add(rows, makers[name](settings, pathlib.Path(folder), where))


def share_rows_of(arguments: argparse.Namespace, names: list[str], rows: list[Row]) -> None:
    if not names:
        return
    quick = arguments.quick
    settings = shares.Settings(
        netcopy=str(arguments.netcopy), runs=arguments.runs, repeat=arguments.repeat_disturbed,
        file_bytes=64 * MIB if quick else GIB, small_files=500 if quick else 10_000,
        listed_files=2_000 if quick else 100_000, many_clients=10 if quick else 100,
        many_bytes=8 * MIB if quick else 100 * MIB, progress=progress)
    makers = {"share-file": (share_rows.file_row, settings.file_bytes),
              "share-small": (share_rows.small_row, settings.small_files * 20_000),
              "share-list": (share_rows.list_row, settings.listed_files * 5_000),
              "share-many": (share_rows.many_row, settings.many_bytes)}
    for name in names:
        make, room = makers[name]
        base = room_in_memory(arguments, room)
        with tempfile.TemporaryDirectory(prefix="netcopy-bench-", dir=base) as folder:
            add(rows, make(settings, pathlib.Path(folder), kind_of(base, arguments)))


def fetch_rows_of(arguments: argparse.Namespace, names: list[str], rows: list[Row]) -> None:
    if not names:
        return
    quick = arguments.quick
    settings = fetches.Settings(
        netcopy=str(arguments.netcopy), tools=arguments.tools.resolve(), runs=arguments.runs,
        repeat=arguments.repeat_disturbed, link_bytes=2 * MIB if quick else 100_000_000,
        loopback_bytes=64 * MIB if quick else GIB, peer_seconds=2 if quick else 20, quick=quick,
        progress=progress)
    tmpfs = room_in_memory(arguments, settings.loopback_bytes)
    makers = {"fetch-links": fetch_rows.link_rows, "fetch-sources": fetch_rows.sources_rows,
              "fetch-loopback": fetch_rows.loopback_rows}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="netcopy-bench-", dir=tmpfs) as folder:
            for row in makers[name](settings, pathlib.Path(folder), kind_of(tmpfs, arguments)):
                add(rows, row)


def add(rows: list[Row], row: Row) -> None:
    """Printed at once, so that an interrupted bench has still said something."""
    rows.append(row)
    print_row(row)
    sys.stdout.flush()


def raise_descriptor_limit() -> None:
    """The servers inherit it; a thousand connections do not fit in the usual 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> int:
    arguments = parse_arguments()
    if arguments.quick:
        arguments.runs = 1
    raise_descriptor_limit()
    # As an exception, so that the servers are stopped and the files removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    result = {"machine": machine(str(arguments.netcopy)), "runs": arguments.runs,
              "quick": arguments.quick,
              "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    rows: list[Row] = []
    failure = None
    wanted = [name for name in NAMES if name in arguments.only]
    try:
        file_rows(arguments, [name for name in wanted if name in FILE_NAMES], rows)
        store_rows(arguments, [name for name in wanted if name in STORE_NAMES], rows)
        copy_rows(arguments, [name for name in wanted if name in COPY_NAMES], rows)
        share_rows_of(arguments, [name for name in wanted if name in SHARE_NAMES], rows)
        fetch_rows_of(arguments, [name for name in wanted if name in FETCH_NAMES], rows)
    except Failure as error:
        failure = str(error)
        print(f"\nbench: FAILED: {failure}", file=sys.stderr)
    missed = [f"{row.name}: {check.what}" for row in rows for check in row.checks
              if check.met is False]
    result |= {"rows": [row.as_json() for row in rows], "missed": missed, "failure": failure,
               "load_average_after": os.getloadavg()}
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(markdown(rows), encoding="utf-8")
    if missed:
        print("\nmissed" + (" (not asserted with --quick)" if arguments.quick else "") + ":")
        print("\n".join(f"  {what}" for what in missed))
    return 1 if failure or (missed and not arguments.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
