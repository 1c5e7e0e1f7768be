"""Rows about one file, sent with a checksum server: by netcopy, rsync and md5sum.

What the clock sees is the user's whole work after the receiving side stands ready:
- netcopy: `checksum-server` runs and `receive` listens; from the start of `send` until both `send`
  and `receive` have ended, that is, until the file is verified, synced and renamed.
- rsync: the daemon listens; from the start of the client until it ends.
- md5sum: from its start until it ends.
Each run has fresh servers, started before the clock; CPU seconds are those of all processes.
"""

import dataclasses
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable
from typing import IO

import servers
from measure import GIB, MIB, Stopwatch, require_same, warm_memory
from processes import Failure, Process, wait_all
from report import Check, Metrics, Row

FILE_ID = "4711"


@dataclasses.dataclass
class Settings:
    netcopy: str
    runs: int
    repeat: int             # times that a disturbed run is repeated
    file_bytes: int
    where: str              # what `tmpfs` is, for the table
    sparse_bytes: list[int]
    tmpfs: pathlib.Path     # a folder in memory, if there is one
    disk: pathlib.Path
    progress: Callable[[str], None]


class Copies:
    """The ways to copy `source` into `folder`; each call is one run and checks the result."""

    def __init__(self, settings: Settings, source: pathlib.Path, folder: pathlib.Path,
                 limit: float = 120) -> None:
        self.netcopy = settings.netcopy
        self.source = source
        self.folder = folder
        self.limit = limit    # seconds after which a run has failed

    def with_netcopy(self, checksum: str, receiver_checksum: str) -> tuple[Metrics, dict]:
        """Also returns the peak MiB of sender and receiver."""
        target, warm = self._prepare()
        with servers.checksum_server(self.netcopy) as (store, store_port):
            place = ["--checksum-server", f"{servers.HOST}:{store_port}", "--id", FILE_ID, "-q"]
            receiver = Process([self.netcopy, "receive", str(target), "--listen",
                                f"{servers.HOST}:0", "--checksum", receiver_checksum, *place])
            with servers.stopped_at_the_end(receiver):
                port = servers.listening_port(receiver)
                warm.close()
                watch = Stopwatch()
                sender = Process([self.netcopy, "send", str(self.source),
                                  f"{servers.HOST}:{port}", "--checksum", checksum, *place])
                with servers.stopped_at_the_end(sender):
                    wait_all([sender, receiver], self.limit)
                    watch.stop()
        for process in (sender, receiver):
            if process.usage.status != 0:
                raise Failure(process.describe())
        if receiver.output["stdout"] != "CSUM OK\n":
            raise Failure(f"no 'CSUM OK': {receiver.describe()}")
        self._check_and_remove(target)
        peaks = {"sender peak MiB": sender.usage.peak_kib / 1024,
                 "receiver peak MiB": receiver.usage.peak_kib / 1024}
        return watch.metrics([sender, receiver], [store.usage]), peaks

    def with_rsync(self, *options: str) -> Metrics:
        target, warm = self._prepare()
        with tempfile.TemporaryDirectory(prefix="rsyncd-", dir=self.folder) as work:
            with servers.rsync_daemon(self.folder, pathlib.Path(work)) as (daemon, port):
                warm.close()
                watch = Stopwatch()
                client = Process(["rsync", "-W", *options, str(self.source),
                                  f"rsync://{servers.HOST}:{port}/bench/target"])
                wait_all([client], self.limit)
                watch.stop()
        if client.usage.status != 0:
            raise Failure(client.describe())
        self._check_and_remove(target)
        return watch.metrics([client], [daemon.usage])

    def with_md5sum(self) -> Metrics:
        watch = Stopwatch()
        process = Process(["md5sum", str(self.source)])
        wait_all([process], self.limit)
        watch.stop()
        if process.usage.status != 0:
            raise Failure(process.describe())
        return watch.metrics([process], [])

    def _prepare(self) -> tuple[pathlib.Path, IO[bytes]]:
        """Makes the next run meet the machine as every other run does. Returns its target, and
        memory to be freed when the clock starts."""
        os.sync()  # no run pays for what another one wrote
        warm = warm_memory(self.folder, min(GIB, self.source.stat().st_size))
        return self.folder / "target", warm

    def _check_and_remove(self, target: pathlib.Path) -> None:
        require_same(self.source, target)
        target.unlink()


