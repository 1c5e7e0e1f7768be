#!/usr/bin/env python3
"""Measures a master: registry.py NETCOPY [FILES]

Registers FILES (100,000) files with `netcopy master-server` over one connection, lists them, asks for one of
them, lets the file server go, and prints seconds, rates and the master's memory. The lines are made
beforehand, so that what is measured is netcopy's.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
os.environ["NETCOPY"] = sys.argv[1]

from registering import BEAT, Registered, file_line, memory_of, sealed  # noqa: E402
from harness import Process, wait_until  # noqa: E402
import raw  # noqa: E402


def listed(master, *words):
    run = subprocess.run([sys.argv[1], "list", "--master", master.endpoint, *words],
                         capture_output=True, check=False)
    return run.stdout.count(b"\n")


def timed(what, files, act):
    began = time.monotonic()
    act()
    took = time.monotonic() - began
    print(f"{what}: {took:.3f} s, {files / took:,.0f} files/s", flush=True)


def main():
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    lines = b"".join(file_line(b"a file of some name %07d" % number, b"%d" % number)
                     for number in range(files)) + sealed(b"WHOLE")
    master = Process("master-server", "--listen", "127.0.0.1:0", "-v", "--max-files-per-server",
                     files, "--max-files", files)
    try:
        master.listening()
        before = memory_of(master)
        server = Registered(master)
        done = threading.Event()

        def register():
            server.say(lines)
            wait_until(lambda: b": listed " in master.stderr, 600)
        timed("registered", files, register)

        def beat():
            while not done.wait(1):
                server.say(BEAT)
        threading.Thread(target=beat, daemon=True).start()
        grown = memory_of(master) - before
        print(f"the master has grown by {grown / 1e6:.1f} MB, {grown / files:.0f} bytes a file")
        timed("listed", files, lambda: listed(master))
        timed("found one", 1, lambda: listed(master, "a file of some name 0000007"))
        done.set()
        server.close()
        timed("gone", files, lambda: wait_until(lambda: listed(master) == 0, 60))
        with raw.connect(master.address):
            pass
    finally:
        master.end()


if __name__ == "__main__":
    main()
