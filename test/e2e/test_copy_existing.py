"""What is there already: the rules for existing files, comparisons, and what stands in the way."""

import os
import threading
import unittest

import trees
from copying import CopyCase
from harness import random_bytes, wait_until

OLD, NEW = 1_000_000_000 * trees.SECOND, 1_500_000_000 * trees.SECOND


class Existing(CopyCase):

    def arrange(self, mine=b"mine", theirs=b"theirs", mine_at=NEW, theirs_at=OLD):
        path = self.write("file.txt", mine, mtime=mine_at)
        trees.put(f"{self.target}/file.txt", theirs, mtime=theirs_at)
        return path

    def test_an_identical_file_counts_as_done_by_every_rule(self):
        for rule in ("never", "rename", "always", "newer"):
            with self.subTest(rule=rule):
                path = self.arrange(b"equal", b"equal", OLD, OLD)
                inode = os.stat(self.target / "file.txt").st_ino
                sender = self.copy(path, "--json", to=self.service("--overwrite", rule))
                self.assertEqual(self.outcomes(sender), {"file.txt": "same"})
                self.assertEqual(os.stat(self.target / "file.txt").st_ino, inode)
                self.assert_folder(self.target, {"file.txt": b"equal"})

    def test_by_default_another_file_of_that_name_is_kept(self):
        for options in ((), ("--overwrite", "never")):
            sender = self.copy(self.arrange(), to=self.service(*options), status=9)
            self.assert_error(sender, "file.txt", "another file of that name is there")
            self.assert_folder(self.target, {"file.txt": b"theirs"})

    def test_rename_keeps_both(self):
        service = self.service("--overwrite", "rename")
        self.copy(self.arrange(), to=service)
        self.assert_folder(self.target, {"file.txt": b"theirs", "file (2).txt": b"mine"})
        self.write("file.txt", b"once more")
        self.copy(self.source / "file.txt", to=service)
        self.assert_folder(self.target, {"file.txt": b"theirs", "file (2).txt": b"mine",
                                         "file (3).txt": b"once more"})

    def test_rename_keeps_both_of_large_files_too(self):
        mine, theirs = random_bytes(3 << 20, 1), random_bytes(2 << 20, 2)
        self.copy(self.arrange(mine, theirs), to=self.service("--overwrite", "rename"))
        self.assert_folder(self.target, {"file.txt": theirs, "file (2).txt": mine})

    def test_always_replaces_small_and_large_files(self):
        service = self.service("--overwrite", "always")
        for mine in (b"mine", b"", random_bytes(3 << 20)):
            path = self.arrange(mine)
            self.copy(path, to=service)
            self.assert_folder(self.target, {"file.txt": mine})
            self.assertEqual(os.stat(self.target / "file.txt").st_mtime_ns, NEW)

    def test_always_leaves_a_reader_of_the_older_file_its_bytes(self):
        path = self.arrange()
        with open(self.target / "file.txt", "rb") as reader:
            self.copy(path, to=self.service("--overwrite", "always"))
            self.assertEqual(reader.read(), b"theirs")

    def test_newer_replaces_only_what_is_older(self):
        service = self.service("--overwrite", "newer")
        self.copy(self.arrange(mine_at=OLD, theirs_at=NEW), to=service, status=9)
        self.assert_folder(self.target, {"file.txt": b"theirs"})
        self.copy(self.arrange(mine_at=OLD + 1, theirs_at=OLD), to=service)
        self.assert_folder(self.target, {"file.txt": b"mine"})

    def test_some_refused_and_some_taken_is_a_partial_success(self):
        self.arrange()
        self.write("fresh", b"fresh")
        sender = self.copy(self.source / "file.txt", self.source / "fresh", "--json",
                           to=self.service(), status=3)
        self.assertEqual(self.outcomes(sender), {"file.txt": "failed", "fresh": "sent"})
        self.assert_error(sender, "file.txt")
        [end] = self.events(sender, "end")
        self.assertEqual((end["files"], end["sent"], end["same"], end["failed"],
                          end["exit_status"]), (2, 1, 0, 1, 3))

    def test_each_of_the_failed_files_is_named(self):
        for number in range(30):
            self.write(f"refused{number}", b"mine")
            trees.put(f"{self.target}/source/refused{number}", b"another")
        self.write("taken", b"taken")
        sender = self.copy("-r", self.source, to=self.service(), status=3)
        for number in range(30):
            self.assert_error(sender, f"source/refused{number}'", "refused")
        self.assertEqual((self.target / "source" / "taken").read_bytes(), b"taken")
        self.assert_summary(sender, "31 files", "30 failed")

    def test_equal_bytes_with_another_time_are_the_same_file(self):
        for options in ((), ("--compare", "digest")):
            for rule in ("never", "rename"):
                with self.subTest(options=options, rule=rule):
                    path = self.arrange(b"equal", b"equal")
                    way = self.between(self.service("--overwrite", rule))
                    sender = self.copy(path, *options, "--json", to=way)
                    self.assertEqual(self.outcomes(sender), {"file.txt": "same"})
                    self.assertEqual(way.sniffer.body_bytes(), 0)
                    self.assertEqual(os.stat(self.target / "file.txt").st_mtime_ns, NEW)

    def test_other_bytes_with_equal_size_and_another_time_are_refused(self):
        self.copy(self.arrange(b"AAAA", b"BBBB"), to=self.service(), status=9)
        self.assert_folder(self.target, {"file.txt": b"BBBB"})

    def test_other_bytes_with_equal_size_and_time_are_found_by_comparing(self):
        path = self.arrange(b"AAAA", b"BBBB", OLD, OLD)
        self.assertEqual(self.outcomes(self.copy(path, "--json", to=self.service())),
                         {"file.txt": "same"})
        self.copy(path, "--compare", "digest", to=self.service(), status=9)
        self.assert_folder(self.target, {"file.txt": b"BBBB"})
        self.copy(path, "--compare", "digest", to=self.service("--overwrite", "always"))
        self.assert_folder(self.target, {"file.txt": b"AAAA"})

    def test_a_whole_tree_is_compared_without_a_body(self):
        trees.small_tree(self.source, files=60, large=2)
        way = self.between(self.service())
        self.copy("-r", self.source, to=way)
        way.sniffer.bodies.clear()
        for path, entry in trees.snapshot(self.target).items():
            if entry.kind == "file":
                os.utime(os.fsencode(self.target) + b"/" + path, ns=(0, 0))
        self.copy("-r", self.source, "--compare", "digest", to=way)
        self.assertEqual(way.sniffer.body_bytes(), 0)
        self.assert_copied()


