"""The folder that is shared: what others do in it is followed, what was hashed is remembered, and no
accident to the index touches a file."""

import os
import sqlite3
import unittest

import trees
from harness import random_bytes, wait_until
from sharing import ShareCase, id_of, read_bytes_of

TIME = 1_600_000_000_123_456_789


class Followed(ShareCase):

    def test_a_file_that_is_moved_in_is_listed(self):
        server = self.share()
        self.put("new", b"new")
        self.wait_served(server, {"new": b"new"})

    def test_a_file_that_is_written_in_place_is_listed_when_it_is_closed(self):
        server = self.share()
        with open(self.shared / "new", "wb") as file:
            for _ in range(5):
                file.write(b"a piece of it")
                file.flush()
                self.served(server)  # whatever is listed now: not for long
        self.wait_served(server, {"new": b"a piece of it" * 5})

    def test_a_file_that_is_renamed_has_its_new_name_and_is_not_read_again(self):
        data = random_bytes(20 << 20, 1)
        server = self.serve({"old": data})
        before = read_bytes_of(server)
        os.rename(self.shared / "old", self.shared / "new")
        self.wait_served(server, {"new": data})
        self.assertLess(read_bytes_of(server) - before, len(data) // 2)

    def test_a_file_that_is_removed_or_moved_out_is_listed_no_more(self):
        server = self.serve({"one": b"1", "two": b"2", "three": b"3"})
        os.unlink(self.shared / "one")
        os.rename(self.shared / "two", self.folder / "two")
        self.wait_served(server, {"three": b"3"})
        self.download(id_of(b"1"), to=server, status=1)

    def test_a_file_that_changes_gets_another_id(self):
        server = self.serve({"file": b"before"})
        (self.shared / "file").write_bytes(b"after!")
        self.wait_served(server, {"file": b"after!"})
        self.download(id_of(b"after!"), to=server)
        self.assert_files(self.target, {"file": b"after!"})

    def test_a_file_that_is_replaced_gets_another_id(self):
        server = self.serve({"file": b"before"})
        self.put("file", b"after!")
        self.wait_served(server, {"file": b"after!"})

    def test_a_file_that_becomes_something_else_is_listed_no_more(self):
        server = self.serve({"folder": b"x", "link": b"y", "file": b"z"})
        os.unlink(self.shared / "folder")
        os.mkdir(self.shared / "folder")
        os.unlink(self.shared / "link")
        os.symlink("file", self.shared / "link")
        self.wait_served(server, {"file": b"z"})

    def test_an_uploaded_file_that_is_removed_can_be_uploaded_again(self):
        server = self.share()
        path = self.write("file", b"data")
        self.upload(path, to=server)
        os.unlink(self.shared / "file")
        self.wait_served(server, {})
        self.upload(path, to=server)
        self.assert_files(self.shared, {"file": b"data"})

    def test_20_000_files_that_appear_at_once_are_all_listed(self):
        server = self.share()
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        files = {f"file{number:05}": b"%d" % number for number in range(20_000)}
        for name, data in files.items():
            (elsewhere / name).write_bytes(data)
        for name in files:
            os.rename(elsewhere / name, self.shared / name)
        self.wait_served(server, files, deadline=120)

    def test_20_000_files_that_go_at_once_are_all_gone(self):
        files = {f"file{number:05}": b"" for number in range(20_000)}
        for name in files:
            (self.shared / name).write_bytes(b"")
        server = self.share()
        self.wait_served(server, files, deadline=120)
        for name in files:
            os.unlink(self.shared / name)
        self.wait_served(server, {}, deadline=120)

    def test_a_file_that_cannot_be_read_is_left_out_and_the_log_says_so(self):
        if os.geteuid() == 0:
            self.skipTest("root can read everything")
        self.put("secret", b"x", mode=0)
        self.put("file", b"y")
        server = self.share()
        self.wait_served(server, {"file": b"y"})
        self.logged(server, "secret", "Permission denied")

    def test_the_same_file_stored_twice_shares_its_blocks_where_it_can(self):
        """Whatever the file system can: the files are right, and stay right when one changes."""
        data = random_bytes(4 << 20, 8)
        server = self.share()
        self.upload(self.write("one", data), to=server)
        self.upload("--force", self.write("two", data), to=server)
        with open(self.shared / "one", "r+b") as file:
            file.write(b"changed")
        self.wait_served(server, {"one": b"changed" + data[7:], "two": data})
        self.assert_files(self.shared, {"one": b"changed" + data[7:], "two": data})

    def test_a_folder_that_is_not_there_is_11_before_listening(self):
        server = self.start("share", self.folder / "nowhere", "--listen", "127.0.0.1:0")
        self.assert_status(server, 11)
        self.assert_one_error_line(server, "netcopy share: ", "nowhere")
        self.assertFalse((self.folder / "nowhere").exists())

    def test_what_is_known_of_the_folder_is_told_behind_the_listening_line(self):
        (self.shared / ".netcopy").write_bytes(b"no folder, so that there is something to warn of")
        self.put("file", b"x")
        server = self.start("share", self.shared, "--listen", "127.0.0.1:0", "-v")
        wait_until(lambda: b"files are known" in server.stderr, what="the line")
        self.assertTrue(server.stderr.startswith(b"netcopy share: listening on "), server.stderr)

    def test_a_folder_that_is_a_file_is_11_before_listening(self):
        trees.put(self.folder / "file", b"no folder")
        server = self.start("share", self.folder / "file", "--listen", "127.0.0.1:0")
        self.assert_status(server, 11)
        self.assert_one_error_line(server, "netcopy share: ", "file")


class Index(ShareCase):

    LARGE = 40 << 20

    def setUp(self):
        super().setUp()
        # Of a file that changed just now nobody can tell by its time whether it changes again.
        self.files = {"large": random_bytes(self.LARGE, 9), "small": b"small", "empty": b""}
        for name, data in self.files.items():
            self.put(name, data, mtime=TIME)
        first = self.share()
        self.wait_served(first, self.files)
        first.end()
        self.index = self.shared / ".netcopy" / "index.db"
        self.assertTrue(self.index.is_file())

    def serve_again(self, files=None):
        """Another server of the same folder, and the bytes it has read until its list was right."""
        server = self.share()
        self.wait_served(server, files or self.files)
        self.assert_files(self.shared, files or self.files)
        return server, read_bytes_of(server)

    def test_a_restart_hashes_nothing_again(self):
        _, read = self.serve_again()
        self.assertLess(read, self.LARGE // 4)

    def test_a_restart_after_kill_9_hashes_nothing_again(self):
        second, _ = self.serve_again()
        second.kill()
        _, read = self.serve_again()
        self.assertLess(read, self.LARGE // 4)

    def test_what_was_uploaded_is_remembered_too(self):
        server, _ = self.serve_again()
        self.upload(self.write_large("more", self.LARGE, seed=10, mtime=TIME), to=server)
        server.end()
        _, read = self.serve_again({**self.files, "more": random_bytes(self.LARGE, 10)})
        self.assertLess(read, self.LARGE // 4)

    def test_what_happened_while_no_server_ran_is_found(self):
        os.unlink(self.shared / "empty")
        os.rename(self.shared / "large", self.shared / "renamed")
        self.put("small", b"other")
        self.put("new", b"new")
        _, read = self.serve_again({"renamed": self.files["large"], "small": b"other",
                                    "new": b"new"})
        self.assertLess(read, self.LARGE // 4)

    def test_a_file_that_changed_meanwhile_is_hashed_again(self):
        data = b"changed" + self.files["large"][7:]
        with open(self.shared / "large", "r+b") as file:
            file.write(b"changed")
        _, read = self.serve_again({**self.files, "large": data})
        self.assertGreaterEqual(read, self.LARGE)

    def assert_made_anew(self):
        server, read = self.serve_again()
        self.assertGreaterEqual(read, self.LARGE)
        server.end()
        _, read = self.serve_again()
        self.assertLess(read, self.LARGE // 4)

    def damage(self, data):
        """The index holds this, and nothing of its journal is left."""
        for path in self.index.parent.glob("index.db-*"):
            path.unlink()
        self.index.write_bytes(data)

    def test_an_index_that_was_deleted_is_made_anew(self):
        for path in self.index.parent.iterdir():
            path.unlink()
        self.index.parent.rmdir()
        self.assert_made_anew()

    def test_an_index_of_rubbish_is_made_anew(self):
        self.damage(random_bytes(50_000, 1))
        self.assert_made_anew()

    def test_an_empty_index_is_made_anew(self):
        self.damage(b"")
        self.assert_made_anew()

    def test_an_index_that_is_cut_off_is_made_anew(self):
        data = self.index.read_bytes()
        self.damage(data[:len(data) // 2 + 100])
        _, _ = self.serve_again()

    def test_an_index_with_damage_inside_never_lists_what_is_not_there(self):
        data = bytearray(self.index.read_bytes())
        for at in range(4096, len(data)):
            data[at] ^= 0x55
        self.damage(bytes(data))
        self.serve_again()

    def test_an_index_of_another_version_is_made_anew(self):
        with sqlite3.connect(self.index) as database:
            version, = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version + 1000}")
        database.close()
        self.assert_made_anew()

    def test_somebody_elses_database_is_not_touched_but_put_aside(self):
        self.index.unlink()
        with sqlite3.connect(self.index) as database:
            database.execute("CREATE TABLE theirs (x)")
        database.close()
        self.assert_made_anew()

    def test_an_index_that_is_a_folder_is_no_hindrance(self):
        for path in self.index.parent.iterdir():
            path.unlink()
        self.index.mkdir()
        self.serve_again()

    def test_two_servers_of_one_folder_both_serve(self):
        first, _ = self.serve_again()
        second, _ = self.serve_again()
        self.put("new", b"new")
        for server in (first, second):
            self.wait_served(server, {**self.files, "new": b"new"})


class Killed(ShareCase):

    def test_kill_9_while_it_hashes_loses_nothing_but_work(self):
        files = {f"file{number}": random_bytes(2 << 20, number) for number in range(40)}
        for name, data in files.items():
            self.put(name, data)
        for _ in range(5):
            server = self.share()
            wait_until(lambda: self.listed(server), what="the first file")
            server.kill()
        server = self.share()
        self.wait_served(server, files)
        self.assert_files(self.shared, files)

    def test_kill_9_at_once_after_listening_loses_nothing(self):
        files = {f"file{number}": b"%d" % number for number in range(2000)}
        for name, data in files.items():
            self.put(name, data)
        for _ in range(10):
            self.share().kill()
        self.wait_served(self.share(), files)
        self.assert_files(self.shared, files)

    def test_a_signal_while_it_hashes_ends_it_soon(self):
        for number in range(30):
            self.put(f"file{number}", random_bytes(8 << 20, number))
        server = self.share()
        server.signal(15)
        self.assertEqual(server.wait(3), 143)


if __name__ == "__main__":
    unittest.main(verbosity=2)
