"""Peers that lie, trickle, announce too much, and networks that flip bytes."""

import os
import sys
import threading
import time
import unittest
from pathlib import Path

import proxy
import raw
import trees
from copying import CopyCase, PeakMemory, peak_memory
from harness import SLOWNESS, random_bytes, seconds, wait_until

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop"))

import copy_sender  # noqa: E402
import copy_wire  # noqa: E402

MOST_MEMORY = 48 << 10  # KiB, each side (issue: "memory, any size, any number of files")


class HostileSender(CopyCase):
    """Against our receiver."""

    def setUp(self):
        super().setUp()
        self.server = self.service("--idle-timeout", 5)

    def connect(self, **habits):
        peer = copy_sender.Sender(self.server.address, **habits)
        self.addCleanup(peer.close)
        return peer

    def assert_alive(self):
        """The service still takes a file, and has not grown."""
        with copy_sender.Sender(self.server.address) as peer:
            name = b"alive%d" % time.monotonic_ns()
            self.assertEqual(peer.file(name, b"alive"), b"DONE 1")
            self.assertEqual(peer.end(), b"BYE")
        os.unlink(os.fsencode(self.target) + b"/" + name)
        if SLOWNESS == 1:  # a sanitizer's shadow memory counts for nothing
            self.assertLess(peak_memory(self.server), MOST_MEMORY)

    def assert_closed(self, peer, code=b"protocol"):
        """The receiver says why, and closes."""
        lines = []
        try:
            while (line := peer.answer()) is not None:
                lines.append(line)
        except ConnectionError:
            pass
        self.assertTrue(any(l.startswith(b"NO 0 " + code + b" ") for l in lines) or not lines,
                        lines)

    def assert_refused(self, *lines, code=b"protocol"):
        """Each line is said on a connection of its own, and ends it."""
        for line in lines:
            with self.subTest(line=line[:60]):
                peer = self.connect()
                try:
                    peer.wire.say(line)
                except ConnectionError:
                    pass
                self.assert_closed(peer, code)
        self.assert_alive()

    def test_what_is_no_request_ends_the_connection(self):
        put = b"PUT 1 6 644 1700000000.000000000 "
        self.assert_refused(
            b"", b"HELLO", b"put 1 6 644 1.000000000 a", b" SYNC", b"SYNC ", b"PUT", b"PUT 1",
            b"PUT 2 6 644 1700000000.000000000 a", b"PUT 0 6 644 1700000000.000000000 a",
            b"PUT -1 6 644 1700000000.000000000 a", b"PUT 1 -6 644 1700000000.000000000 a",
            b"PUT 1 9223372036854775808 644 1700000000.000000000 a",
            b"PUT 1 99999999999999999999999 644 1700000000.000000000 a",
            b"PUT 1 6 999 1700000000.000000000 a", b"PUT 1 6 644 1700000000 a",
            b"PUT 1  6 644 1700000000.000000000 a", put + b"a\\", put + b"a\\x4", put + b"a\tb",
            b"DATA 1 0 5", b"SUM 1 0 sha256=" + b"0" * 64, b"DROP 1 gone x", b"KEEP 1", b"OTHER 1",
            b"NETCOPY/1 put session=000102030405060708090a0b0c0d0e0f digest=sha256")

    def test_a_line_without_its_check_or_with_another_ends_the_connection(self):
        line = b"PUT 1 6 644 1700000000.000000000 a"
        right = copy_wire.checked(line)
        for wrong in (line + b"\n", right.replace(b" a ", b" b "), right.upper(),
                      right.replace(b"\n", b"0\n"), right.replace(b"\n", b" \n"), b"SYNC\n"):
            with self.subTest(wrong=wrong):
                peer = self.connect()
                peer.wire.peer.sendall(wrong)
                self.assert_closed(peer)
        self.assertEqual(os.listdir(self.target), [])

    def test_names_that_lead_out_are_refused_one_by_one(self):
        peer = self.connect()
        names = [b".", b"..", b"../out", b"a/../../out", b"/etc/out", b"a//b", b"a/", b"a/.",
                 b"a\0b", b"x" * 256, b"a/" + b"y" * 256, b".a.netcopy-0123456789abcdef",
                 b".a.netcopy-0123456789abcdef.journal", b"d/.a.netcopy-0123456789abcdef/x"]
        answers = {}
        for name in names:
            answers[name] = peer.file(name, b"evil")
            if answers[name] is None or answers[name].startswith(b"NO 0 "):
                peer = self.connect()
        for name, answer in answers.items():
            self.assertRegex(answer or b"closed", rb"^(NO [0-9]+ name |NO 0 protocol |closed)",
                             name)
        folder = self.connect()
        for name in (b"..", b"../out", b"/out"):
            folder.folder(name)
            folder.wire.say(b"SYNC")
            self.assertRegex(folder.answer() or b"closed", rb"^(NO |closed)")
        self.assertEqual(sorted(os.listdir(self.folder)), ["source", "target"])
        self.assertEqual(os.listdir(self.target), [])
        self.assert_alive()

    def test_a_name_of_ten_megabytes_ends_the_connection_without_being_held(self):
        peer = self.connect()
        try:
            peer.wire.peer.sendall(b"PUT 1 6 644 1700000000.000000000 " + b"n" * (10 << 20))
        except ConnectionError:
            pass
        self.assert_closed(peer)
        self.assert_alive()

    def test_an_opening_that_never_ends_is_cut(self):
        for text in (b"NETCOPY/1 put " + b"x" * (10 << 20), b"N" * (10 << 20), b"\0" * 100_000):
            peer = raw.connect(self.server.address)
            self.addCleanup(peer.close)
            try:
                peer.sendall(text)
                raw.ends(peer)
            except ConnectionError:
                pass
        self.assert_alive()

    def test_a_file_of_two_to_the_63_bytes_is_refused_up_front(self):
        self.assert_refused(b"PUT 1 9223372036854775808 644 1700000000.000000000 a")
        peer = self.connect()
        peer.put(b"largest", (1 << 63) - 1)
        peer.put(b"largest sparse", (1 << 63) - 1, flags=[b"sparse"])
        peer.wire.say(b"SYNC")
        self.assertRegex(peer.answer(), rb"^NO 1 (space|size) ")
        answer = peer.answer()
        if answer.startswith(b"WANT"):  # holes need no space
            peer.data(2, 0, b"x")
            peer.sum(2, b"x", size=(1 << 63) - 1)
            peer.wire.say(b"SYNC")
            try:
                answer = peer.answer()
            except ConnectionError:
                answer = None
        self.assertRegex(answer or b"closed", rb"^(NO 2 |closed)")
        self.assertEqual([n for n in os.listdir(self.target) if not n.startswith(".")], [])
        self.assert_alive()

    def test_a_body_beyond_its_size_ends_the_connection_and_leaves_nothing(self):
        for data in ((0, b"1234567"), (6, b"1"), (9223372036854775807, b"1")):
            peer = self.connect()
            n = peer.put(b"beyond", 6)
            peer.wire.say(b"SYNC")
            self.assertEqual(peer.answer(), b"WANT 1 0")
            peer.data(n, *data)
            self.assert_closed(peer)
        self.assertEqual(os.listdir(self.target), [])
        self.assert_alive()

    def test_a_data_that_announces_two_to_the_63_bytes_ends_the_connection(self):
        for length in (b"9223372036854775807", b"9223372036854775808"):
            peer = self.connect()
            peer.put(b"pipe", None)
            peer.wire.say(b"SYNC")
            self.assertEqual(peer.answer(), b"WANT 1 0")
            peer.wire.say(b"DATA 1 1 " + length)
            self.assert_closed(peer)
        self.assert_alive()

    def test_a_billion_files_are_held_by_the_window(self):
        """Offers without end, no answer read: the receiver stops reading, or closes."""
        peer = self.connect()
        peer.wire.peer.settimeout(seconds(1))
        block, n = [], 0
        try:
            for n in range(1, 2_000_000):
                block.append(copy_wire.checked(b"PUT %d 6 644 1700000000.000000000 f%d" % (n, n)))
                if len(block) == 1000:
                    peer.wire.peer.sendall(b"".join(block))
                    block = []
        except OSError:  # it reads no more, or has closed
            pass
        self.assertLess(n, 1_900_000)
        self.assert_alive()

    def test_offers_whose_answers_are_not_awaited_are_bounded_too(self):
        """Reads the answers all along, never sends a body."""
        peer = self.connect()
        reader = threading.Thread(target=self.swallow, args=(peer.wire.peer,), daemon=True)
        reader.start()
        try:
            for start in range(1, 300_000, 1000):
                peer.wire.peer.sendall(b"".join(
                    copy_wire.checked(b"PUT %d 2000000 644 1700000000.000000000 f%d" % (n, n))
                    for n in range(start, start + 1000)))
        except OSError:
            pass
        reader.join(seconds(10))
        self.assertFalse(reader.is_alive(), "the connection is still open")
        self.assert_alive()

    @staticmethod
    def swallow(peer):
        try:
            while peer.recv(1 << 16):
                pass
        except OSError:
            pass

    def test_a_trickling_opening_ends_in_time(self):
        """Ten seconds by docs/protocol/copy.md, however the bytes come."""
        stop = threading.Event()
        self.addCleanup(stop.set)
        peers = [raw.connect(self.server.address, deadline=25) for _ in range(3)]
        texts = [b"NETCOPY/1 put session=" + b"0" * 200, b"name<SEPARATOR>" + b"1" * 200, b""]
        start = time.monotonic()
        for peer, text in zip(peers, texts):
            self.addCleanup(peer.close)
            threading.Thread(target=raw.trickle, args=(peer, text, seconds(0.4), stop),
                             daemon=True).start()
        for peer in peers:
            raw.ends(peer)
        self.assertLess(raw.elapsed(start), seconds(15))
        self.assert_alive()

    def test_a_trickling_request_or_body_ends_in_time(self):
        """Less than 1 KiB in --idle-timeout (5 s here), and no line."""
        stop = threading.Event()
        self.addCleanup(stop.set)
        line = self.connect()
        threading.Thread(target=raw.trickle, args=(line.wire.peer, b"PUT 1 6 " + b"0" * 500,
                                                   seconds(0.3), stop), daemon=True).start()
        body = self.connect()
        body.put(b"slow", 5 << 20)
        body.wire.say(b"SYNC")
        self.assertEqual(body.answer(), b"WANT 1 0")
        body.wire.say(b"DATA 1 0", 5 << 20)
        threading.Thread(target=raw.trickle, args=(body.wire.peer, b"x" * 500, seconds(0.3), stop),
                         daemon=True).start()
        start = time.monotonic()
        for peer in (line, body):
            self.assert_closed(peer)
        self.assertLess(raw.elapsed(start), seconds(15))
        self.assert_alive()

    def test_a_wrong_digest_is_corrupted_and_nothing_stays(self):
        for size in (6, 3 << 20):
            peer = self.connect()
            data = random_bytes(size)
            n = peer.put(b"wrong", size)
            peer.wire.say(b"SYNC")
            self.assertEqual(peer.answer(), b"WANT 1 0")
            peer.data(n, 0, data)
            peer.sum(n, data[:-1] + bytes([data[-1] ^ 1]))
            peer.wire.say(b"SYNC")
            self.assertRegex(peer.answer(), rb"^NO 1 corrupted ")
            peer.end()
            self.assertEqual(os.listdir(self.target), [])
        self.assert_alive()

    def test_a_sum_without_a_known_digest_is_not_believed(self):
        for digests in ((b"md5=" + b"0" * 32,), (b"sha512=" + b"0" * 128,)):
            peer = self.connect()
            n = peer.put(b"unproved", 3)
            peer.wire.say(b"SYNC")
            peer.answer()
            peer.data(n, 0, b"abc")
            peer.wire.say(b"SUM", n, 3, *digests)
            peer.wire.say(b"SYNC")
            self.assertRegex(peer.answer() or b"NO closed", rb"^NO ")
        self.assertEqual(os.listdir(self.target), [])

    def test_a_connection_that_ends_anywhere_leaves_nothing_wrong(self):
        whole = copy_wire.one_file(b"whole", b"hello\n")
        for end in range(0, len(whole), 3):
            peer = self.connect()
            peer.wire.peer.sendall(whole[:end])
            if end % 2:
                raw.reset(peer.wire.peer)
            else:
                peer.close()
        wait_until(lambda: not trees.temporaries(self.target), what="an end of all sessions")
        for name in os.listdir(self.target):
            self.assertEqual((self.target / name).read_bytes(), b"hello\n")
        self.assert_alive()


