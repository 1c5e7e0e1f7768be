"""`list --master`: what is printed, and how it fails (docs/cli.md, "netcopy list")."""

import json
import os
import pty
import subprocess
import unittest
from hashlib import md5, sha256

import raw
from harness import binary, clean_environment, seconds, wait_until
from registering import MasterCase, Registered

DATA = b"hello world"


class ListMaster(MasterCase):

    def test_tabs_and_whole_digests_for_programs(self):
        master = self.master_server()
        with Registered(master, {b"b\tc\\d\xff": DATA, b"a b": b""}):
            self.wait_names(master, ["a b", r"b\x09c\x5cd\xff"])
            self.assertEqual(self.entries(master), [
                (sha256(b"").hexdigest(), "0", "2023-11-14T22:13:20.000000000Z", "1", "a b"),
                (sha256(DATA).hexdigest(), "11", "2023-11-14T22:13:20.000000000Z", "1",
                 r"b\x09c\x5cd\xff")])

    def test_a_terminal_gets_a_table(self):
        master = self.master_server()
        with Registered(master, {b"notes.txt": DATA, b"big": bytes(1_500_000)}), \
                raw.connect(master.address) as seed:
            seed.sendall(b"FS, Listen client at 10.0.0.7:9000\nold.txt\nend\n")
            self.wait_names(master, ["big", "notes.txt", "old.txt"])
            leader, follower = pty.openpty()
            try:
                run = subprocess.run([binary(), "list", "--master", master.endpoint],
                                     stdout=follower, stderr=subprocess.PIPE, check=False,
                                     timeout=seconds(20),
                                     env=clean_environment({"TERM": "xterm", "TZ": "UTC"}))
                self.assertEqual(run.returncode, 0, run.stderr)
                lines = os.read(leader, 65536).decode().replace("\r\n", "\n").splitlines()
            finally:
                os.close(follower)
                os.close(leader)
        self.assertEqual([line.split() for line in lines], [
            ["SHA-256", "SIZE", "CHANGED", "SOURCES", "NAME"],
            [sha256(bytes(1_500_000)).hexdigest()[:12], "1.43", "MiB", "2023-11-14", "22:13", "1",
             "big"],
            [sha256(DATA).hexdigest()[:12], "11", "B", "2023-11-14", "22:13", "1", "notes.txt"],
            ["-", "-", "-", "1", "old.txt"]])
        starts = {line.index(word) for line, word in
                  zip(lines, ("NAME", "big", "notes.txt", "old.txt"))}
        self.assertEqual(len(starts), 1, lines)

    def test_json_has_an_object_for_each_entry(self):
        master = self.master_server()
        with Registered(master, {b"a": DATA}, port=1), Registered(master, {b"a": DATA}, port=2), \
                raw.connect(master.address) as seed:
            seed.sendall(b"FS, Listen client at 10.0.0.7:9000\nb\nend\n")
            self.wait_names(master, ["a", "b"])
            wait_until(lambda: self.entries(master)[0][3] == "2")
            lines = self.list_of(master, "--json").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        files = [event for event in events if event["event"] == "file"]
        self.assertEqual(files, [
            {"event": "file", "name": "a", "outcome": "listed", "bytes": 11, "sources": 2,
             "mtime": "2023-11-14T22:13:20.000000000Z", "error": None,
             "digests": {"md5": md5(DATA).hexdigest(), "sha256": sha256(DATA).hexdigest()}},
            {"event": "file", "name": "b", "outcome": "listed", "bytes": None, "sources": 1,
             "digests": {}, "error": None}])
        self.assertEqual((events[-1]["files"], events[-1]["verdict"]), (2, "ok"))

    def test_names_and_patterns_choose(self):
        master = self.master_server()
        with Registered(master, {name: b"" for name in (b"a", b"ab", b"abc", b"b", b"[x]")}):
            self.wait_names(master, ["[x]", "a", "ab", "abc", "b"])

            def chosen(*words):
                return [entry[4] for entry in self.entries(master, *words)]
            self.assertEqual(chosen("a"), ["a"])
            self.assertEqual(chosen("b", "a", "nothing"), ["a", "b"])
            self.assertEqual(chosen("ab*"), ["ab", "abc"])
            self.assertEqual(chosen("*b*"), ["ab", "abc", "b"])
            self.assertEqual(chosen("?", "abc"), ["a", "abc", "b"])
            self.assertEqual(chosen("[x]"), ["[x]"])
            nothing = self.list_of(master, "nothing", "none*", status=1)
            self.assert_one_error_line(nothing, "no file of that name")

    def test_an_empty_catalogue_is_said_on_stderr(self):
        master = self.master_server()
        empty = self.list_of(master)
        self.assertEqual(empty.stdout, b"")
        self.assertEqual(empty.stderr, b"netcopy list: No files available at the moment\n")

    def test_nobody_there_is_6_and_silence_is_7_or_8(self):
        with raw.listener(backlog=0) as closed:
            endpoint = closed.endpoint
        nobody = self.run_netcopy("list", "--master", endpoint)
        self.assert_status(nobody, 6)
        self.assert_one_error_line(nobody, "cannot connect to", endpoint, "is a master running")
        with raw.listener() as silent:
            mute = self.run_netcopy("list", "--timeout", 1, "--master", silent.endpoint)
            self.assert_status(mute, (7, 8))
            self.assert_one_error_line(mute, silent.endpoint)

    def test_a_share_is_no_master_and_a_master_no_share(self):
        shared = self.folder / "shared"
        shared.mkdir()
        share = self.start("share", shared, "--listen", "127.0.0.1:0")
        share.listening()
        no_master = self.run_netcopy("list", "--master", share.endpoint)
        self.assert_status(no_master, 9)
        self.assert_one_error_line(no_master, share.endpoint)
        master = self.master_server()
        no_share = self.run_netcopy("list", master.endpoint)
        self.assert_status(no_share, 9)
        self.assert_one_error_line(no_share, "this is a master")

    def test_the_environments_master_counts_where_no_server_is_named(self):
        master = self.master_server()
        with Registered(master, {b"a": b""}):
            self.wait_names(master, ["a"])
            environment = {"NETCOPY_MASTER": master.endpoint}
            shown = self.run_netcopy("list", environment=environment)
            self.assertEqual(shown.stdout.split(b"\t")[-1], b"a\n")
            share = self.run_netcopy("list", "127.0.0.1:1", environment=environment)
            self.assert_status(share, 6)
            self.assert_one_error_line(share, "127.0.0.1:1")

    def test_a_pipe_that_closes_early_ends_the_list(self):
        master = self.master_server()
        with Registered(master, {b"%d" % number: b"" for number in range(3000)}):
            wait_until(lambda: len(self.names(master)) == 3000)
            shown = subprocess.run(
                ["bash", "-c", f'"{binary()}" list --master {master.endpoint} | head -n 1'],
                check=False, capture_output=True, timeout=seconds(20), env=clean_environment())
            self.assertEqual(shown.stdout.count(b"\n"), 1, shown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
