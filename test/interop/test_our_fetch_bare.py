"""--legacy-udp: our file server with the seed's client, our fetch with the seed's file server."""

import os
import socket
import unittest

from base import DATA, InteropCase
from bare_peers import SeedFileServer, seed_download, seed_list
from harness import wait_until

FILES = {"one.bin": DATA, "empty.txt": b"", "exact.bin": DATA[:4096], "with space": b"x"}


class Case(InteropCase):

    def setUp(self):
        super().setUp()
        self.master = self.start("master-server", "--listen", "127.0.0.1:0")
        self.master.listening()
        self.to = self.folder / "to"

    def fetch(self, *words, status):
        run = self.run_netcopy("fetch", *words, "--master", self.master.endpoint, "-o", self.to)
        self.assert_status(run, status)
        return run


class OurFileServer(Case):

    def server(self, *options):
        shared = self.folder / "shared"
        shared.mkdir()
        for name, data in FILES.items():
            (shared / name).write_bytes(data)
        server = self.start("file-server", shared, "--master", self.master.endpoint, *options)
        server.listening()
        wait_until(lambda: all(name.encode() in self.run_netcopy(
            "list", "--master", self.master.endpoint).stdout for name in FILES), what="the list")
        return server

    def test_the_seeds_client_gets_each_file(self):
        server = self.server("--legacy-udp")
        self.assertIn(b"--legacy-udp", server.stderr)
        for name, data in FILES.items():
            self.assertEqual(seed_download(server.address, name), data, name)

    def test_the_seeds_client_finds_it_by_the_seeds_list(self):
        server = self.server("--legacy-udp")
        found = {name: (host, port) for name, host, port in seed_list(self.master.address)}
        self.assertEqual(found.get("one.bin"), server.address)

    def test_what_is_not_there_is_err(self):
        server = self.server("--legacy-udp")
        for name in ("nowhere", "../shared/one.bin", ".netcopy"):
            with self.subTest(name=name):
                try:
                    self.assertIsNone(seed_download(server.address, name, timeout=1))
                except socket.timeout:
                    self.assertIn("/", name)  # no name at all: not worth an answer

    def test_it_is_off_by_default(self):
        server = self.server()
        with self.assertRaises(socket.timeout):
            seed_download(server.address, "one.bin", timeout=0.5)

    def test_fetch_takes_the_same_files_by_the_reliable_protocol(self):
        self.server("--legacy-udp")
        self.fetch("--all", status=0)
        self.assert_folder(self.to, FILES)


class OurFetch(Case):

    def test_a_file_of_the_seeds_server_arrives_and_is_unverified(self):
        peer = self.peer(SeedFileServer, self.master.address, FILES)
        for name, data in FILES.items():
            with self.subTest(name=name):
                run = self.fetch(name, "--legacy-udp", status=5)
                self.assertIn(b"not verified", run.stderr)
                self.assertEqual((self.to / name).read_bytes(), data)
        self.assert_no_offence(peer)

    def test_without_the_option_it_is_refused_with_a_hint(self):
        peer = self.peer(SeedFileServer, self.master.address, FILES)
        run = self.fetch("one.bin", status=9)
        self.assert_one_error_line(run, "'one.bin'", "--legacy-udp")
        self.assertEqual(peer.asked, [])
        self.assertFalse(os.path.exists(self.to / "one.bin"))

    def test_what_the_server_has_no_more_is_8(self):
        peer = self.peer(SeedFileServer, self.master.address, {"gone": b"x"})
        peer.files = {}
        self.fetch("gone", "--legacy-udp", status=8)
        self.assertFalse(os.path.exists(self.to / "gone"))

    def test_a_server_that_does_not_answer_is_6(self):
        self.peer(SeedFileServer, self.master.address, {"file": b"x"}, answers=False)
        self.fetch("file", "--legacy-udp", "--connect-timeout", "0.5", status=6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
