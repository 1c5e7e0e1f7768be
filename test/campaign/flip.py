#!/usr/bin/env python3
"""Flips one bit on the way: at every position of a small transfer in both directions, and at random
ones of a larger tree. What was damaged is never accepted: nothing that is not in the source gets a
name, and status 0 is said only of a whole and equal tree.

--count is the most positions of the small transfer; of the larger tree there are a fifth as many.
"""

import random

from common import Broken, Place, Tally, options, proxy, trees


def small_source(place):
    trees.put(f"{place.source}/hello world", b"hello\n", 0o640, 1_700_000_000 * trees.SECOND + 5)
    trees.put(f"{place.source}/d/other", b"other", 0o600, 1_600_000_000 * trees.SECOND)
    (place.source / "d" / "link").symlink_to("some where")
    trees.settle_folders(bytes(place.source), random.Random(1))
    place.settled()


def large_source(place):
    trees.small_tree(place.source, 4, files=60, large=2, large_size=2 << 20)
    place.settled()


def transfer(place, treat):
    """One run into a fresh folder; (sender, proxy), both ended."""
    place.new_target()
    service = place.service("--idle-timeout", 5)
    way = place.proxy(service.address, treat=treat)
    sender = place.run_sender(way, "-j", 1, "--timeout", 5)
    place.done(sender, way, service)
    return sender, way


def measure(words, source):
    """(bytes up, bytes down) of a transfer that nobody disturbs."""
    with Place(words.folder) as place:
        source(place)
        sender, way = transfer(place, lambda number: proxy.Treatment())
        if sender.wait() != 0:
            raise Broken(sender.describe())
        place.check_equal("undisturbed")
        return way.sent, way.answered


def trial(place, direction, position, mask, tally):
    """One transfer with one flip in the first connection."""
    bad = proxy.Treatment(**{f"flip_{direction}": {position: mask}})
    sender, _ = transfer(place, lambda number: bad if number == 0 else proxy.Treatment())
    tally.add(f"status {sender.wait()}")
    place.check_names("afterwards")
    place.check_word(sender, "afterwards")


def positions(words, numbers):
    """{source: [(direction, position)]} of every trial."""
    up, down = measure(words, small_source)
    small = [("up", p) for p in range(up)] + [("down", p) for p in range(down)]
    if words.count < len(small):
        small = sorted(numbers.sample(small, words.count))
    up, down = measure(words, large_source)
    large = []
    for _ in range(len(small) // 5 + 1):
        direction = numbers.choice(["up", "up", "up", "down"])
        large.append((direction, numbers.randrange(up if direction == "up" else down)))
    return {small_source: small, large_source: large}


def main():
    words = options(__doc__, 1_000_000, 20)
    tally = Tally(words, "flip")
    numbers = random.Random(words.seed)
    for source, flips in positions(words, numbers).items():
        with Place(words.folder) as place:
            source(place)
            for direction, position in flips:
                mask = 1 << numbers.randrange(8)
                tally.add(f"in the {source.__name__.replace('_', ' ')}")
                tally.trial(f"{source.__name__} {direction} {position} ^ {mask:#x}",
                            lambda: trial(place, direction, position, mask, tally))
    tally.end()


if __name__ == "__main__":
    main()
