"""`list --master` and `file-server --legacy-udp` with masters of the seed's protocol of other
makes."""

import time
import unittest

from base import InteropCase
from harness import wait_until
import registry_peers as peers


class OurMasterClients(InteropCase):

    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        self.shared.mkdir()

    def list(self, master, *words, status=0):
        process = self.run_netcopy("list", "--master", master.endpoint, *words)
        self.assert_status(process, status)
        return process

    def test_list_shows_what_a_master_of_every_kind_has(self):
        for kind in (peers.Master, peers.ClosingMaster):
            with self.subTest(kind=kind.__name__):
                master = self.peer(kind)
                nothing = self.list(master)
                self.assertEqual(nothing.stdout, b"")
                with peers.FileServer(master.address, ["a.txt", "b c.bin"]):
                    shown = self.list(master)
                    self.assertEqual(shown.stdout, b"-\t-\t-\t1\ta.txt\n-\t-\t-\t1\tb c.bin\n")
                    self.assertIn(b"seed's protocol", shown.stderr)
                    self.assertEqual(self.list(master, "b*").stdout, b"-\t-\t-\t1\tb c.bin\n")
                    self.list(master, "nothing", status=1)
                    by_seed = self.list(master, "--protocol", "seed")
                    self.assertEqual(by_seed.stdout, shown.stdout)
                self.assert_no_offence(master)

    def test_only_netcopy_is_not_satisfied_with_a_seeds_master(self):
        master = self.peer(peers.ClosingMaster)
        refused = self.list(master, "--protocol", "netcopy", status=8)
        self.assert_one_error_line(refused, "speaks no netcopy/1")

    def test_a_silent_master_costs_half_a_second(self):
        master = self.peer(peers.Master)
        began = time.monotonic()
        self.list(master)
        self.assertLess(time.monotonic() - began, 5)

    def file_server(self, master, *options):
        server = self.start("file-server", self.shared, "--master", master.endpoint, "--listen",
                            "127.0.0.1:0", *options)
        server.listening()
        return server

    def test_a_file_server_with_legacy_udp_registers_and_says_what_changes(self):
        for name in ("a.txt", "b c.bin", "not;sayable"):
            (self.shared / name).write_bytes(name.encode())
        master = self.peer(peers.Master)
        server = self.file_server(master, "--legacy-udp")
        wait_until(lambda: master.whole_lists() == [["a.txt", "b c.bin"]], what="the list")
        self.assertIn(f"FS, Listen client at {server.endpoint}", master.heard)
        (self.shared / "new").write_bytes(b"new")
        wait_until(lambda: master.whole_lists() == [["a.txt", "b c.bin", "new"]], what="the new")
        (self.shared / "a.txt").unlink()
        wait_until(lambda: master.whole_lists() == [["b c.bin", "new"]], what="the rest")
        server.kill()
        wait_until(lambda: master.text() == "", what="an empty list")
        self.assert_no_offence(master)

    def test_a_file_server_without_it_leaves_such_a_master_alone_and_says_so_once(self):
        (self.shared / "a.txt").write_bytes(b"a")
        master = self.peer(peers.ClosingMaster)
        server = self.file_server(master)
        wait_until(lambda: b"speaks no netcopy/1" in server.stderr)
        time.sleep(2)
        self.assertEqual(master.heard, [])
        self.assertEqual(server.stderr.count(b"speaks no netcopy/1"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
