#!/usr/bin/env python3
"""Large things: a sparse file of 5 GiB, and a tree of 50,000 files with names of every kind; sent,
sent again, compared, with both sides below 48 MiB of memory all the while.

--count is the number of files in thousands.
"""

import os
import sys
import time

from common import Broken, Place, Tally, harness, options, trees

from copying import PeakMemory, peak_memory  # noqa: E402  (common has set the path)

MOST_MEMORY = 48 << 10  # KiB, each side


def send(place, service, tally, what):
    """One run, its seconds and memory."""
    begin = time.monotonic()
    sender = place.sender(service.address)
    memory = PeakMemory(sender)
    harness.wait_until(memory.look, 600, "the end of the sender")
    if sender.wait() != 0:
        raise Broken(f"{what}: {sender.stderr[-2000:]!r}")
    peaks = {"sender": memory.kib, "receiver": peak_memory(service)}
    shown = ", ".join(f"{side} {kib / 1024:.1f} MiB" for side, kib in peaks.items())
    print(f"{tally.name}: {what}: {time.monotonic() - begin:.1f} s, {shown}", flush=True)
    if max(peaks.values()) > MOST_MEMORY:
        raise Broken(f"{what}: more than {MOST_MEMORY} KiB: {shown}")
    place.check_equal(what)


def sparse(words, tally):
    with Place(words.folder) as place:
        pieces = {i << 29: harness.random_bytes(1 << 20, i) for i in range(1, 10)}
        trees.put_sparse(f"{place.source}/holes", (5 << 30) + 3, pieces)
        place.settled()
        service = place.service()
        send(place, service, tally, "5 GiB sparse file")
        blocks = os.stat(place.target / "source" / "holes").st_blocks
        if blocks * 512 > 20 << 20:
            raise Broken(f"the holes are filled: {blocks} blocks")


def many(words, tally):
    with Place(words.folder) as place:
        names = list(trees.names())
        for number in range(words.count * 1000):
            folder = names[number // 400 % len(names)]
            name = names[number % len(names)][:240] + b"%d" % number
            trees.put(bytes(place.source) + b"/" + folder + b"/" + name, name[:number % 200])
        place.settled()
        service = place.service()
        send(place, service, tally, f"{words.count},000 files")
        send(place, service, tally, f"{words.count},000 files that are there already")
        tally.add("files", len(place.sizes))


def main():
    words = options(__doc__, 50, 2)
    tally = Tally(words, "size")
    tally.trial("sparse", lambda: sparse(words, tally))
    tally.trial("many", lambda: many(words, tally))
    tally.end()


if __name__ == "__main__":
    sys.exit(main())
