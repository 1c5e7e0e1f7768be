"""One copy of a file or tree by `netcopy send` to `netcopy receive`, or by rsync to its daemon.

What the clock sees is the user's whole work after the receiving side stands ready: from the start
of the client until it ends. netcopy's then has heard of every file that it is verified and durable.
Each run has a fresh service, started before the clock; CPU seconds are those of both sides.
"""

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Callable

import servers
import trees
from measure import Stopwatch, warm_memory
from processes import Failure, Process, Usage, wait_all
from report import Metrics


@dataclasses.dataclass
class Settings:
    netcopy: str
    runs: int
    repeat: int                 # times that a disturbed run is repeated
    file_bytes: int             # of the rows about one file
    large_bytes: int            # of memory and resume
    small_files: int            # files of 16 KiB
    unchanged_files: int        # files of 1 KiB
    link_files: int             # files of 4 KiB
    slow_link: pathlib.Path     # the program that makes links
    progress: Callable[[str], None]


@dataclasses.dataclass
class Place:
    """Where the two sides run: their words before the command, the receiver's address."""
    host: str = servers.HOST
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()


class Transfers:
    """The ways to copy `source` below `folder`; each call is one run and checks the result."""

    def __init__(self, settings: Settings, source: pathlib.Path, folder: pathlib.Path,
                 place: Place = Place(), limit: float = 300) -> None:
        self.netcopy = settings.netcopy
        self.source = source
        self.folder = folder
        self.place = place
        self.limit = limit      # seconds after which a run has failed
        self.keep = False       # the copies stay, and the next run finds nothing to do

    def with_netcopy(self, *options: str) -> Metrics:
        received = self._received("netcopy")
        with self._clocked(received) as run, \
                servers.receive_service(self.netcopy, received, self.place.host,
                                        self.place.receiver) as (service, port):
            run.start([*self.place.sender, self.netcopy, "send", "-r", "-q", *options,
                       str(self.source), f"{self.place.host}:{port}"], self.limit)
            service.sample()
        # rsync's daemon has children that cannot be looked at, so only ours say this.
        return self._checked(run, service.usage, received) | {
            "sender MiB": run.client.usage.peak_kib / 1024,
            "receiver MiB": service.usage.peak_kib / 1024}

    def with_rsync(self, *options: str) -> Metrics:
        received = self._received("rsync")
        with tempfile.TemporaryDirectory(prefix="rsyncd-", dir=self.folder) as work, \
                self._clocked(received) as run, \
                servers.rsync_daemon(self.folder, pathlib.Path(work), self.place.host,
                                     self.place.receiver) as (daemon, port):
            run.start([*self.place.sender, "rsync", "-a", *options, str(self.source),
                       f"rsync://{self.place.host}:{port}/bench/{received.name}/"], self.limit)
        return self._checked(run, daemon.usage, received)

    def _received(self, contender: str) -> pathlib.Path:
        received = self.folder / f"received-by-{contender}"
        received.mkdir(exist_ok=True)
        return received

    def _clocked(self, received: pathlib.Path) -> "_Run":
        os.sync()  # no run pays for what another one wrote
        before = trees.fingerprint(received) if any(received.iterdir()) else None
        return _Run(self.folder, 0 if before else trees.room_for(self.source), before)

    def _checked(self, run: "_Run", server: Usage, received: pathlib.Path) -> Metrics:
        if run.client.usage.status != 0:
            raise Failure(run.client.describe())
        if run.before is None:
            trees.require_copy(self.source, received)
        elif trees.fingerprint(received) != run.before:
            raise Failure(f"{received} was written to although nothing had changed")
        if not self.keep:
            trees.remove(received)
        return run.watch.metrics([run.client], [server]) | {
            "sender cpu s": run.client.usage.cpu}


class _Run:
    """The clock and the client of one run, and the memory that was warmed for it."""

    def __init__(self, folder: pathlib.Path, room: int, before: int | None) -> None:
        self.before = before    # fingerprint of what is there already
        self._warm = warm_memory(folder, room)
        self.watch: Stopwatch
        self.client: Process

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *_) -> None:
        self._warm.close()

    def start(self, argv: list[str], limit: float) -> None:
        """Runs the client to its end."""
        self._warm.close()
        self.watch = Stopwatch()
        self.client = Process(argv)
        with servers.stopped_at_the_end(self.client):
            wait_all([self.client], limit)
            self.watch.stop()
