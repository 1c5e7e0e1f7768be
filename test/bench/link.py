"""A slow, distant link for one row, made by a program that the user names (--link).

The program is called as `PROGRAM --rate 200mbit --delay 50ms -- COMMAND`. It makes two network
namespaces, lk-a with the address 10.77.0.1 and lk-b with 10.77.0.2, joins them by a link of that
rate and delay (each way), runs the command, and removes them when it ends or on SIGTERM.
"""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator

from processes import Process
from servers import stopped_at_the_end

RATE, DELAY = "200mbit", "50ms"
TEXT = "200 Mbit/s, 100 ms there and back"
RECEIVER = "10.77.0.2"
READY = "netcopy-bench: the link is up"


def missing(program: list[str]) -> str:
    """Why there can be no link; empty when there can."""
    if not program:
        return "no --link PROGRAM"
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and the program ip"
    if any(pathlib.Path("/run/netns", name).exists() for name in ("lk-a", "lk-b")):
        return "the network namespaces lk-a or lk-b are there already, perhaps in use"
    return ""


def inside(namespace: str) -> tuple[str, ...]:
    return "ip", "netns", "exec", namespace


@contextlib.contextmanager
def up(program: list[str]) -> Iterator[None]:
    process = Process([*program, "--rate", RATE, "--delay", DELAY, "--",
                       "sh", "-c", f"echo '{READY}' >&2; exec sleep 86400"])
    with stopped_at_the_end(process):
        process.wait_for_line(READY)
        yield
