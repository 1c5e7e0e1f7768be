#!/usr/bin/env python3
"""Cuts the connections of one run of `send` at random, until so many cuts are made: the sender goes
on by itself, the tree ends equal, and nothing is sent twice but for 1 MiB of a file at each break.

Half of the cuts are resets; one in five comes within the first 2 KiB, one in five cuts the answers.
Where a tree ends before all cuts are made, it is sent into another folder.
"""

import random

from common import HOLD, Broken, Place, Tally, options, proxy, trees

MEAN = 300_000  # bytes between cuts


def treatment(numbers):
    """What is done to one connection."""
    reset = numbers.random() < 0.5
    kind = numbers.random()
    if kind < 0.2:
        return proxy.Treatment(cut_up=numbers.randrange(1, 2048), reset=reset, hold=HOLD)
    if kind < 0.4:
        return proxy.Treatment(cut_down=numbers.randrange(1, 1000), reset=reset, hold=HOLD)
    size = int(numbers.expovariate(1 / MEAN)) + 1
    return proxy.Treatment(cut_up=size, reset=reset, hold=HOLD)


def run(place, numbers, count, tally):
    """One tree; at most `count` cuts. Returns how many came about: the tree may end before."""
    place.new_target()
    service = place.service()
    way = place.proxy(service.address, treat=lambda number: treatment(numbers)
                      if way.cuts < count else proxy.Treatment(hold=HOLD))
    sender = place.run_sender(way, "--retry", 1000, deadline=600)
    if sender.wait() != 0:
        raise Broken(f"the sender gave up: {sender.describe()}")
    place.check_equal("at the end")
    place.check_bytes(way, way.cuts, "at the end")
    tally.add("trees")
    tally.add("cuts", way.cuts)
    tally.add("connections", way.connections)
    tally.add("bytes of files", place.bytes)
    tally.add("bytes sent twice", way.sniffer.body_bytes() - place.bytes)
    place.done(sender, way, service)
    return way.cuts


def cut(words, tally):
    numbers = random.Random(words.seed)
    with Place(words.folder) as place:
        trees.small_tree(place.source, words.seed, files=words.count * 4,
                         large=words.count // 4 + 1, large_size=4 << 20)
        (place.source / "link").symlink_to("large")
        trees.settle_folders(bytes(place.source), numbers)
        place.settled()
        made = 0
        while made < words.count:
            made += run(place, numbers, words.count - made, tally)


def main():
    words = options(__doc__, 200, 12)
    tally = Tally(words, "cut")
    tally.trial("the tree", lambda: cut(words, tally))
    tally.end()


if __name__ == "__main__":
    main()
