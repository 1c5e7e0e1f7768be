"""--bwlimit holds within 5 % over any second, on either side.

How it is measured: a proxy notes when it takes how many bytes. At the sender's limit that is
what the sender sends; for the receiver's limit the proxy lets no more than 64 KiB wait unread, so
that it takes what the receiver reads. Every window of one second, slid by 100 ms from the first
byte to the last, must hold between 95 % and 105 % of the limit. On a busy machine a window may be
late for reasons that are not ours: a run that fails is repeated, three times in all.
"""

import time
import unittest

import proxy
from copying import CopyCase
from harness import SLOWNESS, random_bytes

HOLD = 64 << 10


class Rate(CopyCase):

    def setUp(self):
        super().setUp()
        if SLOWNESS != 1:
            self.skipTest("the pace of a build with a sanitizer is no measure")

    def measure(self, limit, seconds, sender=(), receiver=(), hold=None, files=1, jobs=1):
        """Bytes per second in every window of a second."""
        size = int(limit * seconds)
        for number in range(files):
            self.write(f"file{number}", random_bytes(size // files, number + 1))
        self.target = self.folder / f"target{time.monotonic_ns()}"
        way = self.between(self.service(*receiver, target=self.target),
                           lambda number: proxy.Treatment(hold=hold))
        self.copy("-r", "-j", jobs, self.source, *sender, to=way)
        self.assert_copied()
        windows = proxy.seconds_of(way.meter)
        self.assertGreater(len(windows), 10)
        return windows

    def assert_within(self, limit, **arrangement):
        for _ in range(3):
            windows = self.measure(limit, 3.5, **arrangement)
            if all(0.95 * limit <= rate <= 1.05 * limit for rate in windows):
                return
        shown = [f"{rate / limit:.3f}" for rate in windows]
        self.fail(f"bytes per second over the limit {limit}, in every window: {shown}")

    def test_the_sender_keeps_its_limit(self):
        self.assert_within(4 << 20, sender=("--bwlimit", "4M"))

    def test_the_sender_keeps_a_low_limit(self):
        self.assert_within(200 << 10, sender=("--bwlimit", "200K"))

    def test_the_receiver_keeps_its_limit(self):
        self.assert_within(4 << 20, receiver=("--bwlimit", "4M"), hold=HOLD)

    def test_the_limit_is_of_all_connections_together(self):
        self.assert_within(4 << 20, sender=("--bwlimit", "4M"), files=40, jobs=4)

    def test_no_limit_is_zero(self):
        path = self.write_large(size=8 << 20)
        self.copy(path, "--bwlimit", 0, to=self.service("--bwlimit", "0"))
        self.assert_folder(self.target, {"large": random_bytes(8 << 20, 3)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
