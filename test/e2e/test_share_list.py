"""netcopy list: the table, tab-separated lines, JSON, the empty list, the order."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import unittest

import raw
from harness import binary, clean_environment, seconds
from sharing import ShareCase, id_of

TIME = 1_700_000_000_123_456_789
OLD = 1_000_000_000 * 10**9


class List(ShareCase):

    def test_elsewhere_it_prints_id_size_time_and_name_with_tabs(self):
        self.put("notes.txt", b"hello world", mtime=TIME)
        self.put("empty", b"", mtime=OLD)
        server = self.share()
        self.wait_served(server, {"notes.txt": b"hello world", "empty": b""})
        listing = self.client("list", to=server)
        self.assertEqual(listing.stdout, (
            "d41d8cd98f00b204e9800998ecf8427e\t0\t2001-09-09T01:46:40.000000000Z\tempty\n"
            "5eb63bbbe01eeed093cb22bb8f5acdc3\t11\t2023-11-14T22:13:20.123456789Z\tnotes.txt\n"
        ).encode())
        self.assertEqual(listing.stderr, b"")

    def test_files_are_sorted_by_name_byte_by_byte(self):
        names = [b"b", b"a", b"B", b"\xc3\xa9", b"a b", b"10", b"9", b"~", b".dot", b"a.b"]
        for name in names:
            self.put(name, name)
        server = self.share()
        self.wait_served(server, {name: name for name in names})
        self.assertEqual([line.name for line in self.listed(server)], sorted(names))

    def test_the_order_is_the_same_after_changes_and_restarts(self):
        files = {f"{number:03}": b"%d" % number for number in range(50)}
        for name in sorted(files, reverse=True):
            self.put(name, files[name])
        first = self.share()
        self.wait_served(first, files)
        before = self.listed(first)
        self.put("000a", b"new")
        self.wait_served(first, {**files, "000a": b"new"})
        first.end()
        again = self.share()
        self.wait_served(again, {**files, "000a": b"new"})
        self.assertEqual([line for line in self.listed(again) if line.name != b"000a"], before)

    def test_control_bytes_tabs_backslashes_and_bad_utf_8_are_escaped(self):
        names = [b"tab\there", b"new\nline", b"back\\slash", b"\x1b[31m", b"\xff", "Größe".encode()]
        for name in names:
            self.put(name, name)
        server = self.share()
        self.wait_served(server, {name: name for name in names})
        shown = {line.split(b"\t")[3] for line in self.client("list", to=server).stdout.splitlines()}
        self.assertEqual(shown, {b"tab\\x09here", b"new\\x0aline", b"back\\x5cslash",
                                 b"\\x1b[31m", b"\\xff", "Größe".encode()})

    def test_json_has_an_object_for_each_file_and_an_end(self):
        self.put("notes.txt", b"hello world", mtime=TIME)
        server = self.share()
        self.wait_served(server, {"notes.txt": b"hello world"})
        listing = self.client("list", "--json", to=server)
        events = [e for e in listing.events if e["event"] != "progress"]
        self.assertEqual([e["event"] for e in events], ["connected", "file", "end"])
        file = events[1]
        self.assertEqual((file["name"], file["outcome"], file["bytes"], file["mtime"]),
                         ("notes.txt", "listed", 11, "2023-11-14T22:13:20.123456789Z"))
        self.assertEqual(file["digests"], {
            "md5": "5eb63bbbe01eeed093cb22bb8f5acdc3",
            "sha256": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"})
        self.assertEqual((events[2]["files"], events[2]["exit_status"]), (1, 0))

    def test_an_empty_list_prints_nothing_and_says_so(self):
        server = self.share()
        listing = self.client("list", to=server)
        self.assertEqual(listing.stdout, b"")
        self.assertEqual(listing.stderr, b"netcopy list: No files available at the moment\n")
        self.assertEqual(self.client("list", "-q", to=server).stderr, b"")

    def test_folders_links_and_netcopys_own_files_are_not_listed(self):
        self.put("file", b"x")
        (self.shared / "folder").mkdir()
        (self.shared / "folder" / "inside").write_bytes(b"inside")
        os.symlink("file", self.shared / "link")
        os.mkfifo(self.shared / "fifo")
        self.put(".file.netcopy-0123456789abcdef", b"in the making")
        self.put(".file.netcopy-0123456789abcdef.journal", b"in the making")
        server = self.share()
        self.wait_served(server, {"file": b"x"})
        self.put("second", b"y")
        self.wait_served(server, {"file": b"x", "second": b"y"})

    def test_two_names_of_the_same_bytes_have_the_same_id(self):
        self.put("one", b"same")
        self.put("two", b"same")
        server = self.share()
        self.wait_served(server, {"one": b"same", "two": b"same"})
        self.assertEqual({line.id for line in self.listed(server)}, {id_of(b"same")})

    def table(self, server, columns=80):
        """What `list` prints on a terminal."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        try:
            run = subprocess.run([binary(), "list", server.endpoint], stdin=subprocess.DEVNULL,
                                 stdout=slave, stderr=subprocess.PIPE, timeout=seconds(20),
                                 check=False, env=clean_environment({"TERM": "xterm", "TZ": "UTC"}))
            self.assertEqual(run.returncode, 0, run.stderr)
            return os.read(master, 65536).decode().replace("\r\n", "\n")
        finally:
            os.close(slave)
            os.close(master)

    def test_a_terminal_gets_a_table_with_short_ids(self):
        self.put("notes.txt", b"hello world", mtime=TIME)
        self.put("big", bytes(1_500_000), mtime=OLD)
        server = self.share()
        self.wait_served(server, {"notes.txt": b"hello world", "big": bytes(1_500_000)})
        lines = self.table(server).splitlines()
        self.assertEqual([line.split() for line in lines], [
            ["ID", "SIZE", "CHANGED", "NAME"],
            [id_of(bytes(1_500_000))[:12], "1.43", "MiB", "2001-09-09", "01:46", "big"],
            ["5eb63bbbe01e", "11", "B", "2023-11-14", "22:13", "notes.txt"]])
        starts = [line.index(word) for line, word in zip(lines, ("NAME", "big", "notes.txt"))]
        self.assertEqual(len(set(starts)), 1, lines)

    def test_no_name_moves_the_cursor_of_the_terminal(self):
        self.put(b"\x1b[31mred\x1b[0m\n\xc2\x9b", b"x")
        server = self.share()
        self.wait_served(server, {b"\x1b[31mred\x1b[0m\n\xc2\x9b": b"x"})
        shown = self.table(server)
        self.assertEqual([c for c in shown if not c.isprintable()], ["\n", "\n"])

    def test_nobody_there_is_6_and_a_peer_that_says_nothing_is_told(self):
        with raw.listener(backlog=0) as closed:
            endpoint = closed.endpoint
        nobody = self.client("list", to=endpoint, status=6)
        self.assert_one_error_line(nobody, "cannot connect to", endpoint)
        with raw.listener() as silent:
            listing = self.client("list", "--timeout", 1, to=silent, status=(7, 8))
            self.assert_one_error_line(listing, silent.endpoint)

    def test_many_files_are_listed_whole(self):
        files = {f"file number {number:05}": b"" for number in range(3000)}
        for name in files:
            (self.shared / name).write_bytes(b"")
        server = self.share()
        self.wait_served(server, files, deadline=60)

    def test_a_pipe_that_closes_early_ends_the_list(self):
        for number in range(3000):
            (self.shared / f"{number}").write_bytes(b"")
        server = self.share()
        self.wait_served(server, {f"{number}": b"" for number in range(3000)}, deadline=60)
        shown = subprocess.run(
            ["bash", "-c", f'"{binary()}" list {server.endpoint} | head -n 1'], check=False,
            capture_output=True, timeout=seconds(20), env=clean_environment())
        self.assertEqual(shown.stdout.count(b"\n"), 1, shown)
        self.assertEqual(json.loads(self.client("list", "--json", to=server)
                                    .stdout.splitlines()[-1])["files"], 3000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
