"""Real file servers under a real master: what they have is listed for as long as they are there, and
a master that goes and comes back is found again."""

import json
import os
import signal
import time
import unittest
from hashlib import md5, sha256

import raw
from harness import seconds, wait_until
from registering import SILENCE_SECONDS, MasterCase, seed_list

# The pauses of a file server that has lost its master grow from 0.5 s; with a few of them behind it:
FINDS_AGAIN_SECONDS = 15


class FileServers(MasterCase):

    def setUp(self):
        super().setUp()
        self.master = self.master_server("-v")

    def file_server(self, folder, *options, master=None):
        process = self.start("file-server", folder, "--master", (master or self.master).endpoint,
                             "--listen", "127.0.0.1:0", "-v", *options)
        process.listening()
        return process

    def make_folder(self, name, files):
        folder = self.folder / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        return folder

    def listed(self):
        """{name: event}"""
        lines = self.list_of(self.master, "--json").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        return {event["name"]: event for event in events if event["event"] == "file"}

    def wait_listed(self, names, deadline=15.0):
        wait_until(lambda: sorted(self.listed()) == sorted(names), deadline, f"{names}, listed")

    def test_a_folder_is_listed_with_size_time_and_digests(self):
        folder = self.make_folder("one", {"a b.txt": b"hello world", "empty": b""})
        os.utime(folder / "empty", ns=(1_600_000_000_500_000_000, 1_600_000_000_500_000_000))
        server = self.file_server(folder)
        self.wait_listed(["a b.txt", "empty"])
        entry = self.listed()["a b.txt"]
        self.assertEqual((entry["bytes"], entry["sources"]), (11, 1))
        self.assertEqual(entry["digests"], {"md5": md5(b"hello world").hexdigest(),
                                            "sha256": sha256(b"hello world").hexdigest()})
        self.assertEqual(self.listed()["empty"]["mtime"], "2020-09-13T12:26:40.500000000Z")
        self.assertEqual(seed_list(self.master),
                         f"a b.txt:{server.endpoint};empty:{server.endpoint};".encode())

    def test_what_changes_in_the_folder_changes_in_the_catalogue(self):
        folder = self.make_folder("one", {"stays": b"1", "goes": b"2", "changes": b"3"})
        self.file_server(folder)
        self.wait_listed(["stays", "goes", "changes"])
        (folder / "goes").unlink()
        (folder / "comes").write_bytes(b"new")
        (folder / "changes").write_bytes(b"changed")
        (folder / "stays").rename(folder / "renamed")
        self.wait_listed(["renamed", "changes", "comes"])
        wait_until(lambda: self.listed()["changes"]["digests"]["sha256"] ==
                   sha256(b"changed").hexdigest(), what="the changed file's digest")

    def test_equal_files_of_two_servers_are_one_entry_until_one_of_them_goes(self):
        servers = [self.file_server(self.make_folder(name, {"same": b"x" * 1000, name: b""}))
                   for name in ("one", "two")]
        self.wait_listed(["same", "one", "two"])
        self.assertEqual(self.listed()["same"]["sources"], 2)
        servers[0].kill()
        self.wait_listed(["same", "two"], 5)
        self.assertEqual(self.listed()["same"]["sources"], 1)
        servers[1].signal(signal.SIGTERM)
        self.assert_status(servers[1], 143)
        self.wait_listed([], 5)

    def test_a_server_that_vanishes_leaves_within_three_beats_and_comes_back(self):
        server = self.file_server(self.make_folder("one", {"a": b""}))
        self.wait_listed(["a"])
        server.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.wait_listed([], SILENCE_SECONDS + 3)
            self.assertLess(time.monotonic() - began, seconds(SILENCE_SECONDS + 1))
        finally:
            server.signal(signal.SIGCONT)
        self.wait_listed(["a"], FINDS_AGAIN_SECONDS)

    def test_a_master_that_is_killed_is_found_again_when_it_is_back(self):
        servers = [self.file_server(self.make_folder(name, {name: b""})) for name in ("one", "two")]
        self.wait_listed(["one", "two"])
        self.master.kill()
        for server in servers:
            wait_until(lambda server=server: b"the master is lost" in server.stderr)
        time.sleep(2)
        for server in servers:
            self.assertTrue(server.running)
            self.assertEqual(server.stderr.count(b"[warning]"), 1, server.describe())
        self.master = self.master_server(listen=self.master.endpoint)
        self.wait_listed(["one", "two"], FINDS_AGAIN_SECONDS)
        for server in servers:
            self.assertEqual(server.stderr.count(b"registered with the master"), 2)

    def test_a_master_that_is_stopped_is_found_dead_and_found_again(self):
        server = self.file_server(self.make_folder("one", {"a": b""}))
        self.wait_listed(["a"])
        self.master.signal(signal.SIGSTOP)
        try:
            wait_until(lambda: b"the master is lost" in server.stderr, SILENCE_SECONDS + 3)
        finally:
            self.master.signal(signal.SIGCONT)
        self.wait_listed(["a"], FINDS_AGAIN_SECONDS + 15)

    def test_a_server_without_a_master_serves_on_and_finds_it_when_it_comes(self):
        self.master.kill()
        server = self.file_server(self.make_folder("one", {"a": b""}))
        wait_until(lambda: b"no master: cannot connect to" in server.stderr)
        self.master = self.master_server(listen=self.master.endpoint)
        self.wait_listed(["a"], FINDS_AGAIN_SECONDS)

    def test_a_list_that_takes_longer_than_the_silence_is_no_silence(self):
        files = {f"a file whose name takes some room on the wire {number:05}": b""
                 for number in range(4000)}
        folder = self.make_folder("one", files)
        whole = self.file_server(folder)  # so that the next one has nothing to hash
        self.wait_listed(files, 60)
        whole.kill()
        self.wait_listed([])
        slow = raw.Relay(self.master.address, lambda total: time.sleep(1.0))  # for each 64 KiB
        self.addCleanup(slow.close)
        began = time.monotonic()
        server = self.file_server(folder, master=slow)
        self.wait_listed(files, 60)
        self.assertGreater(time.monotonic() - began, SILENCE_SECONDS)
        self.assertNotIn(b"[warning]", server.stderr)

    def test_thousands_of_files_are_listed_whole(self):
        files = {f"file {number:05}": b"" for number in range(3000)}
        self.file_server(self.make_folder("one", files))
        self.wait_listed(files, 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
