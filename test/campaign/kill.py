#!/usr/bin/env python3
"""kill -9 of the sender, the receiver, or both, at random points of a transfer; then it goes on.

Half of the points are chosen by bytes, half by time, so that the beginning and the end (verifying,
syncing, renaming) are hit as well. A killed sender is followed by another; a killed receiver is
started anew, and the sender, if it lives, goes on by itself.
"""

import random
import threading
import time

from common import HOLD, Broken, Place, Tally, options, proxy, trees

VICTIMS = ("sender", "receiver", "both")


class Trial:

    def __init__(self, words, number):
        self.numbers = random.Random(f"{words.seed} {number}")
        self.victims = VICTIMS[number % 3]
        self.by_bytes = self.numbers.random() < 0.5
        self.fraction = self.numbers.random() * 1.05
        self.place = Place(words.folder)

    def describe(self):
        point = "bytes" if self.by_bytes else "time"
        return f"{self.victims} at {self.fraction:.3f} of the {point}"

    def run(self, tally, duration):
        with self.place as place:
            make_source(place, self.numbers.randrange(1 << 30))
            struck = self.blow(place, duration)
            tally.add("struck" if struck else "over before the blow")
            return struck

    def blow(self, place, duration):
        service = place.service()
        struck, sender = threading.Event(), None
        started = threading.Event()

        def strike():
            if not started.wait(20) or struck.is_set():
                return
            struck.set()
            if self.victims != "receiver":
                sender.kill()
            if self.victims != "sender":
                service.kill()

        def look(way):
            if self.by_bytes and way.sniffer.body_bytes() >= self.fraction * place.bytes:
                strike()
        way = place.proxy(service.address, treat=lambda number: proxy.Treatment(hold=HOLD),
                          on_bytes=look)
        sender = place.sender(way)
        started.set()
        if not self.by_bytes:
            timer = threading.Timer(self.fraction * duration, strike)
            timer.start()
        if self.victims == "receiver":
            self.wait_for(lambda: struck.is_set() and not service.running or not sender.running)
        else:
            sender.wait(60)
        if not self.by_bytes:
            timer.join()
            if not struck.is_set():
                raise Broken("the timer did not strike")
        place.check_names("after the blow")
        if not service.running:
            service = place.service()
            way.target = service.address
        first = sender.wait(60)
        place.check_word(sender, "after the blow")
        if first != 0:
            again = place.run_sender(way)
            if again.wait() != 0:
                raise Broken(f"the next run fails: {again.describe()}\nthe first: "
                             f"{sender.describe()}")
        place.check_equal("at the end")
        place.check_bytes(way, 1, "at the end")
        return struck.is_set()

    @staticmethod
    def wait_for(condition):
        end = time.monotonic() + 60
        while not condition():
            if time.monotonic() > end:
                raise Broken("no end within 60 s")
            time.sleep(0.002)


def make_source(place, seed):
    trees.small_tree(place.source, seed, files=40, large=3, large_size=4 << 20)
    place.settled()


def measure(words):
    """Seconds of a transfer that nobody disturbs."""
    with Place(words.folder) as place:
        make_source(place, 1)
        way = place.proxy(place.service().address, treat=lambda number: proxy.Treatment(hold=HOLD))
        begin = time.monotonic()
        sender = place.run_sender(way)
        if sender.wait() != 0:
            raise Broken(sender.describe())
        return time.monotonic() - begin


def main():
    words = options(__doc__, 300, 9)
    tally = Tally(words, "kill")
    duration = measure(words)
    for number in range(words.count):
        trial = Trial(words, number)
        tally.trial(f"trial {number}: {trial.describe()}", lambda t=trial: t.run(tally, duration))
        tally.add(trial.victims)
    tally.end()


if __name__ == "__main__":
    main()