def md5_row(settings: Settings, source: pathlib.Path, folder: pathlib.Path) -> Row:
    copies = Copies(settings, source, folder)
    row = Row("md5", f"{settings.file_bytes // MIB} MiB file, MD5, loopback, {settings.where}")
    row.alternate(settings.runs, {
        "netcopy md5": lambda: copies.with_netcopy("md5", "md5")[0],
        "md5sum": copies.with_md5sum,
        "rsync -W md5": lambda: copies.with_rsync("--checksum-choice=md5"),
        "netcopy md5, receiver auto": lambda: copies.with_netcopy("md5", "auto")[0],
    }, settings.repeat, settings.progress)
    row.checks = [
        Check("wall of netcopy / md5sum", row.ratio("wall s", "netcopy md5", "md5sum"), "<=", 1.3),
        Check("wall of rsync / netcopy", row.ratio("wall s", "rsync -W md5", "netcopy md5"),
              ">=", 1.2),
        Check("wall of netcopy with receiver auto / md5sum",
              row.ratio("wall s", "netcopy md5, receiver auto", "md5sum")),
    ]
    return row


def crc32_row(settings: Settings, source: pathlib.Path, folder: pathlib.Path) -> Row:
    copies = Copies(settings, source, folder)
    row = Row("crc32", f"{settings.file_bytes // MIB} MiB file, CRC32, loopback, {settings.where}")
    row.alternate(settings.runs, {
        "netcopy crc32": lambda: copies.with_netcopy("crc32", "crc32")[0],
        "rsync -W": copies.with_rsync,
        "netcopy crc32, receiver auto": lambda: copies.with_netcopy("crc32", "auto")[0],
    }, settings.repeat, settings.progress)
    row.checks = [
        Check("wall of rsync / netcopy", row.ratio("wall s", "rsync -W", "netcopy crc32"),
              ">=", 1.6),
        Check("wall of rsync / netcopy with receiver auto",
              row.ratio("wall s", "rsync -W", "netcopy crc32, receiver auto")),
    ]
    return row


def disk_row(settings: Settings, source: pathlib.Path, folder: pathlib.Path) -> Row:
    """For the record: rsync syncs too (--fsync), as netcopy always does."""
    copies = Copies(settings, source, folder)
    row = Row("disk", f"{settings.file_bytes // MIB} MiB file, loopback, on disk, fsync included")
    row.alternate(settings.runs, {
        "netcopy md5": lambda: copies.with_netcopy("md5", "md5")[0],
        "rsync -W md5 --fsync": lambda: copies.with_rsync("--fsync", "--checksum-choice=md5"),
        "md5sum": copies.with_md5sum,
        "netcopy crc32": lambda: copies.with_netcopy("crc32", "crc32")[0],
        "rsync -W --fsync": lambda: copies.with_rsync("--fsync"),
    }, settings.repeat, settings.progress)
    row.checks = [
        Check("wall of netcopy md5 / md5sum", row.ratio("wall s", "netcopy md5", "md5sum")),
        Check("md5: wall of rsync / netcopy",
              row.ratio("wall s", "rsync -W md5 --fsync", "netcopy md5")),
        Check("crc32: wall of rsync / netcopy",
              row.ratio("wall s", "rsync -W --fsync", "netcopy crc32")),
    ]
    return row


def memory_row(settings: Settings, folder: pathlib.Path) -> Row:
    """Peak memory of both ends; once per size, because a peak does not vary with the wall."""
    row = Row("memory", "peak memory of sender and receiver, sparse file, MD5, to disk")
    for size in settings.sparse_bytes:
        label = f"{size / GIB:g} GiB"
        free = shutil.disk_usage(folder).free
        if free < size + 2 * GIB:
            row.notes.append(f"{label} skipped: {folder} has only {free // GIB} GiB free, "
                             f"{size // GIB + 2} are needed")
            continue
        source = folder / "sparse"
        with open(source, "wb") as out:
            out.truncate(size)
        copies = Copies(settings, source, folder, limit=60 + 30 * size / GIB)
        # The receiver computes both digests, as it does by default.
        settings.progress(f"memory: {label}")
        run, peaks = copies.with_netcopy("md5", "auto")
        row.runs[f"netcopy, {label}"] = [{"wall s": run["wall s"], **peaks}]
        row.checks += [Check(f"{label}: {name}", value, "<=", 32, "MiB")
                       for name, value in peaks.items()]
        source.unlink()
    return row
