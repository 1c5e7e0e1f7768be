"""fetch from one file server: names, patterns, what is there already, and what goes wrong."""

import os
import signal
import unittest

import trees
from fetching import FetchCase
from harness import random_bytes, wait_until


class Words(FetchCase):

    def test_a_file_is_fetched_and_verified(self):
        data = random_bytes(3 << 20, 1)
        self.offer({"file": data})
        run = self.fetch("file")
        self.assert_files(self.target, {"file": data})
        self.assertIn(b"1 file", run.stderr)

    def test_it_has_the_time_of_its_source(self):
        self.put("file", b"x", mtime=1_600_000_000_123_456_789)
        self.file_server()
        self.wait_known({"file": b"x"})
        self.fetch("file")
        self.assertEqual(os.stat(self.target / "file").st_mtime_ns, 1_600_000_000_123_456_789)

    def test_names_patterns_and_all(self):
        files = {"a.txt": b"a", "b.txt": b"bb", "c.jpg": b"ccc"}
        self.offer(files)
        self.fetch("c.jpg", output=self.folder / "one")
        self.assert_files(self.folder / "one", {"c.jpg": b"ccc"})
        self.fetch("*.txt", output=self.folder / "two")
        self.assert_files(self.folder / "two", {"a.txt": b"a", "b.txt": b"bb"})
        self.fetch("--all", output=self.folder / "three")
        self.assert_files(self.folder / "three", files)

    def test_an_empty_file_arrives(self):
        self.offer({"empty": b""})
        self.fetch("empty")
        self.assert_files(self.target, {"empty": b""})

    def test_sizes_around_the_blocks_and_datagrams(self):
        files = {f"file{size}": random_bytes(size, size) for size in
                 (1, 1100, 1170, 1171, 1172, 65536, 262143, 262144, 262145, 1048575, 1048576,
                  1048577, 2 * 262144 + 1)}
        self.offer(files)
        self.fetch("--all")
        self.assert_files(self.target, files)

    def test_many_small_files(self):
        files = {f"file{number}": b"%d" % number * number for number in range(300)}
        self.offer(files)
        self.fetch("--all", "-j", 8)
        self.assert_files(self.target, files)

    def test_names_of_every_kind(self):
        kinds = [name for name in trees.names() if not name.startswith(b"byte")]
        files = {name: b"file " + name for name in kinds}
        for name, data in files.items():
            self.put(name, data)
        self.file_server()
        self.wait_known({b"Gr\xc3\xb6\xc3\x9fe": files["Größe".encode()]})
        wait_until(lambda: len(self.catalogue()) == len(files), what="all files")
        self.fetch("--all", "-j", 16)
        self.assert_files(self.target, files)

    def test_what_nobody_has_is_1_and_the_others_come(self):
        self.offer({"file": b"x"})
        run = self.fetch("nowhere", status=1)
        self.assert_one_error_line(run, "'nowhere'", "netcopy list --master")
        self.fetch("file", "nowhere", status=3)
        self.assert_files(self.target, {"file": b"x"})

    def test_words_that_make_no_sense(self):
        for words in ([], ["--all", "file"], [""]):
            self.fetch(*words, status=2)
        run = self.run_netcopy("fetch", "file")
        self.assert_status(run, 2)
        self.assert_one_error_line(run, "--master")

    def test_json_names_each_file_with_its_digest(self):
        self.offer({"one": b"1", "two": b"2"})
        run = self.fetch("--all", "--json")
        self.assertEqual(self.outcomes(run), {"one": "received", "two": "received"})
        self.assertTrue(all("sha256" in event["digests"] for event in self.events(run, "file")))


class Existing(FetchCase):

    def test_the_same_file_in_place_counts_as_done(self):
        data = random_bytes(3 << 20, 3)
        self.offer({"file": data})
        trees.put(f"{self.target}/file", data)
        before = os.stat(self.target / "file").st_ino
        run = self.fetch("file")
        self.assertIn(b"1 was there already", run.stderr)
        self.assertEqual(os.stat(self.target / "file").st_ino, before)

    def test_another_file_of_that_name_stays(self):
        self.offer({"file": b"theirs"})
        for ours in (b"ours!!", b"ours of another size"):
            trees.put(f"{self.target}/file", ours)
            run = self.fetch("file", status=9)
            self.assert_error(run, "'file'", "--overwrite")
            self.assert_files(self.target, {"file": ours})

    def test_overwrite(self):
        self.offer({"file.txt": b"theirs"})
        trees.put(f"{self.target}/file.txt", b"ours")
        self.fetch("--overwrite", "rename", "file.txt")
        self.assert_files(self.target, {"file.txt": b"ours", "file (2).txt": b"theirs"})
        self.fetch("--overwrite", "always", "file.txt")
        self.assert_files(self.target, {"file.txt": b"theirs", "file (2).txt": b"theirs"})

    def test_a_link_in_the_target_is_not_followed(self):
        self.offer({"file": b"theirs"})
        self.target.mkdir()
        outside = self.make_file(b"outside", "outside")
        os.symlink(outside, self.target / "file")
        self.fetch("file", status=9)
        self.assertEqual(outside.read_bytes(), b"outside")

    def test_a_target_that_is_a_file_is_11(self):
        self.offer({"file": b"x"})
        trees.put(self.target, b"no folder")
        self.fetch("file", status=11)


