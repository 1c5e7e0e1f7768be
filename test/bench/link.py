"""Slow, distant links that lose packets, made by test/bench/slow_link.cpp: hosts are network
namespaces, each with a line of its own to the middle, and the addresses 10.77.0.1, 10.77.0.2, ..."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator

from processes import Process, cpu_seconds
from servers import stopped_at_the_end

READY = "netcopy-bench: the link is up"


@dataclasses.dataclass(frozen=True)
class Shape:
    """What the network is like. Rates and delay hold in each direction, the loss too."""
    rates: tuple[int, ...]      # Mbit/s, of each host's line
    round_trip: int             # ms
    loss: int = 0               # % of the packets, at random

    def __str__(self) -> str:
        rates = (f"{self.rates[0]}" if len(set(self.rates)) == 1 else
                 ", ".join(map(str, self.rates)))
        loss = f", {self.loss} % lost" if self.loss else ""
        return f"{rates} Mbit/s, {self.round_trip} ms there and back{loss}"


@dataclasses.dataclass
class Network:
    """One that is there. Hosts count from 1."""
    prefix: str
    process: Process

    def inside(self, host: int) -> tuple[str, ...]:
        """The words before a command that bring it to that host."""
        return "ip", "netns", "exec", f"{self.prefix}-{host}"

    def address(self, host: int) -> str:
        return f"10.77.0.{host}"

    def cpu(self) -> float:
        """Seconds that the emulation itself has taken so far."""
        return cpu_seconds(self.process.pid)


def missing(program: pathlib.Path) -> str:
    """Why there can be no link; empty when there can."""
    if not os.access(program, os.X_OK):
        return f"no program {program}"
    allowed = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    if allowed.returncode != 0 or not shutil.which("ip") or not os.access("/dev/net/tun", os.W_OK):
        return "network namespaces need root, the program ip and /dev/net/tun"
    return ""


@contextlib.contextmanager
def up(program: pathlib.Path, shape: Shape) -> Iterator[Network]:
    prefix = f"netcopy-{os.getpid()}"
    hosts = [word for rate in shape.rates for word in ("--host", f"{rate}mbit")]
    process = Process([str(program), "--prefix", prefix, *hosts,
                       "--delay", f"{shape.round_trip / 2}ms", "--loss", f"{shape.loss}%",
                       "--", "sh", "-c", f"echo '{READY}' >&2; exec sleep 86400"])
    with stopped_at_the_end(process):
        process.wait_for_line(READY)
        yield Network(prefix, process)
