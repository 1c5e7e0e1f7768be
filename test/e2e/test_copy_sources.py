"""A source that changes while it is sent is never confirmed as what it was not: changed in place,
shrunk, grown, replaced, removed, unreadable."""

import os
import sys
import unittest
from pathlib import Path

import proxy
import trees
from copying import CopyCase
from harness import random_bytes

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop"))

import copy_receiver  # noqa: E402

SIZE = 24 << 20  # far more than the kernel keeps for one connection


class ChangedSource(CopyCase):
    """The change happens when a quarter of the file has passed."""

    def setUp(self):
        super().setUp()
        self.large = self.write_large(size=SIZE)
        self.write("small", b"small")

    def send_and(self, change, status=3):
        """Sends the tree; `change` is called once, in the middle of the large file."""
        called = []

        def look(way):
            if not called and way.sniffer.bodies.get(b"source/large", 0) > SIZE // 4:
                called.append(True)
                change()
        way = self.between(self.service(), lambda number: proxy.Treatment(hold=1 << 18), look)
        sender = self.copy("-r", self.source, "--json", to=way, status=status)
        self.assertTrue(called)
        return sender

    def assert_failed(self, sender):
        self.assertEqual(self.outcomes(sender),
                         {"source/large": "failed", "source/small": "sent"})
        self.assert_error(sender, "source/large", "changed")
        self.assertFalse((self.target / "source" / "large").exists())
        self.assertEqual((self.target / "source" / "small").read_bytes(), b"small")
        self.assert_no_temporaries()

    def test_an_unchanged_file_is_sent_by_the_same_arrangement(self):
        self.send_and(lambda: None, status=0)
        self.assert_copied()

    def test_a_byte_changed_in_place_is_found(self):
        def change():
            with open(self.large, "r+b") as file:
                byte = file.read(1)
                file.seek(0)
                file.write(bytes([byte[0] ^ 1]))
        self.assert_failed(self.send_and(change))

    def test_a_file_that_grows_is_found(self):
        def change():
            with open(self.large, "ab") as file:
                file.write(b"more")
        self.assert_failed(self.send_and(change))

    def test_a_file_that_shrinks_is_found(self):
        self.assert_failed(self.send_and(lambda: os.truncate(self.large, SIZE // 2)))

    def test_a_file_that_is_emptied_is_found(self):
        self.assert_failed(self.send_and(lambda: os.truncate(self.large, 0)))

    def test_after_a_change_it_is_sent_whole_the_next_time(self):
        self.send_and(lambda: os.truncate(self.large, SIZE // 2))
        self.copy("-r", self.source, to=self.service())
        self.assert_copied()

    def test_a_file_that_is_removed_meanwhile_is_still_the_same_file(self):
        data = Path(self.large).read_bytes()
        self.send_and(lambda: os.unlink(self.large), status=0)
        self.assertTrue((self.target / "source" / "large").read_bytes() == data)

    def test_a_file_that_is_replaced_meanwhile_is_sent_as_it_was(self):
        data = Path(self.large).read_bytes()

        def change():
            trees.put(f"{self.folder}/new", b"new")
            os.rename(f"{self.folder}/new", self.large)
        self.send_and(change, status=(0, 3))
        there = self.target / "source" / "large"
        self.assertTrue(not there.exists() or there.read_bytes() == data)


class Vanishing(CopyCase):
    """A receiver that answers offers only after something has happened to the sources."""

    def hold(self, change, *names):
        """Sends the named files; the change comes between their offers and the answers."""
        changed = []

        def decide(put):
            if len(changed) == 0 and put.n == len(names):
                change()
                changed.append(True)
            return None
        receiver = copy_receiver.Receiver(decide=decide)
        self.addCleanup(receiver.stop)
        paths = [self.source / name for name in names]
        sender = self.start_copy("-j", 1, *paths, to=receiver.endpoint)
        sender.wait()
        self.assertEqual(receiver.offences, [], sender.describe())
        return sender, receiver

    def test_a_file_that_is_removed_between_its_offer_and_its_body_is_told(self):
        for name in ("a", "b", "c"):
            self.write(name, name.encode() * 100_000)
        sender, receiver = self.hold(lambda: os.unlink(self.source / "c"), "a", "b", "c")
        if b"c" in receiver.files:  # it was open already
            self.assert_status(sender, 0)
        else:
            self.assert_status(sender, 3)
            self.assert_error(sender, "/c'", "No such file")
        self.assertEqual(receiver.files[b"a"].data, b"a" * 100_000)

    def test_a_file_that_changes_between_its_offer_and_its_body_is_told(self):
        self.write("a", b"a" * 1000)
        self.write("b", b"b" * 1000)
        sender, receiver = self.hold(lambda: self.write("b", b"other" * 1000), "a", "b")
        self.assert_status(sender, 3)
        self.assert_error(sender, "/b'", "changed")
        self.assertNotIn(b"b", receiver.files)

    def test_a_missing_operand_does_not_keep_the_others(self):
        service = self.service()
        good = self.write("good", b"good")
        sender = self.copy(self.source / "missing", good, to=service, status=3)
        self.assert_error(sender, "missing", "No such file")
        self.assert_folder(self.target, {"good": b"good"})
        self.copy(self.source / "missing", to=service, status=11)

    def test_an_unreadable_file_does_not_keep_the_others(self):
        if os.geteuid() == 0:
            self.skipTest("permissions do not bind root; a file that vanishes stands for it")
        self.write("locked", b"x", mode=0)
        self.write("good", b"good")
        sender = self.copy("-r", self.source, to=self.service(), status=3)
        self.assert_error(sender, "source/locked", "Permission denied")

    def test_a_folder_that_vanishes_while_it_is_walked_does_not_stop_the_rest(self):
        for number in range(200):
            for name in range(5):
                self.write(f"d{number:03}/file{name}", random_bytes(5000, number))
        gone = []

        def look(way):
            if not gone and way.sniffer.offers:
                for number in range(100, 200, 3):
                    for name in range(5):
                        os.unlink(self.source / f"d{number:03}" / f"file{name}")
                    os.rmdir(self.source / f"d{number:03}")
                    gone.append(number)
        way = self.between(self.service(), on_bytes=look)
        sender = self.copy("-r", self.source, to=way, status=(0, 3))
        self.assertTrue(gone)
        for number in set(range(200)) - set(gone):
            for name in range(5):
                path = self.target / "source" / f"d{number:03}" / f"file{name}"
                self.assertEqual(path.read_bytes(), random_bytes(5000, number), sender.describe())

    def test_standard_input_that_is_a_broken_pipe_is_a_whole_file(self):
        sender = self.start_copy("-", "--name", "pipe", to=self.service(), stdin="pipe")
        sender.stdin.write(b"some")
        sender.stdin.flush()
        sender.stdin.close()
        self.assert_status(sender, 0)
        self.assert_folder(self.target, {"pipe": b"some"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