class Breaks(FetchCase):

    SIZE = 12 << 20

    def begin(self, *options, served=("--bwlimit", "4M")):
        """A slow fetch of `large`, under way."""
        self.data = random_bytes(self.SIZE, 6)
        self.server = self.offer({"large": self.data}, *served)
        run = self.start_fetch("large", *options)
        wait_until(lambda: self.journalled() > 200, what="a part of the file in the journal")
        return run

    def test_after_kill_9_it_goes_on_with_what_is_on_disk(self):
        self.begin().kill()
        self.assertEqual(len(trees.temporaries(self.target)), 2)
        run = self.fetch("large", "-v")
        self.logged(run, "'large'", "goes on with")
        self.assert_files(self.target, {"large": self.data})

    def test_what_was_damaged_on_disk_meanwhile_is_fetched_again(self):
        self.begin().kill()
        partial = next(name for name in os.listdir(self.target) if not name.endswith(".journal"))
        with open(self.target / partial, "r+b") as file:
            file.seek(1000)
            file.write(b"damage")
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})

    def test_a_journal_that_is_garbage_is_none(self):
        self.begin().kill()
        journal = next(name for name in os.listdir(self.target) if name.endswith(".journal"))
        (self.target / journal).write_bytes(os.urandom(5000))
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})

    def test_a_partial_file_of_another_content_is_not_gone_on_with(self):
        self.begin().kill()
        other = random_bytes(self.SIZE, 7)
        self.put("large", other)
        self.wait_known({"large": other})
        self.fetch("large")
        self.assert_files(self.target, {"large": other})

    def test_sigint_stops_it_and_keeps_what_has_come(self):
        run = self.begin()
        run.signal(signal.SIGINT)
        self.assert_status(run, 130)
        self.assertEqual(self.lying_in(self.target), {})
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})

    def test_a_server_killed_and_started_again_goes_on(self):
        run = self.begin()
        self.server.kill()
        self.file_server(listen=self.server.endpoint)
        self.assert_status(run, 0)
        self.assert_files(self.target, {"large": self.data})

    def test_a_server_that_comes_again_at_another_port_is_found(self):
        run = self.begin("--connect-timeout", "0.5", "--timeout", "1", "--retry", "3")
        self.server.kill()
        self.file_server()
        self.assertIn(run.wait(60), (0,), run.describe())
        self.assert_files(self.target, {"large": self.data})

    def test_a_server_that_is_lost_half_way_is_8_and_nothing_has_the_name(self):
        run = self.begin("--connect-timeout", "0.5", "--timeout", "1", "--retry", "1")
        self.server.kill()
        self.assert_status(run, 8)
        self.assert_error(run, "'large'", self.server.endpoint)
        self.assertEqual(self.lying_in(self.target), {})

    def test_a_server_that_hangs_is_7(self):
        run = self.begin("--timeout", "1", "--connect-timeout", "1", "--retry", "0")
        self.server.signal(signal.SIGSTOP)
        try:
            self.assertIn(run.wait(60), (7,), run.describe())
        finally:
            self.server.signal(signal.SIGCONT)

    def test_a_master_that_dies_disturbs_no_fetch(self):
        run = self.begin()
        self.master.kill()
        self.assert_status(run, 0)
        self.assert_files(self.target, {"large": self.data})

    def test_no_master_is_6(self):
        self.master.end()
        run = self.fetch("file", status=6)
        self.assert_one_error_line(run, self.master.endpoint, "master-server")

    def test_a_server_that_is_stopped_lets_transfers_finish(self):
        run = self.begin()
        self.server.signal(signal.SIGTERM)
        self.assert_status(run, 0)
        self.assert_files(self.target, {"large": self.data})
        self.assert_status(self.server, 143)


class Changes(FetchCase):
    """What the server's user does to a file while it is served."""

    SIZE = 12 << 20

    def begin(self):
        self.data = random_bytes(self.SIZE, 6)
        self.offer({"large": self.data}, "--bwlimit", "4M")
        run = self.start_fetch("large", "--retry", "0")
        wait_until(lambda: self.journalled() > 200, what="a part of the file in the journal")
        return run

    def assert_given_up(self, run):
        self.assert_status(run, 8)
        self.assert_error(run, "'large'")
        self.assertEqual(self.lying_in(self.target), {})

    def test_written_to(self):
        run = self.begin()
        with open(self.shared / "large", "r+b") as file:
            file.write(b"changed")
        self.assert_given_up(run)

    def test_cut_off(self):
        run = self.begin()
        os.truncate(self.shared / "large", 1 << 20)
        self.assert_given_up(run)

    def test_removed(self):
        run = self.begin()
        os.unlink(self.shared / "large")
        self.assert_given_up(run)

    def test_replaced(self):
        run = self.begin()
        self.put("large", random_bytes(self.SIZE, 7))
        self.assert_given_up(run)


if __name__ == "__main__":
    unittest.main(verbosity=2)