class HostileReceiver(CopyCase):
    """Against our sender."""

    def setUp(self):
        super().setUp()
        self.path = self.write("file", b"hello\n")

    def converse(self, *lines, status, opening=b"NETCOPY/1 ok put window=4096 window-bytes=1048576",
                 options=()):
        """A receiver that says the opening and then, whatever it hears, these lines."""
        with raw.listener() as server:
            sender = self.start_copy(self.path, "--timeout", 3, "--retry", 0, "--protocol",
                                     "netcopy", *options, to=server)
            peer = server.take_peer()
            self.addCleanup(peer.close)
            peer.recv(4096)
            try:
                peer.sendall(opening + b"\n")
                peer.recv(4096)
                for line in lines:
                    peer.sendall(copy_wire.checked(line))
            except OSError:
                pass
            found = sender.wait(30)
            self.assertIn(found, status if isinstance(status, tuple) else (status,),
                          sender.describe())
            self.assertNotIn(b"\x1b", sender.stderr)
            return sender

    def test_answers_that_are_none_are_a_breach_of_the_protocol(self):
        for line in (b"HELLO", b"", b"DONE", b"DONE 1", b"DONE 2", b"SAME 7", b"WANT 0 0",
                     b"WANT 1 0 0", b"WANT 1 99 crc64=0000000000000000", b"WANT 1 -1",
                     b"HAVE 1 sha256=00", b"BYE", b"NO 1", b"W" * 30_000,
                     b"WANT 1 9223372036854775808 crc64=0000000000000000"):
            with self.subTest(line=line[:40]):
                sender = self.converse(line, status=8)
                self.assert_one_summary_or_error(sender)

    def assert_one_summary_or_error(self, sender):
        self.assertTrue(sender.stderr.splitlines()[-1].startswith(b"netcopy send: "),
                        sender.describe())

    def test_what_a_receiver_says_cannot_write_to_the_terminal(self):
        sender = self.converse(b"NO 1 failed \x1b[31mred", status=(1, 8))
        self.assertNotIn(b"\x1b", sender.stderr)
        self.converse(b"NO 1 failed \\x1b[31mred\\x0aforged", status=1)

    def test_a_receiver_that_declines_is_told_by_its_reason(self):
        sender = self.converse(status=9, opening=b"NETCOPY/1 no digest none\\x20known")
        self.assert_error(sender, "none known")

    def test_a_receiver_that_floods_or_stalls_does_not_hold_the_sender(self):
        with raw.listener() as server:
            sender = self.start_copy(self.path, "--timeout", 2, "--retry", 0, "--protocol",
                                     "netcopy", to=server)
            with server.take_peer() as peer:
                peer.sendall(b"NETCOPY/1 ok put window=4096 window-bytes=1048576\n")
                start = time.monotonic()
                self.assertEqual(sender.wait(20), 7, sender.describe())
                self.assertLess(raw.elapsed(start), seconds(10))
        with raw.listener() as server:
            sender = self.start_copy(self.path, "--timeout", 2, "--retry", 0, "--protocol",
                                     "netcopy", to=server)
            memory = PeakMemory(sender)
            with server.take_peer() as peer:
                try:
                    while True:
                        peer.sendall(b"x" * (1 << 20))
                        memory.look()
                except OSError:
                    pass
                self.assertEqual(sender.wait(20), 8, sender.describe())
            if SLOWNESS == 1:
                self.assertLess(memory.kib, MOST_MEMORY)


class Flips(CopyCase):
    """The network flips bits; the campaign test/campaign/flip.py does so at every position."""

    def test_a_flip_in_a_body_is_found_and_the_file_sent_again(self):
        data = random_bytes(3 << 20)
        path = self.write("file", data)
        for position in (1000, 1 << 20, (3 << 20) - 1):
            with self.subTest(position=position):
                self.target = self.folder / f"target{position}"
                flips = {0: proxy.Treatment(flip_up={position: 1})}
                way = self.between(self.service(target=self.target),
                                   lambda number, f=flips: f.get(number) or proxy.Treatment())
                self.copy(path, "-j", 1, to=way)
                self.assert_folder(self.target, {"file": data})
                self.assertGreater(way.sniffer.bodies[b"file"], 3 << 20)

    def test_a_network_that_flips_every_time_is_corruption(self):
        path = self.write("file", random_bytes(1 << 20))
        way = self.between(self.service(),
                           lambda number: proxy.Treatment(
                               flip_up={p: 1 for p in range(5000, 100 << 20, 1 << 19)}))
        sender = self.copy(path, "-j", 1, to=way, status=4)
        self.assert_error(sender, "'file'")
        self.assertEqual(os.listdir(self.target), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
