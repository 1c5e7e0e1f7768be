"""Broken connections and kill -9: the tree ends equal, no wrong file ever has a final name, and
what is there already is not sent again.

Bytes are counted by a proxy that lets the network hold at most 128 KiB, so that what counts as sent
twice is what the programs, and not the kernel's buffers, have lost.
"""

import os
import re
import signal
import threading
import unittest

import proxy
import trees
from copying import SENT_TWICE, CopyCase
from harness import random_bytes, wait_until

HOLD = 128 << 10
SIZE = 12 << 20


class Resume(CopyCase):

    def setUp(self):
        super().setUp()
        self.large = self.write_large(size=SIZE)

    def way(self, service, strike_at, strike, treat=None):
        """A proxy that calls `strike()` once, when the large file's body has come so far."""
        struck = threading.Event()

        def look(way):
            if not struck.is_set() and way.sniffer.bodies.get(b"large", 0) >= strike_at:
                struck.set()
                strike()
        made = self.between(service, treat or (lambda number: proxy.Treatment(hold=HOLD)), look)
        made.struck = struck
        return made

    def assert_resumed(self, way, breaks=1):
        self.assertTrue(way.struck.is_set())
        self.assertIsNone(way.sniffer.broken)
        self.assertLessEqual(way.sniffer.bodies[b"large"], SIZE + breaks * SENT_TWICE)
        self.assertGreaterEqual(way.sniffer.bodies[b"large"], SIZE)
        self.assert_copied(target=self.target, folders=False)
        self.assert_no_temporaries()

    def test_a_sender_goes_on_by_itself_when_the_connection_breaks(self):
        for fraction in (0.1, 0.5, 0.9):
            for reset in (False, True):
                with self.subTest(fraction=fraction, reset=reset):
                    target = self.folder / f"target {fraction} {reset}"
                    self.target = target
                    cut = proxy.Treatment(cut_up=int(fraction * SIZE), hold=HOLD, reset=reset)
                    way = self.way(self.service(target=target), 1, lambda: None,
                                   lambda number, cut=cut: cut if number == 0
                                   else proxy.Treatment(hold=HOLD))
                    self.copy("-j", 1, self.large, to=way)
                    self.assertEqual(way.connections, 2)
                    self.assert_resumed(way)

    def test_the_next_sender_goes_on_after_kill_9_of_the_first(self):
        service = self.service()
        way = self.way(service, SIZE // 2, lambda: victim.kill())
        victim = self.start_copy(self.large, to=way)
        victim.wait()
        wait_until(way.struck.is_set, what="the kill")
        self.assert_folder_has_only_temporaries()
        self.copy(self.large, to=way)
        self.assert_resumed(way)

    def assert_folder_has_only_temporaries(self):
        for name in os.listdir(self.target):
            self.assertRegex(os.fsencode(name), trees.TEMPORARY)

    def test_a_sender_goes_on_by_itself_after_kill_9_of_the_receiver(self):
        first = self.service()

        def strike():
            first.kill()
            way.cut_all()
        way = self.way(first, SIZE // 2, strike)
        sender = self.start_copy(self.large, to=way)
        wait_until(way.struck.is_set, what="the kill")
        wait_until(lambda: not first.running, what="the end of the receiver")
        self.assert_folder_has_only_temporaries()
        way.target = self.service().address
        self.assert_status(sender, 0)
        self.assert_resumed(way)

    def test_it_goes_on_after_both_were_killed(self):
        first = self.service()

        def strike():
            first.kill()
            victim.kill()
        way = self.way(first, SIZE // 2, strike)
        victim = self.start_copy(self.large, to=way)
        victim.wait()
        wait_until(way.struck.is_set, what="the kill")
        way.target = self.service().address
        self.copy(self.large, to=way)
        self.assert_resumed(way)

    def test_an_interrupted_sender_says_so_and_the_next_one_goes_on(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(status=status):
                self.target = self.folder / f"target{status}"

                def strike(number=number):
                    sender.signal(number)
                    sender.wait()  # and nothing passes meanwhile
                way = self.way(self.service(target=self.target), SIZE // 2, strike)
                sender = self.start_copy(self.large, to=way)
                self.assert_status(sender, status)
                self.assert_folder_has_only_temporaries()
                self.copy(self.large, to=way)
                self.assert_resumed(way)

    def interrupt(self):
        """Half of the large file is with the receiver. Returns its service."""
        service = self.service()
        way = self.way(service, SIZE // 2, lambda: victim.kill())
        victim = self.start_copy(self.large, to=way)
        victim.wait()
        wait_until(lambda: trees.temporaries(self.target), what="the partial file")
        service.signal(signal.SIGTERM)
        service.wait()
        self.partial, = self.target.glob(".*.netcopy-" + "?" * 16)
        self.journal, = self.target.glob(".*.journal")
        self.assertGreaterEqual(os.stat(self.partial).st_size, SIZE // 2 - SENT_TWICE)

    def send_rest(self, expected, name=b"large"):
        """Sends again; `expected` (least, most) bytes go."""
        way = self.between(self.service())
        self.copy(self.large, to=way)
        self.assert_copied(target=self.target, folders=False)
        self.assert_no_temporaries()
        least, most = expected
        self.assertGreaterEqual(way.sniffer.bodies[name], least)
        self.assertLessEqual(way.sniffer.bodies[name], most)

    def test_a_damaged_journal_is_ignored_and_all_is_sent_again(self):
        def cut_to_nothing(data):
            return b""

        def of_another_file(data):
            return re.sub(rb"(?m)^%d " % SIZE, b"%d " % (SIZE + 1), data)

        def of_another_version(data):
            return data.replace(b"netcopy-journal 1", b"netcopy-journal 2")

        def random(data):
            return random_bytes(len(data), 9)

        def head_flipped(data):
            return bytes([data[0] ^ 1]) + data[1:]

        for damage in (cut_to_nothing, of_another_file, of_another_version, random, head_flipped):
            with self.subTest(damage=damage.__name__):
                self.interrupt()
                self.journal.write_bytes(damage(self.journal.read_bytes()))
                self.send_rest((SIZE, SIZE))
                os.unlink(self.target / "large")

    def test_a_journal_that_lost_its_end_is_used_as_far_as_it_goes(self):
        self.interrupt()
        data = self.journal.read_bytes()
        self.journal.write_bytes(data[:-8 * 4 - 3])  # four records of 256 KiB, and part of one
        rest = SIZE - os.stat(self.partial).st_size
        self.send_rest((rest + (4 * 256 << 10), rest + (6 * 256 << 10)))

    def test_a_damaged_partial_file_is_used_as_far_as_it_is_good(self):
        self.interrupt()
        with open(self.partial, "r+b") as file:
            file.seek(SIZE // 4)
            file.write(b"damage")
        self.send_rest((SIZE - SIZE // 4, SIZE - SIZE // 4 + SENT_TWICE))

    def test_a_partial_file_that_lost_its_end_is_used_as_far_as_it_goes(self):
        self.interrupt()
        os.truncate(self.partial, SIZE // 4)
        self.send_rest((SIZE - SIZE // 4, SIZE - SIZE // 4 + SENT_TWICE))

    def test_a_lost_journal_or_a_lost_partial_file_counts_as_none(self):
        for lost in ("journal", "partial"):
            with self.subTest(lost=lost):
                self.interrupt()
                os.unlink(getattr(self, lost))
                self.send_rest((SIZE, SIZE))
                os.unlink(self.target / "large")

    def test_a_source_that_changed_since_is_sent_from_its_beginning(self):
        self.interrupt()
        self.write_large(size=SIZE, seed=77)
        self.send_rest((SIZE, SIZE))

    def test_a_source_that_changed_but_kept_its_time_is_found_by_the_prefix(self):
        before = os.stat(self.large).st_mtime_ns
        self.interrupt()
        with open(self.large, "r+b") as file:
            file.seek(1000)
            file.write(b"changed")
        os.utime(self.large, ns=(before, before))
        self.send_rest((SIZE, SIZE))

    def test_planted_links_in_place_of_the_partial_file_are_not_followed(self):
        outside = trees.put(f"{self.folder}/outside/file", b"outside")
        for lost in ("partial", "journal"):
            with self.subTest(lost=lost):
                self.interrupt()
                place = getattr(self, lost)
                os.unlink(place)
                os.symlink(outside, place)
                sender = self.start_copy(self.large, to=self.service())
                self.assertIn(sender.wait(), (0, 1, 9), sender.describe())
                with open(outside, "rb") as file:
                    self.assertEqual(file.read(), b"outside")
                for name in os.listdir(self.target):
                    os.unlink(self.target / name)

    def test_a_sparse_file_goes_on_after_a_break(self):
        trees.put_sparse(self.large, 64 << 20,
                         {place << 20: random_bytes(1 << 20, place) for place in range(2, 60, 6)})
        cut = proxy.Treatment(cut_up=5 << 20, hold=HOLD)
        way = self.between(self.service(),
                           lambda number: cut if number == 0 else proxy.Treatment(hold=HOLD))
        self.copy("-j", 1, self.large, to=way)
        self.assert_copied(target=self.target, folders=False)
        self.assertLessEqual(way.sniffer.bodies[b"large"], (10 << 20) + SENT_TWICE)
        self.assertLess(os.stat(self.target / "large").st_blocks * 512, 12 << 20)


class Tree(CopyCase):

    def test_a_tree_survives_ten_cuts(self):
        trees.small_tree(self.source, files=120, large=3)
        cuts = {number: proxy.Treatment(cut_up=20_000 + number * 150_000, hold=HOLD,
                                        reset=number % 2 == 0) for number in range(10)}
        way = self.between(self.service(),
                           lambda number: cuts.get(number) or proxy.Treatment(hold=HOLD))
        self.copy("-r", self.source, to=way, deadline=90)
        self.assertEqual(way.cuts, 10)
        self.assert_copied()
        self.assert_no_temporaries()

    def test_an_answer_that_is_lost_is_no_second_body(self):
        """The file is there, its DONE is not: it is found equal by size and time."""
        self.write("file", b"x" * 1000)
        hello = len(b"NETCOPY/1 ok put")

        def treat(number):  # the second line of the receiver begins WANT, the third DONE
            return proxy.Treatment(cut_down=hello + 60) if number == 0 else proxy.Treatment()
        way = self.between(self.service(), treat)
        self.copy("-r", self.source, to=way)
        self.assert_copied()
        self.assertLessEqual(way.sniffer.bodies[b"source/file"], 2000)

    def test_a_receiver_that_does_not_come_back_is_a_lost_connection(self):
        self.write_large(size=8 << 20)
        service = self.service()

        def strike(way):
            if way.sniffer.body_bytes() > 1 << 20:
                way.close()
                service.kill()
        way = self.between(service, lambda number: proxy.Treatment(hold=HOLD), strike)
        sender = self.copy("-r", self.source, "--retry", 1, to=way, status=(6, 8))
        self.assert_error(sender, way.endpoint)


if __name__ == "__main__":
    unittest.main(verbosity=2)
