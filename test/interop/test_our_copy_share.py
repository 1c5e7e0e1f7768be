"""`share` with a netcopy/1 client of another make."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import copy_share_peer  # noqa: E402
from copy_wire import DIGESTS  # noqa: E402
from copy_share_peer import md5  # noqa: E402
from harness import random_bytes, wait_until  # noqa: E402
from sharing import ShareCase  # noqa: E402

HELLO = b"hello\n"


class OurShare(ShareCase):

    def connect(self, server):
        peer = copy_share_peer.Client(server.address)
        self.addCleanup(peer.close)
        return peer

    def test_list_get_and_put_on_one_connection_as_often_as_one_likes(self):
        files = {"hello world.txt": HELLO, "nothing": b"", "large": random_bytes(3 << 20, 5)}
        server = self.serve(files)
        peer = self.connect(server)
        for _ in range(3):
            found, order = peer.list()
            self.assertEqual(order, sorted(os.fsencode(name) for name in files))
            for name, data in files.items():
                sha256 = DIGESTS[b"sha256"](data).encode()
                self.assertEqual(found[os.fsencode(name)], (len(data), md5(data), sha256))
            wishes = [(os.fsencode(name), md5(data)) for name, data in files.items()]
            self.assertEqual(peer.get(wishes), {os.fsencode(n): d for n, d in files.items()})
        digests = b" ".join(kind + b"=" + DIGESTS[kind](b"new").encode()
                            for kind in (b"sha256", b"md5"))
        self.assertEqual(peer.put(b"new", b"new"), b"DONE 1 new " + digests)
        self.assertEqual(peer.put(b"new", b"newer"),
                         b"DONE 1 new\\x20(2) " + b" ".join(
                             kind + b"=" + DIGESTS[kind](b"newer").encode()
                             for kind in (b"sha256", b"md5")))
        self.assertEqual(peer.list()[1], sorted(
            [os.fsencode(name) for name in files] + [b"new", b"new (2)"]))

    def test_names_of_every_byte(self):
        name = bytes(b for b in range(1, 256) if b != ord("/"))[:200]
        server = self.serve({name: HELLO, b"-rf": b"x", b"a;b": b"y"})
        peer = self.connect(server)
        self.assertEqual(sorted(peer.list()[1]), sorted([name, b"-rf", b"a;b"]))
        self.assertEqual(peer.get([(name, md5(HELLO))]), {name: HELLO})

    def test_what_is_not_there_or_has_other_bytes_is_lacking(self):
        server = self.serve({"hello": HELLO})
        outcomes = self.connect(server).get(
            [(b"gone", md5(b"")), (b"hello", md5(b"other")), (b"../hello", md5(HELLO)),
             (b".netcopy/index.db", md5(b""))][:2])
        self.assertEqual(outcomes, {b"gone": b"gone", b"hello": b"changed"})

    def test_a_download_goes_on_where_it_was_cut(self):
        data = random_bytes(4 << 20, 9)
        server = self.serve({"large": data})
        wish = [(b"large", md5(data))]
        with self.connect(server) as peer:
            part = bytes(peer.get(wish, cut_at=200_000))
        self.assertEqual(part, data[:200_000])
        peer = self.connect(server)
        self.assertEqual(peer.get(wish, kept={b"large": part}), {b"large": data})
        self.assertIn(b"DATA 1 200000 ", b"\n".join(peer.wire.heard))
        other = b"x" + part[1:]
        peer = self.connect(server)
        self.assertEqual(peer.get(wish, kept={b"large": other}), {b"large": data})

    def test_a_client_that_refuses_hears_its_own_word_as_the_last(self):
        server = self.serve({"a": HELLO, "b": HELLO, "c": b"c"})
        outcomes = self.connect(server).get(
            [(b"a", md5(HELLO)), (b"b", md5(HELLO)), (b"c", md5(b"c"))],
            answer={b"a": (b"NO", b"exists", b"it\\x20is\\x20here"), b"b": (b"SAME",)})
        self.assertEqual(outcomes, {b"a": b"exists", b"b": b"SAME", b"c": b"c"})

    def test_a_removed_file_is_lacking_at_once(self):
        server = self.serve({"a": HELLO, "b": b"b"})
        peer = self.connect(server)
        os.remove(self.shared / "a")
        wait_until(lambda: b"a" not in peer.list()[0], 10.0)
        self.assertEqual(peer.get([(b"a", md5(HELLO)), (b"b", md5(b"b"))]),
                         {b"a": b"gone", b"b": b"b"})

    def test_folders_own_names_and_read_only_shares_are_refused(self):
        server = self.share()
        peer = self.connect(server)
        for name in (b"a/b", b".netcopy"):
            self.assertRegex(peer.put(name, HELLO), rb"^NO 1 name ")
        self.assertEqual(peer.list()[1], [])
        peer = self.connect(self.share("--read-only", folder=self.source))
        self.assertRegex(peer.put(b"a", HELLO), rb"^NETCOPY/1 no purpose .*read-only")

    def test_a_file_that_is_there_is_compared_not_sent(self):
        server = self.serve({"a": HELLO})
        peer = self.connect(server)
        peer.open(b"put", b"session=" + b"00" * 16, b"digest=sha256,md5")
        peer.wire.say(b"PUT", 1, len(HELLO), b"644", copy_share_peer.MTIME, b"a", b"compare")
        peer.wire.say(b"SYNC")
        self.assertEqual(peer.line(), b"HAVE 1 sha256=" + DIGESTS[b"sha256"](HELLO).encode())
        peer.wire.say(b"KEEP", 1)
        self.assertEqual(peer.line(), b"SAME 1")

    def test_words_out_of_place_end_the_connection(self):
        server = self.serve({"a": HELLO})
        for words in ([b"LAST", b"LAST"], [b"LAST", b"GET a"], [b"DONE 1"], [b"GET"], [b"BYE"],
                      [b"PUT 1 6 644 1.000000000 a"], [b"END"]):
            with self.subTest(words=words):
                peer = self.connect(server)
                peer.open(b"get", b"digest=sha256,md5")
                for line in words:
                    peer.wire.say(line)
                heard = []
                while (line := peer.line()) is not None:
                    heard.append(line)
                self.assertNotIn(b"PUT", b"".join(heard))


if __name__ == "__main__":
    unittest.main(verbosity=2)
