"""kill -9 at random points: no wrong file ever bears the final name, and an older file stays.

NETCOPY_KILLS (default 20) is the number of kills for each side; NETCOPY_SEED repeats a run.
Half of the kills come when a number of bytes has passed, half at a time, so that the
beginning and the end (checksum, fsync, rename) are hit as well.
"""

import os
import random
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import raw
from harness import CORRUPTED, Case, OK, random_bytes, wait_until

KILLS = int(os.environ.get("NETCOPY_KILLS", "20"))
SEED = int(os.environ.get("NETCOPY_SEED", "2026"))
SIZE = 8 << 20
OLDER = b"the older file"


class Kill(Case):

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE)
        self.source = self.make_file(self.data)
        self.checksums = self.checksum_server()
        self.numbers = random.Random(SEED)
        self.duration = self.measure()

    def measure(self):
        """Seconds of one copy that nobody kills."""
        receiver = self.receiver(self.folder / "measured", self.checksums)
        start = time.monotonic()
        self.assert_status(self.sender(self.source, receiver, self.checksums), 0)
        self.assert_status(receiver, 0)
        return time.monotonic() - start

    def run_kills(self, trial):
        points = []
        for number in range(KILLS):
            points.append((number, number % 2 == 0, self.numbers.random()))
        with ThreadPoolExecutor(2) as pool:  # each receiver left without a checksum waits 2 s
            for point, error in zip(points, pool.map(lambda p: self.attempt(trial, *p), points)):
                if error:
                    self.fail(f"NETCOPY_SEED={SEED}, kill {point}: {error}")

    @staticmethod
    def attempt(trial, *point):
        try:
            trial(*point)
        except AssertionError as error:
            return error
        return None

    def arrange(self, number, by_bytes, fraction):
        """A receiver and a sender joined by a relay, and what kills at the chosen point."""
        folder = self.folder / f"kill{number}"
        folder.mkdir(exist_ok=True)
        target = folder / "target"
        target.write_bytes(OLDER)
        receiver = self.receiver(target, self.checksums, file_id=1000 + number)
        victim, struck = [], threading.Event()

        def strike():
            if victim and not struck.is_set():
                struck.set()
                victim[0].kill()

        relay = raw.Relay(receiver.address, lambda total: by_bytes and total >= fraction * SIZE
                          and strike())
        self.addCleanup(relay.close)
        sender = self.start_sender(self.source, relay, self.checksums, file_id=1000 + number)
        if not by_bytes:
            timer = threading.Timer(fraction * self.duration * 1.2, strike)
            timer.daemon = True
            timer.start()
            self.addCleanup(timer.join)
        return target, receiver, sender, victim

    def assert_old_or_new(self, target):
        found = target.read_bytes()
        if found not in (OLDER, self.data):
            self.fail(f"{target} holds {len(found)} wrong bytes")
        return found == self.data

    def test_a_killed_sender_leaves_no_wrong_file(self):
        self.run_kills(self.kill_sender)

    def kill_sender(self, number, by_bytes, fraction):
        target, receiver, sender, victim = self.arrange(number, by_bytes, fraction)
        victim.append(sender)
        sender.wait()
        if not receiver_was_reached(receiver, sender):
            receiver.kill()
            self.assert_old_or_new(target)
            return
        status = receiver.wait()
        new = self.assert_old_or_new(target)
        self.assertEqual(receiver.stdout, OK if new else CORRUPTED, receiver.describe())
        self.assertEqual(status == 0, new, receiver.describe())
        self.assertEqual(self.leftovers(target.parent), [])

    def test_a_killed_receiver_leaves_no_wrong_file(self):
        self.run_kills(self.kill_receiver)

    def kill_receiver(self, number, by_bytes, fraction):
        target, receiver, sender, victim = self.arrange(number, by_bytes, fraction)
        victim.append(receiver)
        self.assertIn(sender.wait(), (0, 6, 8), sender.describe())
        wait_until(lambda: not receiver.running, what="the end of the receiver")
        receiver.wait()
        new = self.assert_old_or_new(target)
        if receiver.stdout:  # the word of success comes only after the file is there
            self.assertEqual(receiver.stdout, OK, receiver.describe())
            self.assertTrue(new)
        # What a killed run left behind does not hinder the next one.
        again = self.receiver(target, self.checksums, file_id=1000 + number)
        self.assert_status(self.sender(self.source, again, self.checksums, file_id=1000 + number),
                           0)
        self.assert_verdict(again, OK, 0)
        self.assertTrue(self.assert_old_or_new(target))

    def test_a_killed_checksum_server_leaves_no_wrong_file(self):
        for fraction in (0.1, 0.5, 0.9):
            with self.subTest(fraction=fraction):
                checksums = self.checksum_server()
                target = self.folder / f"target{fraction}"
                target.write_bytes(OLDER)
                receiver = self.receiver(target, checksums)
                relay = raw.Relay(receiver.address, lambda total, server=checksums,
                                  at=fraction * SIZE:
                                  total >= at and server.running and server.kill())
                self.addCleanup(relay.close)
                sender = self.sender(self.source, relay, checksums)
                # 0: all bytes were in the relay's buffers, and the checksum placed, before the kill.
                self.assertIn(sender.wait(), (0, 5), sender.describe())
                self.assert_verdict(receiver, CORRUPTED, (5, 8))
                self.assertEqual(target.read_bytes(), OLDER)


def receiver_was_reached(receiver, sender):
    """False when the killed sender never connected; the receiver then waits on, as it should."""
    if sender.wait() == 0:
        return True
    try:
        with raw.connect(receiver.address) as probe:
            raw.reset(probe)
        return False
    except ConnectionRefusedError:
        return True


if __name__ == "__main__":
    unittest.main(verbosity=2)
