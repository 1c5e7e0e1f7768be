"""A folder that is served by `netcopy share`, by nginx or by rsync's daemon, and what clients do with
it. Each run has a fresh server, started before the clock, that has its index already."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable

import servers
from measure import Stopwatch, require_same, warm_memory
from processes import Failure, Process, Usage, wait_all
from report import Metrics

OLD = 1_600_000_000_123_456_789  # ns since 1970; a file that changed just now is hashed anew


@dataclasses.dataclass
class Settings:
    netcopy: str
    runs: int
    repeat: int                 # times that a disturbed run is repeated
    file_bytes: int             # of share-file
    small_files: int            # of 16 KiB
    listed_files: int           # of share-list
    many_clients: int           # of share-many
    many_bytes: int             # and the file that they all want
    progress: Callable[[str], None]


def make_flat(folder: pathlib.Path, files: int, size: int) -> pathlib.Path:
    """`files` files of `size` bytes, no two alike. Returns `folder`."""
    folder.mkdir()
    content = os.urandom(2 * size + 8)
    for number in range(files):
        path = folder / f"file-{number:06}"
        start = number % (size + 1)
        path.write_bytes((number.to_bytes(8, "little") + content[start:])[:size])
        make_old(path)
    return folder


def make_old(path: pathlib.Path) -> None:
    os.utime(path, ns=(OLD, OLD))


def require_same_files(source: pathlib.Path, received: pathlib.Path) -> None:
    """`received` holds the files that lie directly in `source`, and no others."""
    wanted, there = ({path.name for path in folder.iterdir() if path.is_file()}
                     for folder in (source, received))
    if different := sorted(wanted ^ there):
        raise Failure(f"{received}: {len(different)} files too many or too few, the first is "
                      f"{different[0]}")
    for name in wanted:
        require_same(source / name, received / name)


def into(path: str, command: list[str]) -> list[str]:
    """The command with its standard output in a file: what this process would have to take from it
    would cost more than the work that is measured."""
    return ["sh", "-c", 'exec "$@" >"$0"', path, *command]


class Share:
    """Runs clients, one run after the other, against servers of one folder."""

    def __init__(self, settings: Settings, folder: pathlib.Path, limit: float = 300) -> None:
        self.netcopy = settings.netcopy
        self.folder = folder    # for what is received, in the same file system
        self.limit = limit      # seconds after which a run has failed

    def wait_listed(self, port: int, files: int) -> None:
        """Until the server has hashed so many files."""
        deadline = time.monotonic() + self.limit
        while self.count(port) != files:
            if time.monotonic() > deadline:
                raise Failure(f"the share does not list {files} files")
            time.sleep(0.05)  # a client learns of new files only by asking

    def count(self, port: int) -> int:
        """Files that are listed."""
        done = subprocess.run([self.netcopy, "list", "-q", f"{servers.HOST}:{port}"], check=False,
                              stdout=subprocess.PIPE, timeout=self.limit)
        if done.returncode != 0:
            raise Failure(f"netcopy list: status {done.returncode}")
        return done.stdout.count(b"\n")

    def received(self) -> tempfile.TemporaryDirectory:
        return tempfile.TemporaryDirectory(prefix="received-", dir=self.folder)

    def clocked(self, room: int, *commands: list[str]) -> tuple[Stopwatch, list[Process]]:
        """Runs the commands at the same time, to the end of all."""
        os.sync()  # no run pays for what another one wrote
        warm_memory(self.folder, room).close()
        watch = Stopwatch()
        clients = [Process(command) for command in commands]
        try:
            wait_all(clients, self.limit)
            watch.stop()
        finally:
            for client in clients:
                client.stop()
        for client in clients:
            if client.usage.status != 0:
                raise Failure(client.describe())
        return watch, clients

    def by_netcopy(self, served: pathlib.Path, files: int, room: int, *commands: list[str],
                   ) -> tuple[Stopwatch, list[Process], Usage]:
        """The same against a `netcopy share`; "ENDPOINT" in a command becomes its address."""
        with servers.share(self.netcopy, served) as (server, port):
            self.wait_listed(port, files)
            address = f"{servers.HOST}:{port}"
            watch, clients = self.clocked(
                room, *([word.replace("ENDPOINT", address) for word in command]
                        for command in commands))
        return watch, clients, server.usage

    def metrics(self, watch: Stopwatch, clients: list[Process], *used: Usage) -> Metrics:
        return watch.metrics(clients, list(used)) | {
            "client cpu s": sum(client.usage.cpu for client in clients)}