class InTheWay(CopyCase):

    def assert_refused(self, status, *words, options=(), overwrite="always"):
        sender = self.copy("-r", *options, self.source, to=self.service("--overwrite", overwrite),
                           status=status)
        self.assert_error(sender, *words)

    def test_a_folder_in_place_of_a_file_is_refused_by_every_rule(self):
        self.write("thing", b"a file")
        self.write("other", b"other")
        (self.target / "source" / "thing").mkdir(parents=True)
        for rule in ("never", "always", "newer"):
            self.assert_refused(3, "source/thing", overwrite=rule)
        self.assertEqual((self.target / "source" / "other").read_bytes(), b"other")
        self.assertTrue((self.target / "source" / "thing").is_dir())

    def test_a_file_in_place_of_a_folder_is_refused(self):
        self.write("thing/below", b"a file")
        self.write("other", b"other")
        trees.put(f"{self.target}/source/thing", b"no folder")
        self.assert_refused(3, "source/thing/below")
        self.assertEqual((self.target / "source" / "thing").read_bytes(), b"no folder")
        self.assertEqual((self.target / "source" / "other").read_bytes(), b"other")

    def test_nothing_is_written_through_a_link_in_the_folder(self):
        outside = self.folder / "outside"
        trees.put(f"{outside}/file", b"outside")
        before = trees.snapshot(outside)
        self.write("folder/file", b"inside?")
        self.write("file", b"inside?")
        self.write_large("folder/large", 2 << 20)
        (self.target / "source").mkdir(parents=True)
        os.symlink(outside, self.target / "source" / "folder")
        os.symlink(outside / "file", self.target / "source" / "file")
        for rule in ("never", "rename", "always", "newer"):
            with self.subTest(rule=rule):
                self.copy("-r", self.source, to=self.service("--overwrite", rule), status=(3, 9))
                self.assertEqual(trees.snapshot(outside), before)

    def test_the_folder_itself_may_be_a_link(self):
        self.write("file", b"x")
        (self.folder / "real").mkdir()
        os.symlink(self.folder / "real", self.target)
        self.copy("-r", self.source, to=self.service())
        self.assert_copied()

    def test_links_are_not_followed_when_links_are_copied(self):
        outside = self.folder / "outside"
        outside.mkdir()
        os.symlink(outside, self.source / "link")
        self.copy("-r", "--links", self.source, to=self.service())
        other = self.folder / "other" / "source"
        trees.put(f"{other}/link/file", b"through the link?")
        self.copy("-r", other, to=self.service("--overwrite", "always"), status=(3, 9))
        self.assertEqual(list(outside.iterdir()), [])

    def test_links_that_another_process_plants_meanwhile_lead_nothing_outside(self):
        outside = self.folder / "outside"
        outside.mkdir()
        for number in range(400):
            self.write(f"d{number % 20}/file{number}", b"inside %d" % number)
        for number in range(3):
            self.write_large(f"d{number}/large", 2 << 20)
        stop, planted = threading.Event(), []

        def plant():
            """Puts links in place of folders, files and temporary files as they appear."""
            while not stop.is_set():
                for folder in list(self.target.glob("source/*")):
                    aside = self.folder / f"aside{len(planted)}"
                    try:
                        os.rename(folder, aside)
                        os.symlink(outside, folder)
                        planted.append(folder)
                    except OSError:
                        pass
                    stop.wait(0.001)
        planter = threading.Thread(target=plant)
        planter.start()
        try:
            service = self.service("--overwrite", "always")
            for _ in range(3):
                sender = self.start_copy("-r", self.source, to=service)
                sender.wait(60)
        finally:
            stop.set()
            planter.join()
        self.assertGreater(len(planted), 5)
        self.assertEqual(list(outside.iterdir()), [])
        self.assertTrue(service.running, service.describe())

    def test_a_file_that_another_connection_writes_is_busy(self):
        path = self.write_large(size=4 << 20)
        service = self.service()
        first = self.start_copy(path, "--bwlimit", "1M", to=service)
        wait_until(lambda: self.target.exists() and trees.temporaries(self.target),
                   what="the file in the making")
        second = self.start_copy(path, to=service)
        self.assertIn(second.wait(), (0, 9), second.describe())
        self.assert_status(first, 0)
        self.assert_folder(self.target, {"large": (self.source / "large").read_bytes()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
