#!/usr/bin/env python3
"""Cuts the connections of one run of `send` at random, until so many cuts are made: the sender goes
on by itself, the tree ends equal, and nothing is sent twice but for 1 MiB of a file at each break.

Half of the cuts are resets; one in five comes within the first 2 KiB, one in five cuts the answers.
"""

import random

from common import HOLD, Broken, Place, Tally, options, proxy, trees

MEAN = 300_000  # bytes between cuts


def treatments(numbers, count):
    """The treatment of each connection; nothing is cut once `count` cuts are planned."""
    for _ in range(count):
        reset = numbers.random() < 0.5
        kind = numbers.random()
        if kind < 0.2:
            yield proxy.Treatment(cut_up=numbers.randrange(1, 2048), reset=reset, hold=HOLD)
        elif kind < 0.4:
            yield proxy.Treatment(cut_down=numbers.randrange(1, 3000), reset=reset, hold=HOLD)
        else:
            yield proxy.Treatment(cut_up=int(numbers.expovariate(1 / MEAN)) + 1, reset=reset,
                                  hold=HOLD)


def run(words, tally):
    numbers = random.Random(words.seed)
    with Place(words.folder) as place:
        trees.small_tree(place.source, words.seed, files=words.count * 4,
                         large=words.count // 4 + 1, large_size=4 << 20)
        trees.hostile_links(bytes(place.source) + b"/links")
        place.settled()
        service = place.service()
        plan = list(treatments(numbers, words.count))
        way = place.proxy(service.address, treat=lambda number: plan[number] if number < len(plan)
                          else proxy.Treatment(hold=HOLD))
        sender = place.run_sender(way, "--retry", 1000, deadline=600)
        if sender.wait() != 0:
            raise Broken(f"the sender gave up: {sender.describe()}")
        place.check_equal("at the end")
        place.check_bytes(way, way.cuts, "at the end")
        tally.add("cuts", way.cuts)
        tally.add("connections", way.connections)
        tally.add("bytes of files", place.bytes)
        tally.add("bytes sent twice", way.sniffer.body_bytes() - place.bytes)
        if way.cuts < words.count:
            raise Broken(f"only {way.cuts} of {words.count} cuts came about")


def main():
    words = options(__doc__, 200, 12)
    tally = Tally(words, "cut")
    tally.trial("the tree", lambda: run(words, tally))
    tally.end()


if __name__ == "__main__":
    main()
