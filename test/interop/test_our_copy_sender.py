"""`send` with a netcopy/1 receiver of another make, which notes every breach of the protocol."""

import itertools
import os
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import copy_receiver  # noqa: E402
import copy_wire  # noqa: E402
import trees  # noqa: E402
from copying import CopyCase  # noqa: E402
from harness import random_bytes, seconds  # noqa: E402


class OurSender(CopyCase):

    def receiver(self, **habits):
        receiver = copy_receiver.Receiver(**habits)
        self.addCleanup(receiver.stop)
        return receiver

    def send(self, *words, to, status=0, **settings):
        sender = self.copy(*words, to=to.endpoint, status=status, **settings)
        self.assertEqual(to.offences, [], sender.describe())
        return sender

    def assert_received(self, receiver, links=False):
        """The receiver has the source, whole, with times and modes."""
        expected = {b"source/" + p if p else b"source": e
                    for p, e in trees.snapshot(self.source).items()}
        for path, entry in expected.items():
            if entry.kind == "file":
                there = receiver.files.pop(path)
                self.assertEqual(len(there.data), entry.size, path)
                self.assertEqual(oct(there.mode & 0o777), oct(entry.mode), path)
                self.assert_time(there.mtime, entry.mtime)
            elif entry.kind == "folder":
                mode, mtime = receiver.folders.pop(path)
                self.assertEqual(oct(mode & 0o777), oct(entry.mode), path)
                self.assert_time(mtime, entry.mtime)
            elif entry.kind == "link" and links:
                self.assertEqual(receiver.links.pop(path), entry.content)
        self.assertEqual((receiver.files, receiver.folders, receiver.links), ({}, {}, {}))

    def assert_time(self, text, nanoseconds):
        """A decimal number of seconds."""
        seconds, fraction = text.lstrip(b"-").split(b".")
        value = int(seconds) * trees.SECOND + int(fraction)
        self.assertEqual(-value if text.startswith(b"-") else value, nanoseconds)

    def test_a_tree_of_every_kind_arrives_without_a_breach_of_the_protocol(self):
        trees.hostile_tree(self.source, links=True)
        for patient in (True, False):
            with self.subTest(patient=patient):
                receiver = self.receiver(patient=patient)
                self.send("-r", "--links", self.source, to=receiver)
                self.assert_received(receiver, links=True)

    def test_one_file_at_a_time_is_enough_of_a_window(self):
        trees.small_tree(self.source, files=40, large=1)
        receiver = self.receiver(window=1, window_bytes=copy_wire.LINE_LIMIT)
        self.send("-r", self.source, to=receiver)
        self.assert_received(receiver)

    def test_a_small_window_is_kept(self):
        for number in range(300):
            self.write(f"file with a long name {number}", b"%d" % number)
        receiver = self.receiver(window=7, window_bytes=copy_wire.LINE_LIMIT + 100)
        self.send("-r", self.source, to=receiver)
        self.assert_received(receiver)

    def test_a_window_that_no_line_fits_in_is_no_hang(self):
        receiver = self.receiver(window=7, window_bytes=30)
        sender = self.start_copy(self.write("file", b"x"), "--retry", 0, to=receiver.endpoint)
        self.assertIn(sender.wait(), (0, 8), sender.describe())

    def test_no_file_costs_a_round_trip_of_its_own(self):
        """All offers of a small tree are made before the first answer is awaited."""
        for number in range(100):
            self.write(f"file{number}", b"x" * 100)
        first = []

        def decide(put):
            first.append(put.n)
            return None
        receiver = self.receiver(decide=decide)
        self.send("-r", "-j", 1, self.source, to=receiver)
        syncs = [line for wire in receiver.wires for line in wire.heard].count(b"SYNC")
        self.assertLess(syncs, 20)

    def test_the_second_time_everything_is_the_same(self):
        trees.small_tree(self.source, large=1)
        receiver = self.receiver()
        self.send("-r", self.source, to=receiver)
        received = receiver.received
        self.send("-r", self.source, to=receiver)
        self.assertEqual(receiver.received, received)

    def test_every_digest_is_said_as_the_opening_promised(self):
        path = self.write("file", random_bytes(100_000))
        for kinds in ("sha256", "md5", "sha1", "crc32", "crc32c", "sha256,crc32c", "md5,sha1"):
            with self.subTest(kinds=kinds):
                self.send(path, "--checksum", kinds, to=self.receiver())

    def test_a_comparison_is_answered_by_keep_or_other(self):
        data = random_bytes(2_000_000)
        path = self.write("file", data, mtime=5 * trees.SECOND)
        receiver = self.receiver()
        receiver.files[b"file"] = copy_receiver.File(data, 0o600, b"1.000000000", [])
        self.send("--compare", "digest", path, to=receiver)
        self.assertEqual(receiver.files[b"file"].mtime, b"5.000000000")
        self.assertTrue(any(line.startswith(b"KEEP ") for line in receiver.wires[0].heard))
        other = self.receiver()
        other.files[b"file"] = copy_receiver.File(data[::-1], 0o600, b"5.000000000", [])
        self.send("--compare", "digest", path, to=other, status=9)

    def test_a_kept_beginning_that_is_equal_is_not_sent_again(self):
        data = random_bytes(3 << 20)
        mtime = 1_700_000_000 * trees.SECOND
        path = self.write("file", data, mtime=mtime)
        begins = ((data[:2 << 20], 1 << 20), (data, 0), (data[:1], (3 << 20) - 1),
                  (b"other" * 100_000, 3 << 20))
        for announces, (kept, sent) in itertools.product((False, True), begins):
            with self.subTest(kept=len(kept), sent=sent, announces=announces):
                receiver = self.receiver(announces=announces)
                receiver.partial[b"file"] = (len(data), b"1700000000.000000000", kept)
                self.send(path, to=receiver)
                self.assertEqual(receiver.received, sent)
                self.assertTrue(receiver.files[b"file"].data == data)

    def test_a_kept_beginning_of_a_file_of_holes_is_understood(self):
        path = f"{self.source}/file"
        piece = random_bytes(1 << 20)
        mtime = 1_700_000_000 * trees.SECOND
        trees.put_sparse(path, 8 << 20, {4 << 20: piece}, mtime)
        whole = bytes(4 << 20) + piece + bytes(3 << 20)
        if os.stat(path).st_blocks * 512 >= 8 << 20:
            self.skipTest("the file system here keeps no holes")
        for kept in (b"", whole[:2 << 20], whole[:(4 << 20) + 5000], whole[:6 << 20], b"x" * 5000):
            with self.subTest(kept=len(kept)):
                receiver = self.receiver()
                if kept:
                    receiver.partial[b"file"] = (len(whole), b"1700000000.000000000", kept)
                self.send(path, to=receiver)
                self.assertLessEqual(receiver.received, 1 << 20)
                self.assertTrue(receiver.files[b"file"].data == whole)

    def test_standard_input_is_a_file_of_unknown_size(self):
        data = random_bytes(1_500_000)
        receiver = self.receiver()
        self.send("-", "--name", "a pipe", to=receiver, stdin=data)
        self.assertTrue(receiver.files[b"a pipe"].data == data)

    def test_each_refusal_has_its_exit_status(self):
        path = self.write("file", b"x")
        for code, status in ((b"exists", 9), (b"name", 9), (b"size", 9), (b"quota", 9),
                             (b"space", 9), (b"failed", 1)):
            with self.subTest(code=code):
                receiver = self.receiver(
                    decide=lambda put, c=code: [b"NO", c, b"because\\x20of\\x20\\x1b[31mthat"])
                sender = self.send(path, to=receiver, status=status)
                self.assertIn(b"because of \\x1b[31mthat", sender.stderr)

    def test_a_refusal_whose_code_is_unknown_is_a_failure(self):
        receiver = self.receiver(decide=lambda put: [b"NO", b"moon-phase", b"not\\x20today"])
        sender = self.start_copy(self.write("file", b"x"), to=receiver.endpoint)
        self.assertNotIn(sender.wait(), (0, 8), sender.describe())

    def test_a_dry_run_only_asks(self):
        trees.small_tree(self.source, files=10)
        receiver = self.receiver()
        run = self.send("--dry-run", "-r", self.source, to=receiver)
        self.assertEqual((receiver.files, receiver.folders, receiver.received), ({}, {}, 0))
        self.assertEqual(run.stdout.count(b"send source/"), 10)

    def test_a_corrupted_body_is_sent_once_more_from_its_beginning(self):
        tries = []

        def decide(put):
            tries.append(put.name)
            return None
        receiver = self.receiver(decide=decide)
        wrong = copy_wire.DIGESTS[b"sha256"]
        calls = []

        def differs_once(data):
            calls.append(len(data))
            return "0" * 64 if len(calls) == 1 else wrong(data)
        copy_wire.DIGESTS[b"sha256"] = differs_once
        try:
            self.send(self.write("file", b"x" * 5000), to=receiver)
        finally:
            copy_wire.DIGESTS[b"sha256"] = wrong
        self.assertEqual(tries, [b"file", b"file"])

    def test_a_file_that_another_connection_writes_is_tried_again(self):
        tries = []

        def decide(put):
            tries.append(put.name)
            return [b"NO", b"busy", b"later"] if len(tries) < 3 else None
        receiver = self.receiver(decide=decide)
        self.send(self.write("file", b"x" * 5000), to=receiver, deadline=30)
        self.assertEqual(receiver.files[b"file"].data, b"x" * 5000)

    def test_a_break_in_a_body_is_resumed_on_another_connection(self):
        data = random_bytes(8 << 20)
        breaks = []

        def on_data(receiver, name, count):
            if count > (len(breaks) + 1) * (2 << 20) and len(breaks) < 3:
                breaks.append(count)
                raise ConnectionResetError
        receiver = self.receiver(on_data=on_data)
        self.send("-j", 1, self.write("large", data), to=receiver)
        self.assertTrue(receiver.files[b"large"].data == data)
        self.assertEqual(len(breaks), 3)
        self.assertEqual(receiver.received, len(data))
        sessions = {wire.heard[0] for wire in receiver.wires}
        self.assertEqual(len(sessions), 1)

    def test_a_receiver_that_stops_is_left_and_found_again(self):
        for number in range(20):
            self.write(f"file{number}", random_bytes(50_000, number + 1))
        receiver, stopped = self.receiver(), []

        def on_data(receiver, name, count):
            if not stopped and len(receiver.files) == 5:
                stopped.append(name)
                for wire in receiver.wires:
                    wire.say(b"STOP")
                receiver.stopping = True
        receiver.on_data = on_data
        self.send("-r", "-j", 1, self.source, to=receiver)
        self.assert_received(receiver)
        self.assertGreater(len(receiver.wires), 1)

    def test_a_receiver_that_reads_byte_by_byte_is_served(self):
        """And one whose answers come in small pieces."""
        path = self.write("file", random_bytes(3000))
        receiver = self.receiver()
        say = copy_wire.Wire.say

        def slowly(wire, *fields):
            line = b" ".join(f if isinstance(f, bytes) else str(f).encode() for f in fields)
            for byte in copy_wire.checked(line) if wire.opened else line + b"\n":
                wire.peer.sendall(bytes([byte]))
        copy_wire.Wire.say = slowly
        try:
            self.send(path, to=receiver)
        finally:
            copy_wire.Wire.say = say

    def test_a_peer_of_another_make_gets_no_netcopy_when_it_is_forced(self):
        receiver = self.receiver(opening=b"File received successfully - MD5 verified")
        sender = self.start_copy(self.write("file", b"x"), "--protocol", "netcopy",
                                 to=receiver.endpoint)
        self.assertEqual(sender.wait(), 8, sender.describe())

    def test_connections_share_a_session_and_no_file_goes_twice(self):
        trees.small_tree(self.source, files=400, large=4, large_size=1 << 20)
        receiver = self.receiver()
        self.send("-r", "-j", 4, self.source, to=receiver)
        sizes = sum(e.size for e in trees.snapshot(self.source).values() if e.kind == "file")
        self.assertEqual(receiver.received, sizes)
        self.assert_received(receiver)
        self.assertLessEqual(len(receiver.wires), 4)

    def test_a_long_silence_is_bridged_by_busy(self):
        """A receiver that is busy for longer than --timeout, and says so."""
        path = self.write("file", b"x" * 10)
        receiver = self.receiver(patient=False)
        said = []

        def decide(put):
            for _ in range(6):
                for wire in receiver.wires:
                    wire.say(b"BUSY")
                said.append(1)
                threading.Event().wait(seconds(0.7))
            return None
        receiver.decide = decide
        self.send("--timeout", seconds(2), path, to=receiver)
        self.assertEqual(len(said), 6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
