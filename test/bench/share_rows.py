"""Rows about `netcopy share` and its clients, beside md5sum, curl from nginx, and rsync's daemon."""

import os
import pathlib
import tempfile

import servers
from measure import GIB, MIB, Stopwatch, make_random_file, require_same
from processes import Failure, Process, wait_all
from report import Check, Metrics, Row
from shares import Settings, Share, into, make_flat, make_old, require_same_files

KIB = 1 << 10
MOST_ROOM = GIB  # bytes of memory that are warmed before a run


def file_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    """One large file down, verified."""
    served = folder / "served"
    served.mkdir()
    source = make_random_file(served / "file", settings.file_bytes)
    make_old(source)
    share = Share(settings, folder)

    def with_netcopy() -> Metrics:
        with share.received() as received:
            watch, clients, used = share.by_netcopy(served, 1, settings.file_bytes, [
                share.netcopy, "download", "-q", "-o", received, "file", "ENDPOINT"])
            require_same(source, pathlib.Path(received, "file"))
        return share.metrics(watch, clients, used)

    def with_md5sum() -> Metrics:
        return share.metrics(*share.clocked(0, ["md5sum", str(source)]))

    def with_curl() -> Metrics:
        with share.received() as received, tempfile.TemporaryDirectory() as work, \
                servers.nginx(served, pathlib.Path(work)) as (server, port):
            target = f"{received}/file"
            command = f"curl -sS -f -o '{target}' http://{servers.HOST}:{port}/file && " \
                      f"md5sum '{target}'"
            watch, clients = share.clocked(settings.file_bytes, ["sh", "-c", command])
            require_same(source, pathlib.Path(target))
        return share.metrics(watch, clients, server.usage)

    row = Row("share-file", f"download of {settings.file_bytes // MIB} MiB, loopback, {where}")
    row.alternate(settings.runs, {"netcopy": with_netcopy, "md5sum alone": with_md5sum,
                                  "curl, then md5sum": with_curl},
                  settings.repeat, settings.progress)
    row.checks = [
        Check("wall of netcopy / md5sum alone", row.ratio("wall s", "netcopy", "md5sum alone"),
              "<=", 1.3),
        Check("wall of curl, then md5sum / netcopy",
              row.ratio("wall s", "curl, then md5sum", "netcopy"), ">=", 2.0)]
    return row


def small_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    """Many small files, up and down."""
    count = settings.small_files
    source = make_flat(folder / "source", count, 16 * KIB)
    served = folder / "served"
    served.mkdir()
    for path in source.iterdir():
        os.link(path, served / path.name)
    room = min(MOST_ROOM, count * 20 * KIB)
    share = Share(settings, folder)

    def netcopy_up() -> Metrics:
        with share.received() as received:
            command = [share.netcopy, "upload", "-q", *map(str, sorted(source.iterdir())),
                       "ENDPOINT"]
            watch, clients, used = share.by_netcopy(pathlib.Path(received), 0, room,
                                                    into("/dev/null", command))
            require_same_files(source, pathlib.Path(received))
        return share.metrics(watch, clients, used)

    def netcopy_down() -> Metrics:
        with share.received() as received:
            watch, clients, used = share.by_netcopy(served, count, room, [
                share.netcopy, "download", "-q", "--all", "-o", received, "ENDPOINT"])
            require_same_files(source, pathlib.Path(received))
        return share.metrics(watch, clients, used)

    def rsync(up: bool) -> Metrics:
        with share.received() as received, tempfile.TemporaryDirectory() as work, \
                servers.rsync_daemon(folder, pathlib.Path(work)) as (daemon, port):
            module = f"rsync://{servers.HOST}:{port}/bench"
            ends = ([f"{source}/", f"{module}/{os.path.basename(received)}/"] if up
                    else [f"{module}/source/", f"{received}/"])
            watch, clients = share.clocked(room, ["rsync", "-a", "-W", *ends])
            require_same_files(source, pathlib.Path(received))
        return share.metrics(watch, clients, daemon.usage)

    row = Row("share-small", f"{count:,} files of 16 KiB, loopback, {where}")
    row.alternate(settings.runs, {
        "netcopy upload": netcopy_up, "rsync -W up": lambda: rsync(True),
        "netcopy download": netcopy_down, "rsync -W down": lambda: rsync(False)},
        settings.repeat, settings.progress)
    row.checks = [
        Check("up: wall of rsync / netcopy",
              row.ratio("wall s", "rsync -W up", "netcopy upload"), ">=", 1.0),
        Check("down: wall of rsync / netcopy",
              row.ratio("wall s", "rsync -W down", "netcopy download"), ">=", 1.0)]
    return row


def list_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    """A long list, and a restart."""
    count = settings.listed_files
    served = make_flat(folder / "served", count, 16)
    share = Share(settings, folder)

    def listed(server: Process, watch: Stopwatch, port: int) -> Process:
        output = folder / "list"
        client = Process(into(str(output), [share.netcopy, "list", f"{servers.HOST}:{port}"]))
        wait_all([client], share.limit)
        watch.stop()
        if client.usage.status != 0 or output.read_bytes().count(b"\n") != count:
            raise Failure(f"not {count} files: {client.describe()} {server.describe()}")
        return client

    def one_list() -> Metrics:
        with servers.share(share.netcopy, served) as (server, port):
            share.wait_listed(port, count)
            watch = Stopwatch()
            client = listed(server, watch, port)
        return share.metrics(watch, [client], server.usage)

    def restart() -> Metrics:
        """From the start of the server to the end of the first list."""
        watch = Stopwatch()
        with servers.share(share.netcopy, served) as (server, port):
            client = listed(server, watch, port)
        return share.metrics(watch, [client], server.usage)

    with servers.share(share.netcopy, served) as (_, port):
        settings.progress("share-list: hashing for the first time")
        share.wait_listed(port, count)
    row = Row("share-list", f"{count:,} files of 16 bytes, loopback, {where}")
    row.alternate(settings.runs, {"list": one_list, "restart and list": restart}, settings.repeat,
                  settings.progress)
    row.checks = [Check("list, wall", row.median("list", "wall s"), "<=", 0.2, "s"),
                  Check("restart and list, wall", row.median("restart and list", "wall s"), "<=",
                        1.0, "s")]
    return row


def many_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    """Many clients want one file at the same time."""
    served = folder / "served"
    served.mkdir()
    make_old(make_random_file(served / "file", settings.many_bytes))
    share = Share(settings, folder)
    with servers.share(share.netcopy, served) as (_, port):
        share.wait_listed(port, 1)  # hashed once and for all

    def clients_at_once(count: int) -> Metrics:
        """Verified, but not stored: so much fresh memory would cost more than the work."""
        command = into("/dev/null", [share.netcopy, "download", "-q", "-o", "-", "file",
                                     "ENDPOINT"])
        watch, clients, used = share.by_netcopy(served, 1, 0, *[command] * count)
        rates = [settings.many_bytes / MIB / (client.usage.ended - watch.started)
                 for client in clients]
        return share.metrics(watch, clients, used) | {"MiB/s": sum(rates)}

    crowd = f"{settings.many_clients} clients"
    row = Row("share-many", f"download of {settings.many_bytes // MIB} MiB, loopback, {where}")
    row.alternate(settings.runs, {"one client": lambda: clients_at_once(1),
                                  crowd: lambda: clients_at_once(settings.many_clients)},
                  settings.repeat, settings.progress)
    row.checks = [Check(f"sum of the rates of {crowd} / rate of one",
                        row.ratio("MiB/s", crowd, "one client"), ">=", 0.8)]
    return row
