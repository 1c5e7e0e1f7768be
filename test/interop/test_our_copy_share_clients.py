"""`list`, `download` and `upload` with a netcopy/1 share of another make, which notes every breach of
the protocol."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import copy_share_peer  # noqa: E402
from copy_share_peer import md5  # noqa: E402
from harness import random_bytes  # noqa: E402
from sharing import ShareCase, read_list  # noqa: E402

HELLO = b"hello\n"


class OurClients(ShareCase):

    def peer(self, files, **habits):
        share = copy_share_peer.Share(files, **habits)
        self.addCleanup(share.stop)
        return share

    def run_with(self, share, command, *words, status=0, environment=None):
        run = self.client(command, *words, to=share.endpoint, status=status,
                          environment={"NETCOPY_RETRY": "2", **(environment or {})})
        self.assertEqual(share.offences, [], run.describe())
        return run

    def fetch(self, share, *words, **settings):
        return self.run_with(share, "download", *words, "-o", self.target, **settings)

    def test_a_list_is_printed_in_its_order(self):
        files = {b"b": b"bytes", b"a \xff\n": b"", b"Z": HELLO}
        run = self.run_with(self.peer(files), "list")
        listed = read_list(run.stdout)
        self.assertEqual([line.name for line in listed], sorted(files))
        self.assertEqual([line.id.encode() for line in listed],
                         [md5(files[name]) for name in sorted(files)])

    def test_everything_is_downloaded_over_one_connection_and_over_several(self):
        files = {b"%d" % i: random_bytes(i * 1000, i) for i in range(1, 120)}
        files[b"large"] = random_bytes(5 << 20, 7)
        files[b"nothing"] = b""
        for jobs in ("1", "4"):
            share = self.peer(files)
            self.target = self.folder / f"target{jobs}"
            self.fetch(share, "--all", "-j", jobs)
            self.assert_files(self.target, files)
            self.assertEqual(share.sent, sum(len(data) for data in files.values()))
            if jobs == "1":
                self.assertEqual(share.purposes, [b"list", b"get"])
                self.assertEqual(len(share.wires), 1)

    def test_a_break_costs_no_more_than_a_mebibyte(self):
        files = {b"large": random_bytes(8 << 20, 3)}
        share = self.peer(files, cut=[100_000, 3 << 20, 1 << 20])
        self.fetch(share, "large")
        self.assert_files(self.target, files)
        self.assertLessEqual(share.sent, (8 << 20) + (3 << 20))

    def test_what_is_here_already_is_not_sent(self):
        share = self.peer({b"a": HELLO})
        self.target.mkdir()
        (self.target / "a").write_bytes(HELLO)
        self.fetch(share, "a")
        self.assertEqual(share.sent, 0)

    def test_another_file_here_stays(self):
        share = self.peer({b"a": HELLO, b"b": b"b"})
        self.target.mkdir()
        (self.target / "a").write_bytes(b"other\n")
        self.fetch(share, "a", "b", status=3)
        self.assert_files(self.target, {"a": b"other\n", "b": b"b"})

    def test_other_bytes_than_the_ids_never_get_the_name(self):
        share = self.peer({b"a": HELLO}, served={b"a": b"HELLO\n"})
        run = self.fetch(share, "a", status=4)
        self.assert_error(run, "a")
        self.assert_files(self.target, {})
        self.assertEqual(share.sent, 2 * len(HELLO))  # it was tried again, once

    def test_files_that_are_gone_or_change_are_lost(self):
        for code in (b"gone", b"changed", b"dropped"):
            with self.subTest(code=code):
                share = self.peer({b"a": random_bytes(100_000, 4)}, lacks={b"a": code})
                self.fetch(share, "a", status=8)
                self.assert_files(self.target, {})

    def test_a_size_that_was_not_listed_is_a_breach(self):
        share = self.peer({b"a": HELLO}, served={b"a": b"hello"})
        self.run_with(share, "download", "a", "-o", self.target, status=8)
        self.assert_files(self.target, {})

    def test_a_list_that_is_out_of_order_or_miscounted_is_refused(self):
        lines = copy_share_peer.listing({b"a": HELLO, b"b": b"b"})
        for listed in ([lines[1], lines[0], lines[2]], [lines[0], lines[2]],
                       [lines[0], lines[0], lines[2]]):
            with self.subTest(listed=listed):
                share = self.peer({}, listed=listed)
                self.run_with(share, "list", status=8, environment={"NETCOPY_RETRY": "0"})

    def test_a_purpose_that_is_declined_is_told(self):
        share = self.peer({b"a": HELLO}, declines=b"list")
        run = self.run_with(share, "list", status=9)
        self.assert_error(run, "not here")

    def test_an_upload_is_held_against_what_was_stored(self):
        data = random_bytes(2 << 20, 8)
        self.write("a b", data)
        share = self.peer({})
        run = self.run_with(share, "upload", self.source / "a b")
        self.assertIn(b"Success", run.stdout)
        self.assertEqual(share.stock, {b"a b": data})
        share = self.peer({}, served={b"a b": b"other"})
        run = self.run_with(share, "upload", self.source / "a b", status=4)
        self.assertIn(b"Fail", run.stdout)

    def test_an_upload_of_what_is_there_is_not_sent_unless_forced(self):
        self.write("a", HELLO)
        share = self.peer({b"b": HELLO})
        run = self.run_with(share, "upload", self.source / "a")
        self.assertIn(b"Success", run.stdout)
        self.assertEqual(share.received, 0)
        self.run_with(share, "upload", "--force", self.source / "a")
        self.assertEqual(share.received, len(HELLO))


if __name__ == "__main__":
    unittest.main(verbosity=2)
