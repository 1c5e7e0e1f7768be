"""What every row about files needs: their making and comparing, warm memory, the clock."""

import os
import pathlib
import tempfile
import time
from typing import IO

from processes import Failure, Process, Usage, machine_cpu_seconds
from report import OTHERS, Metrics

MIB = 1 << 20
GIB = 1 << 30


def make_random_file(path: pathlib.Path, size: int) -> pathlib.Path:
    with open(path, "wb") as out:
        for start in range(0, size, 16 * MIB):
            out.write(os.urandom(min(16 * MIB, size - start)))
    return path


def warm_memory(folder: pathlib.Path, size: int) -> IO[bytes]:
    """Takes as much memory as a run will, in the same file system; closing the result frees it.

    In a virtual machine the first touch of a page that the host has not backed costs up to ten
    times what copying into it does, and the host takes free memory back after seconds. Without this
    it would hit runs at random, and most of all those that write in large pieces.
    """
    piece = bytes(4 * MIB)
    out = tempfile.TemporaryFile(dir=folder)
    for _ in range(0, size, len(piece)):
        out.write(piece)
    return out


def require_same(source: pathlib.Path, target: pathlib.Path) -> None:
    """Byte by byte, outside the clock: no make is believed when it says that it verified."""
    with open(source, "rb", buffering=0) as left, open(target, "rb", buffering=0) as right:
        while True:
            piece, other = left.read(4 * MIB), right.read(4 * MIB)
            if piece != other:
                raise Failure(f"{target} differs from {source}")
            if not piece:
                return


class Stopwatch:
    """The clock of one run; started last before the work begins."""

    def __init__(self) -> None:
        self.busy = self.busy_until = machine_cpu_seconds()
        self.started = time.monotonic()

    def metrics(self, clocked: list[Process], servers_used: list[Usage]) -> Metrics:
        """Figures of the run, up to the end of the last of `clocked`."""
        wall = max(process.usage.ended for process in clocked) - self.started
        everyone = [process.usage for process in clocked] + servers_used
        cpu = sum(usage.cpu for usage in everyone)
        return {"wall s": wall, "cpu s": cpu,
                "peak MiB": max(usage.peak_kib for usage in everyone) / 1024,
                OTHERS: max(0.0, self.busy_until - self.busy - cpu) / wall}

    def stop(self) -> None:
        self.busy_until = machine_cpu_seconds()
