"""One file over a link: by `netcopy fetch` from its file servers, by plain TCP with a congestion
control of choice, by UDT4. What the clock sees: from the start of the client until it ends. The
servers stand ready; netcopy's have registered the file."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

import servers
from link import Network
from measure import Stopwatch, require_same, warm_memory
from processes import Failure, Process, Usage, wait_all
from report import OTHERS, Metrics

GOODPUT = "of the rate"      # bits of content a second / bits a second of the slowest line
PATIENCE = 180.0             # seconds that netcopy has


@dataclasses.dataclass
class Settings:
    netcopy: str
    tools: pathlib.Path         # the folder with netcopy_slow_link, netcopy_tcp_copy, ...
    runs: int
    repeat: int                 # times that a disturbed run is repeated
    link_bytes: int             # of the file on slow links
    loopback_bytes: int         # and of the one on loopback
    peer_seconds: float         # after which a peer is stopped and counted as far as it came
    quick: bool                 # one link only
    progress: Callable[[str], None]

    @property
    def slow_link(self) -> pathlib.Path:
        return self.tools / "netcopy_slow_link"


def missing_fetch(netcopy: str) -> str:
    """Why netcopy cannot be measured here; empty when it can."""
    done = subprocess.run([netcopy, "help", "fetch"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this netcopy has no fetch"


class Fetches:
    """The ways to get `source` to `client`; each call is one run and checks the result. Without a
    network everything is on loopback."""

    def __init__(self, settings: Settings, source: pathlib.Path, folder: pathlib.Path,
                 network: Network | None = None, rate: float = 0) -> None:
        self.settings = settings
        self.source = source            # the only file in its folder
        self.folder = folder
        self.network = network
        self.rate = rate                # bits a second of the slowest line; 0: none

    def inside(self, host: int) -> tuple[str, ...]:
        return self.network.inside(host) if self.network else ()

    def address(self, host: int) -> str:
        return self.network.address(host) if self.network else servers.HOST

    def with_netcopy(self, file_servers: tuple[int, ...] = (1,), client: int = 2) -> Metrics:
        target = self.folder / "fetched"
        target.mkdir(exist_ok=True)
        with contextlib.ExitStack() as stack:
            master, port = stack.enter_context(self._master(client))
            serving = [stack.enter_context(self._file_server(host, f"{self.address(client)}:{port}"))
                       for host in file_servers]
            self._await_sources(client, port, len(serving))
            run = self._clocked(client, [self.settings.netcopy, "fetch", "-q", self.source.name,
                                         "--master", f"{self.address(client)}:{port}",
                                         "-o", str(target)], PATIENCE)
        require_same(self.source, target / self.source.name)
        (target / self.source.name).unlink()
        return run.metrics([*(each.usage for each in serving), master.usage],
                           self.source.stat().st_size)

    def with_peer(self, tool: str, option: str = "") -> Metrics:
        """By `netcopy_TOOL_copy`, from host 1 to host 2."""
        program = str(self.settings.tools / f"netcopy_{tool}_copy")
        target = self.folder / "copied"
        server = Process(["stdbuf", "-oL", *self.inside(1), program, "serve", str(self.source),
                          f"{self.address(1)}:{servers.free_port()}", *([option] if option else [])])
        with servers.stopped_at_the_end(server):
            address = _await_line(server, "listening on ")
            run = self._clocked(2, [program, "get", address, str(target), str(self.settings.peer_seconds)], PATIENCE)
        got = json.loads(run.client.output["stdout"])["bytes"]
        if got == self.source.stat().st_size:
            require_same(self.source, target)
        target.unlink()
        return run.metrics([server.usage], got)

    @contextlib.contextmanager
    def _master(self, host: int) -> Iterator[tuple[Process, int]]:
        process = Process([*self.inside(host), self.settings.netcopy, "master-server", "-q",
                           "--listen", f"{self.address(host)}:0"])
        with servers.stopped_at_the_end(process):
            yield process, servers.listening_port(process)

    @contextlib.contextmanager
    def _file_server(self, host: int, master: str) -> Iterator[Process]:
        process = Process([*self.inside(host), self.settings.netcopy, "file-server", "-q",
                           str(self.source.parent), "--master", master,
                           "--listen", f"{self.address(host)}:0"])
        with servers.stopped_at_the_end(process):
            servers.listening_port(process)
            yield process

    def _await_sources(self, host: int, port: int, count: int) -> None:
        """Asks the master until as many file servers have the file, hashed."""
        deadline = time.monotonic() + 60
        command = [*self.inside(host), self.settings.netcopy, "list", "--master",
                   f"{self.address(host)}:{port}"]
        while time.monotonic() < deadline:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if _sources(done.stdout, self.source.name) >= count:
                return
            time.sleep(0.1)  # there is no event for what another process knows
        raise Failure(f"the master does not list {self.source.name} from {count} servers")

    def _clocked(self, host: int, argv: list[str], limit: float) -> "_Run":
        os.sync()
        warm_memory(self.folder, self.source.stat().st_size).close()
        run = _Run(self, Process([*self.inside(host), *argv]))
        with servers.stopped_at_the_end(run.client):
            wait_all([run.client], limit)
            run.stop()
        if run.client.usage.status != 0:
            raise Failure(run.client.describe())
        return run


class _Run:
    """The clock of one client."""

    def __init__(self, fetches: Fetches, client: Process) -> None:
        self.fetches = fetches
        self.client = client
        self.emulation = self._emulated()
        self.watch = Stopwatch()

    def _emulated(self) -> float:
        network = self.fetches.network
        return network.cpu() if network else 0.0

    def stop(self) -> None:
        self.watch.stop()
        self.emulation = self._emulated() - self.emulation

    def metrics(self, serving: list[Usage], got: int) -> Metrics:
        figures = self.watch.metrics([self.client], serving)
        wall = figures["wall s"]
        figures[OTHERS] = max(0.0, figures[OTHERS] - self.emulation / wall)
        rate = self.fetches.rate
        return ({GOODPUT: got * 8 / wall / rate} if rate else {"GB/s": got / wall / 1e9}) | figures


def _sources(listing: str, name: str) -> int:
    """How many servers have the file with one digest, by the lines of `list`."""
    for line in listing.splitlines():
        digest, _, _, sources, listed = line.split("\t")
        if listed == name and digest != "-":
            return int(sources)
    return 0


def _await_line(server: Process, text: str, seconds: float = 10) -> str:
    """What stands behind `text` on stdout."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if text in server.output["stdout"] and "\n" in server.output["stdout"]:
            return server.output["stdout"].partition(text)[2].splitlines()[0]
        time.sleep(0.01)
    raise Failure(f"does not listen: {server.describe()}")
