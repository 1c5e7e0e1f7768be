"""`receive` with a netcopy/1 sender of another make."""

import os
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import copy_sender  # noqa: E402
import copy_wire  # noqa: E402
import trees  # noqa: E402
from copying import CopyCase  # noqa: E402
from harness import random_bytes  # noqa: E402


class OurReceiver(CopyCase):

    def setUp(self):
        super().setUp()
        self.server = self.service()

    def connect(self, **habits):
        peer = copy_sender.Sender(self.server.address, **habits)
        self.addCleanup(peer.close)
        return peer

    def test_the_worked_example_is_held_as_the_document_has_it(self):
        trees.put(f"{self.target}/docs/old", b"old", 0o600, 1_700_000_001 * trees.SECOND)
        peer = self.connect()
        peer.put(b"docs/hello world.txt", 6)
        peer.put(b"docs/old", 3, mode=b"600", mtime=b"1700000001.000000000")
        peer.wire.say(b"SYNC")
        self.assertEqual([peer.answer(), peer.answer()], [b"WANT 1 0", b"SAME 2"])
        peer.data(1, 0, b"hello\n")
        peer.sum(1, b"hello\n")
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"DONE 1")
        peer.folder(b"docs", mtime=b"1700000002.000000000")
        peer.wire.say(b"SYNC")
        self.assertRegex(peer.answer(), rb"^(DONE|SAME) 3$")
        self.assertEqual(peer.end(), b"BYE")
        self.assertIsNone(peer.answer())
        status = os.stat(self.target / "docs")
        self.assertEqual(status.st_mtime_ns, 1_700_000_002 * trees.SECOND)
        self.assertEqual((self.target / "docs" / "hello world.txt").read_bytes(), b"hello\n")

    def test_the_opening_is_answered_with_what_is_taken_and_the_limits(self):
        words = self.connect(options=[b"tls", b"zstd=9", b"x-unknown"]).accepted.split(b" ")
        self.assertEqual(words[:2], [b"NETCOPY/1", b"ok"])
        self.assertIn(b"put", words)
        self.assertIn(b"window=4096", words)
        self.assertIn(b"window-bytes=1048576", words)

    def test_what_is_not_served_is_declined_with_its_code(self):
        session = b"session=000102030405060708090a0b0c0d0e0f"
        for begin, digest, code in ((b"NETCOPY/1 put", b"digest=sha512", b"digest"),
                                    (b"NETCOPY/1 get", b"digest=sha256", b"purpose"),
                                    (b"NETCOPY/2 put", b"digest=sha256", b"version")):
            with self.subTest(code=code):
                peer = self.connect(opening=False)  # lines have no check yet
                peer.wire.say(begin, session, digest)
                self.assertRegex(peer.answer(), rb"^NETCOPY/1 no " + code + rb" \S+$")
                self.assertIsNone(peer.answer())

    def test_every_digest_is_verified(self):
        for kinds in ([b"sha256"], [b"md5"], [b"sha1"], [b"crc32"], [b"crc32c"],
                      [b"sha256", b"crc32c"], [b"md5", b"sha1", b"crc32"]):
            with self.subTest(kinds=kinds):
                peer = self.connect(kinds=kinds)
                name = b"-".join(kinds)
                self.assertEqual(peer.file(name, name * 1000), b"DONE 1")
                n = peer.put(b"wrong", 9)
                peer.wire.say(b"SYNC")
                self.assertEqual(peer.answer(), b"WANT %d 0" % n)
                peer.data(n, 0, b"123456789")
                peer.sum(n, b"123456780")
                peer.wire.say(b"SYNC")
                self.assertRegex(peer.answer(), rb"^NO %d corrupted " % n)
        self.assertFalse((self.target / "wrong").exists())

    def test_offers_run_ahead_and_are_answered_in_their_order(self):
        peer = self.connect()
        count = 2000
        for n in range(1, count + 1):
            peer.put(b"d%d/file%d" % (n % 7, n), 5)
        peer.wire.say(b"SYNC")
        for n in range(1, count + 1):
            self.assertEqual(peer.answer(), b"WANT %d 0" % n)

        def bodies():
            for n in range(1, count + 1):
                peer.data(n, 0, b"%05d" % n)
                peer.sum(n, b"%05d" % n)
            peer.wire.say(b"SYNC")
        feeder = threading.Thread(target=bodies)
        feeder.start()
        done = {peer.answer() for _ in range(count)}
        feeder.join()
        self.assertEqual(done, {b"DONE %d" % n for n in range(1, count + 1)})
        self.assertEqual(peer.end(), b"BYE")
        for n in range(1, count + 1):
            self.assertEqual((self.target / f"d{n % 7}" / f"file{n}").read_bytes(), b"%05d" % n)

    def test_everything_in_one_segment_and_everything_in_single_bytes_is_the_same(self):
        for name, cut in ((b"one", lambda data: [data]),
                          (b"many", lambda data: [bytes([b]) for b in data])):
            pieces = cut(copy_wire.one_file(name, b"hello\n"))
            peer = self.connect()
            for piece in pieces:
                peer.wire.peer.sendall(piece)
            self.assertEqual([peer.answer() for _ in range(4)],
                             [b"WANT 1 0", b"DONE 1", b"BYE", None])
            self.assertEqual((self.target / name.decode()).read_bytes(), b"hello\n")

    def test_what_is_complete_is_confirmed_without_being_asked(self):
        """200 ms after the first, by the document."""
        peer = self.connect()
        peer.put(b"patient", 1)
        self.assertEqual(peer.answer(), b"WANT 1 0")
        peer.data(1, 0, b"x")
        peer.sum(1, b"x")
        self.assertEqual(peer.answer(), b"DONE 1")

    def test_a_body_in_pieces_with_holes_becomes_a_sparse_file(self):
        peer = self.connect()
        size = 64 << 20
        n = peer.put(b"holes", size, flags=[b"sparse"])
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"WANT 1 0")
        pieces = {0: b"", 5 << 20: b"x" * 100_000, 20 << 20: b"y", (20 << 20) + 1: b"z" * 10}
        whole = bytearray(size)
        for offset, data in pieces.items():
            peer.data(n, offset, data)
            whole[offset:offset + len(data)] = data
        peer.sum(n, bytes(whole))
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"DONE 1")
        self.assertTrue((self.target / "holes").read_bytes() == whole)
        self.assertLess(os.stat(self.target / "holes").st_blocks * 512, 1 << 20)

    def test_a_pipe_has_no_size_before_its_end(self):
        peer = self.connect()
        n = peer.put(b"pipe", None)
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"WANT 1 0")
        data = random_bytes(300_000)
        for offset in range(0, len(data), 70_000):
            peer.data(n, offset, data[offset:offset + 70_000])
        peer.sum(n, data)
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"DONE 1")
        self.assertTrue((self.target / "pipe").read_bytes() == data)

    def test_a_broken_body_is_offered_for_resumption_and_the_crc_is_that_of_what_is_there(self):
        data = random_bytes(4 << 20)
        peer = self.connect()
        n = peer.put(b"large", len(data))
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"WANT 1 0")
        peer.wire.say(b"DATA", n, 0, len(data))
        peer.wire.peer.sendall(data[:3 << 20])
        peer.close()
        again = self.connect()
        n = again.put(b"large", len(data))
        again.wire.say(b"SYNC")
        answer = again.answer()
        while answer.startswith(b"NO 1 busy"):  # the broken session is still at it
            n = again.put(b"large", len(data))
            again.wire.say(b"SYNC")
            answer = again.answer().replace(b" %d " % n, b" 1 ", 1)
        verb, _, offset, crc = answer.split(b" ")
        self.assertEqual(verb, b"WANT")
        offset = int(offset)
        self.assertEqual(again.kept, [b"KEPT %d %d" % (n, offset)])
        self.assertGreaterEqual(offset, 2 << 20)
        self.assertLessEqual(offset, 3 << 20)
        self.assertEqual(crc, b"crc64=" + copy_wire.crc64(data[:offset]))
        again.data(n, offset, data[offset:])
        again.sum(n, data)
        again.wire.say(b"SYNC")
        self.assertEqual(again.answer(), b"DONE %d" % n)
        self.assertTrue((self.target / "large").read_bytes() == data)
        self.assert_no_temporaries()

    def test_a_sender_may_begin_anew_in_spite_of_what_is_there(self):
        data = random_bytes(4 << 20)
        with copy_sender.Sender(self.server.address) as peer:
            n = peer.put(b"large", len(data))
            peer.wire.say(b"SYNC")
            peer.answer()
            peer.data(n, 0, data[:3 << 20])
            peer.wire.say(b"DROP", n, b"stopped", b"later")
            self.assertRegex(peer.answer(), rb"^NO 1 stopped ")
            n = peer.put(b"large", len(data))
            peer.wire.say(b"SYNC")
            self.assertRegex(peer.answer(), rb"^WANT 2 [1-9]")
            other = bytes(2 << 20) + data[2 << 20:]
            peer.data(n, 0, b"")  # not equal: from the beginning, which is a hole
            peer.data(n, 2 << 20, other[2 << 20:])
            peer.sum(n, other)
            peer.wire.say(b"SYNC")
            self.assertEqual(peer.answer(), b"DONE 2")
        self.assertTrue((self.target / "large").read_bytes() == other)

    def test_a_body_that_is_given_up_gets_the_same_code_and_the_connection_goes_on(self):
        peer = self.connect()
        for code in (b"changed", b"unreadable", b"gone", b"stopped"):
            for in_body in (False, True):
                n = peer.put(b"given up", 10)
                peer.wire.say(b"SYNC")
                self.assertEqual(peer.answer(), b"WANT %d 0" % n)
                if in_body:
                    peer.data(n, 0, b"12345")
                peer.wire.say(b"DROP", n, code, b"for\\x20a\\x20reason")
                self.assertRegex(peer.answer(), rb"^NO %d %s " % (n, code))
        self.assertEqual(peer.file(b"good", b"good"), b"DONE 9")
        self.assertEqual(os.listdir(self.target), ["good"])

    def test_what_changed_is_thrown_away_and_what_stopped_is_kept(self):
        peer = self.connect()
        for code, kept in ((b"changed", False), (b"stopped", True)):
            n = peer.put(code, 3 << 20)
            peer.wire.say(b"SYNC")
            peer.answer()
            peer.data(n, 0, random_bytes(2 << 20))
            peer.wire.say(b"DROP", n, code, code)
            peer.answer()
            self.assertEqual(bool(trees.temporaries(self.target)), kept)

    def test_a_comparison_offers_the_digest_and_keeps_or_refuses(self):
        trees.put(f"{self.target}/file", b"content", 0o600, 0)
        peer = self.connect(kinds=[b"crc32c", b"sha256"])
        for word, answer in ((b"OTHER", rb"^NO 1 exists "), (b"KEEP", rb"^SAME 2$")):
            n = peer.put(b"file", 7, flags=[b"compare"])
            peer.wire.say(b"SYNC")
            self.assertEqual(peer.answer(),
                             b"HAVE %d " % n + copy_wire.digest_field(b"crc32c", b"content"))
            peer.wire.say(word, n)
            peer.wire.say(b"SYNC")
            self.assertRegex(peer.answer(), answer)
        status = os.stat(self.target / "file")
        self.assertEqual((status.st_mtime_ns, oct(status.st_mode & 0o777)),
                         (1_700_000_000 * trees.SECOND, "0o644"))

    def test_other_flags_and_bare_are_understood(self):
        peer = self.connect()
        self.assertEqual(peer.file(b"flags", b"x", flags=[b"x-unknown", b"bare"]), b"DONE 1")
        self.assertNotEqual(os.stat(self.target / "flags").st_mtime_ns,
                            1_700_000_000 * trees.SECOND)

    def test_an_offer_that_only_asks_is_answered_and_nothing_more_is_awaited(self):
        trees.put(f"{self.target}/there", b"12345", 0o644, 1_700_000_000 * trees.SECOND)
        peer = self.connect()
        for name in (b"there", b"new", b"new/below", b"../out"):
            peer.put(name, 5, flags=[b"ask"])
        peer.wire.say(b"SYNC")
        answers = [peer.answer() for _ in range(4)]
        self.assertEqual(answers[:3], [b"SAME 1", b"WANT 2 0", b"WANT 3 0"])
        self.assertRegex(answers[3], rb"^NO 4 name ")
        self.assertEqual(peer.end(), b"BYE")
        self.assertEqual(os.listdir(self.target), ["there"])

    def test_links_and_folders_are_made(self):
        peer = self.connect()
        peer.link(b"d/link", b"../some where/\xff")
        peer.folder(b"d/empty", mode=b"700")
        peer.wire.say(b"SYNC")
        self.assertEqual({peer.answer(), peer.answer()}, {b"DONE 1", b"DONE 2"})
        self.assertEqual(os.readlink(os.fsencode(self.target) + b"/d/link"), b"../some where/\xff")
        self.assertEqual(oct(os.stat(self.target / "d" / "empty").st_mode & 0o777), "0o700")
        again = self.connect()
        again.link(b"d/link", b"../some where/\xff")
        again.wire.say(b"SYNC")
        self.assertRegex(again.answer(), rb"^(DONE|SAME) 1$")
        self.assertRegex(again.file(b"d/link/through", b"x"), rb"^NO 2 name ")

    def test_the_end_of_a_session_that_was_not_said_keeps_what_is_complete(self):
        peer = self.connect()
        peer.put(b"complete", 4)
        peer.wire.say(b"SYNC")
        peer.answer()
        peer.data(1, 0, b"all.")
        peer.sum(1, b"all.")
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.answer(), b"DONE 1")
        peer.close()
        with copy_sender.Sender(self.server.address) as again:
            self.assertEqual(again.file(b"complete", b"all."), b"SAME 1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
