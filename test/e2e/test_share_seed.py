"""`share` and its clients by the seed's protocol, the binary in both roles."""

import os
import socket
import unittest

from harness import Case, md5_hex, random_bytes, wait_until
from proxy import Proxy, Treatment

SEED = ("--protocol", "seed")
NAMES = ["a b", "-n", "--help", "é", ".hidden", "*", "a\tb", "\x1b[2J", "'", '"', "a\\b", "n" * 255,
         "DONE", "EOF", "123", os.fsdecode(b"\xff\xfe"), " "]


class ShareSeed(Case):

    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        self.shared.mkdir()
        self.to = self.folder / "to"

    def share(self, *options):
        server = self.start("share", self.shared, "--listen", "127.0.0.1:0", *options)
        server.listening()
        return server

    def run_client(self, command, *arguments, **settings):
        return self.run_netcopy(command, *arguments, *SEED, deadline=60.0,
                                environment={"XDG_CACHE_HOME": str(self.folder / "cache")},
                                **settings)

    def list(self, server):
        process = self.run_client("list", server.endpoint)
        self.assert_status(process, 0)
        return [line.split(b"\t") for line in process.stdout.splitlines()]

    def test_the_session_of_the_document(self):
        data = random_bytes(123_456)
        path = self.make_file(data, "my_file.jpg")
        server = self.share()
        empty = self.run_client("list", server.endpoint)
        self.assert_verdict(empty, b"", 0)
        self.assertIn(b"No files available at the moment", empty.stderr)
        self.assert_verdict(self.run_client("upload", path, server.endpoint),
                            b"Success my_file.jpg\n", 0)
        self.assertEqual(self.list(server),
                         [[md5_hex(data).encode(), b"123456", b"-", b"my_file.jpg"]])
        self.assert_verdict(
            self.run_client("download", md5_hex(data), server.endpoint, "-o", self.to), b"", 0)
        self.assert_folder(self.to, {"my_file.jpg": data})

    def test_files_of_every_size_and_name_go_up_and_come_down(self):
        sizes = [0, 1, 2, 1023, 1024, 1025, 100_000, 524_287, 524_288, 524_289, 3_000_000]
        # No two alike: what the server has under another name is not sent again.
        files = {name: random_bytes(sizes[number % len(sizes)] + number // len(sizes), seed=number)
                 for number, name in enumerate(NAMES)}
        self.assertEqual(len(set(files.values())), len(NAMES))
        source = self.folder / "from"
        source.mkdir()
        for name, data in files.items():
            (source / name).write_bytes(data)
        server = self.share()
        process = self.run_client("upload", "-j", "3", *[source / name for name in files],
                                  server.endpoint)
        self.assert_status(process, 0)
        process = self.run_client("download", "--all", "-j", "3", server.endpoint, "-o", self.to)
        self.assert_status(process, 0)
        self.assertTrue({name: (self.to / name).read_bytes() for name in files} == files)

    def test_a_name_that_the_protocol_cannot_say_is_refused_and_the_others_go(self):
        paths = [self.make_file(b"1", "a;b"), self.make_file(b"2", "fine")]
        process = self.run_client("upload", *paths, self.share().endpoint)
        self.assert_status(process, 3)
        self.assertEqual(sorted(process.stdout.splitlines()), [b"Fail a;b", b"Success fine"])

    def test_a_connection_that_is_cut_leaves_nothing_and_is_exit_status_8(self):
        data = random_bytes(3_000_000)
        (self.shared / "file").write_bytes(data)
        server = self.share()
        wait_until(lambda: self.list(server), what="the file in the list")
        for tenth in range(1, 10):
            for reset in (False, True):
                # The first connection brings the list.
                proxy = Proxy(server.address, lambda number: Treatment(
                    cut_down=len(data) * tenth // 10 if number else None, reset=reset))
                with self.subTest(tenth=tenth, reset=reset):
                    process = self.run_client("download", md5_hex(data), proxy.endpoint,
                                              "-o", self.to)
                    self.assert_status(process, 8)
                    self.assertEqual(proxy.cuts, 1)
                    self.assertEqual(list(self.to.glob("*")) + self.leftovers(self.to), [])
                proxy.close()
        self.assert_status(
            self.run_client("download", md5_hex(data), server.endpoint, "-o", self.to), 0)
        self.assert_folder(self.to, {"file": data})

    def test_a_server_that_is_killed_while_it_stores_has_no_part_under_the_name(self):
        data = random_bytes(8 << 20)
        server = self.share()
        peer = socket.create_connection(server.address, 20)
        for message in (b"UPLOAD", b"file;%d\n" % len(data)):
            peer.sendall(message)
            self.assertTrue(peer.recv(1024))
        peer.sendall(data[:-1])
        server.kill()
        server.wait()
        peer.close()
        self.assertFalse((self.shared / "file").exists())
        server = self.share()
        self.assertEqual(self.list(server), [])
        self.assert_status(
            self.run_client("upload", self.make_file(data, "file"), server.endpoint), 0)
        self.assertEqual((self.shared / "file").read_bytes(), data)


if __name__ == "__main__":
    unittest.main(verbosity=2)
