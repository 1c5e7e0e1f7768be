"""Files and trees from `send` to `receive`: they arrive as they were, a second time for nothing."""

import hashlib
import os
import stat
import subprocess
import unittest

import trees
from copying import CopyCase
from harness import random_bytes


class Files(CopyCase):

    def test_one_file_arrives_with_its_bytes_mode_and_time(self):
        path = self.write("hello world.txt", b"hello\n", mode=0o640, mtime=trees.MTIMES[5])
        sender = self.copy(path, to=self.service())
        self.assertEqual(sender.stdout, b"")
        self.assert_copied(folders=False, target=self.target)
        self.assert_summary(sender, "1 file,")

    def test_an_empty_file_arrives(self):
        self.copy(self.write("empty"), to=self.service())
        self.assert_folder(self.target, {"empty": b""})

    def test_several_operands_arrive_side_by_side(self):
        paths = [self.write("a/one", b"1"), self.write("b/two", b"2"), self.write("three", b"3")]
        self.copy(*paths, to=self.service())
        self.assert_folder(self.target, {"one": b"1", "two": b"2", "three": b"3"})

    def test_a_service_takes_one_sender_after_the_other(self):
        service = self.service()
        for number in range(5):
            self.copy(self.write(f"file{number}", b"%d" % number), to=service)
        self.assert_folder(self.target, {f"file{n}": b"%d" % n for n in range(5)})
        self.assertTrue(service.running)

    def test_the_default_port_and_the_port_option_are_understood(self):
        service = self.service()
        path = self.write("file", b"x")
        self.start("send", path, "127.0.0.1", "-p", service.port).wait()
        self.assert_folder(self.target, {"file": b"x"})

    def test_netcopy_is_found_out_to_be_spoken(self):
        """`--protocol auto`, the default."""
        way = self.between(self.service())
        self.copy(self.write("file", b"x"), to=way, environment={"NETCOPY_PROTOCOL": ""})
        self.assertEqual(way.sniffer.bodies, {b"file": 1})
        self.assert_folder(self.target, {"file": b"x"})

    def test_ipv6_is_an_address_like_others(self):
        service = self.service(listen="[::1]:0")
        self.copy("-r", self.source, self.write("file", b"six"), to=service)
        self.assertEqual((self.target / "file").read_bytes(), b"six")

    def test_an_operand_that_is_a_link_is_followed(self):
        self.write("file", b"behind the link")
        os.symlink("file", self.source / "link")
        self.copy(self.source / "link", to=self.service())
        self.assertEqual((self.target / "link").read_bytes(), b"behind the link")
        self.assertFalse((self.target / "link").is_symlink())

    def test_a_folder_without_recursion_is_a_usage_error(self):
        sender = self.copy(self.source, to=self.service(), status=2)
        self.assert_one_error_line(sender, "source", "-r")
        self.assertFalse((self.target / "source").exists())

    def test_standard_input_becomes_a_file_of_the_given_name(self):
        data = random_bytes(3_000_001)
        sender = self.copy("-", "--name", "from/a pipe", to=self.service(), stdin=data)
        self.assertTrue((self.target / "from" / "a pipe").read_bytes() == data)
        self.assert_summary(sender)

    def test_an_empty_standard_input_becomes_an_empty_file(self):
        self.copy("-", "--name", "nothing", to=self.service())
        self.assert_folder(self.target, {"nothing": b""})

    def test_each_checksum_can_be_asked_for(self):
        for kinds in ("sha256", "md5", "sha1", "crc32", "crc32c", "sha256,md5", "crc32c,sha256"):
            with self.subTest(kinds=kinds):
                path = self.write(kinds, kinds.encode())
                sender = self.copy(path, "--checksum", kinds, "--json", to=self.service())
                self.assertEqual((self.target / kinds).read_bytes(), kinds.encode())
                [event] = self.events(sender, "file")
                self.assertEqual(sorted(event["digests"]), sorted(kinds.split(",")))
                for kind, value in event["digests"].items():
                    if kind in hashlib.algorithms_available:
                        self.assertEqual(value, hashlib.new(kind, kinds.encode()).hexdigest())

    def test_no_digest_of_another_name_is_taken(self):
        path = self.write("file", b"x")
        self.copy(path, "--checksum", "sha512", to=("127.0.0.1", 1), status=2)


class Trees(CopyCase):

    def test_a_tree_with_every_kind_of_name_and_file_arrives_as_it_is(self):
        trees.hostile_tree(self.source)
        service = self.service()
        sender = self.copy("-r", self.source, to=service)
        self.assert_copied()
        self.assert_no_temporaries()
        files = sum(e.kind == "file" for e in trees.snapshot(self.source).values())
        self.assert_summary(sender, f"{files} files,")

    def test_the_second_time_no_body_is_sent(self):
        trees.hostile_tree(self.source)
        way = self.between(self.service())
        self.copy("-r", self.source, to=way)
        self.assertIsNone(way.sniffer.broken)
        first = way.sniffer.body_bytes()
        self.assertGreater(first, 1 << 20)
        sender = self.copy("-r", self.source, to=way)
        self.assertEqual(way.sniffer.body_bytes(), first)
        files = sum(e.kind == "file" for e in trees.snapshot(self.source).values())
        self.assert_summary(sender, f"{files} files", f"{files} were there already")
        self.assert_copied()

    def test_only_what_is_new_is_sent(self):
        trees.small_tree(self.source)
        way = self.between(self.service())
        self.copy("-r", self.source, to=way)
        way.sniffer.bodies.clear()
        self.write("a/new", b"new bytes")
        self.copy("-r", self.source, to=way)
        self.assertEqual(way.sniffer.bodies, {b"source/a/new": 9})
        self.assert_copied()

    def test_several_connections_carry_one_tree(self):
        trees.small_tree(self.source, files=300, large=4, large_size=2 << 20)
        for jobs in (1, 2, 16):
            with self.subTest(jobs=jobs):
                target = self.folder / f"target{jobs}"
                way = self.between(self.service(target=target))
                self.copy("-r", "-j", jobs, self.source, to=way)
                self.assert_copied(target=target / "source")
                self.assertLessEqual(way.connections, jobs)
                self.assertIsNone(way.sniffer.broken)
                self.assertEqual(len({o.split(b"session=")[1].split()[0]
                                      for o in way.sniffer.openings}), 1)

    def test_a_dot_stands_for_what_is_in_the_folder(self):
        trees.small_tree(self.source)
        self.copy("-r", ".", to=self.service(), folder=self.source)
        story = trees.differences(self.source, self.target)
        self.assertEqual([line for line in story if not line.startswith("b'': ")], [])

    def test_a_slash_behind_a_folder_changes_nothing(self):
        trees.small_tree(self.source, files=4)
        self.copy("-r", f"{self.source}/", to=self.service())
        self.assert_copied()

    def test_a_tree_that_is_very_deep_arrives(self):
        trees.put(os.fsencode(self.source) + b"/" + b"d/" * 1500 + b"file", b"x")
        self.copy("-r", self.source, to=self.service())
        self.assertEqual(trees.digest_of(os.fsencode(self.target) + b"/source/" + b"d/" * 1500 +
                                         b"file"), hashlib.sha256(b"x").hexdigest())

    def test_a_path_that_the_protocol_cannot_say_is_one_failed_file(self):
        self.write("a good one", b"x")
        where = os.open(self.source, os.O_RDONLY)
        for _ in range(20):  # 20 components of 250 bytes are more than 4096
            os.mkdir(b"p" * 250, dir_fd=where)
            below = os.open(b"p" * 250, os.O_RDONLY, dir_fd=where)
            os.close(where)
            where = below
        os.close(os.open(b"file", os.O_CREAT | os.O_WRONLY, dir_fd=where))
        os.close(where)
        sender = self.copy("-r", self.source, to=self.service(), status=3)
        self.assertEqual((self.target / "source" / "a good one").read_bytes(), b"x")
        self.assert_error(sender, "p" * 20)

    def test_links_and_special_files_are_left_out_and_told_of(self):
        self.write("file", b"x")
        trees.hostile_links(os.fsencode(self.source) + b"/links")
        trees.special_files(self.source)
        sender = self.copy("-r", self.source, to=self.service())
        self.assert_copied()
        self.assert_summary(sender, "left out")

    def test_links_are_kept_as_links_when_asked(self):
        trees.hostile_tree(self.source, links=True)
        service = self.service()
        self.copy("-r", "--links", self.source, to=service)
        self.assert_copied(links=True)
        self.copy("-r", "--links", self.source, to=service)
        self.assert_copied(links=True)

    def test_without_metadata_only_names_and_bytes_arrive(self):
        path = self.write("file", b"x", mode=0o600, mtime=0)
        self.copy(path, "--no-metadata", to=self.service())
        status = os.stat(self.target / "file")
        self.assertNotEqual(status.st_mtime_ns, 0)
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o666 & ~umask)
        trees.small_tree(self.source)
        self.copy("-r", self.source, "--no-metadata", to=self.service())
        self.assert_copied(metadata=False)

    def test_a_sparse_file_stays_sparse_and_its_holes_are_not_sent(self):
        trees.put_sparse(f"{self.source}/holes", 256 << 20,
                         {(100 << 20) + 7: random_bytes(100_000), (200 << 20): b"x" * 5000})
        trees.put_sparse(f"{self.source}/nothing else", 64 << 20, {})
        if os.stat(self.source / "holes").st_blocks * 512 > 1 << 20:
            self.skipTest("the file system here keeps no holes")
        way = self.between(self.service())
        self.copy("-r", self.source, to=way)
        self.assert_copied()
        self.assertLess(way.sniffer.body_bytes(), 1 << 20)
        for name, most in (("holes", 1 << 20), ("nothing else", 1 << 16)):
            blocks = os.stat(self.target / "source" / name).st_blocks
            self.assertLess(blocks * 512, most, name)

    def test_fifty_levels_of_read_only_folders_arrive(self):
        place = self.source
        for level in range(50):
            place = place / f"level{level}"
        place.mkdir(parents=True)
        (place / "file").write_bytes(b"x")
        for folder, _, _ in os.walk(self.source, topdown=False):
            os.chmod(folder, 0o555)
        self.addCleanup(subprocess.run, ["chmod", "-R", "u+w", self.folder], check=True)
        self.copy("-r", self.source, to=self.service())
        self.assert_copied()


class Selection(CopyCase):

    def setUp(self):
        super().setUp()
        for name in ("a.txt", "a.o", "keep.o", "sub/b.txt", "sub/b.o", "sub/deep/c.txt",
                     "build/x.txt", "sub/build/y.txt"):
            self.write(name, name.encode())

    def assert_selected(self, options, names):
        target = self.folder / f"target{len(list(self.folder.iterdir()))}"
        self.copy("-r", *options, self.source, to=self.service(target=target))
        found = {os.fsdecode(p) for p, e in trees.snapshot(target).items() if e.kind == "file"}
        self.assertEqual(found, {f"source/{n}" for n in names}, options)

    def test_what_is_excluded_stays_behind(self):
        self.assert_selected(["--exclude", "*.o"], ["a.txt", "sub/b.txt", "sub/deep/c.txt",
                                                    "build/x.txt", "sub/build/y.txt"])

    def test_the_first_rule_that_matches_decides(self):
        self.assert_selected(["--include", "keep.o", "--exclude", "*.o", "--exclude", "build/"],
                             ["a.txt", "keep.o", "sub/b.txt", "sub/deep/c.txt"])
        self.assert_selected(["--exclude", "*.o", "--include", "keep.o", "--exclude", "build/"],
                             ["a.txt", "sub/b.txt", "sub/deep/c.txt"])

    def test_a_folder_that_is_excluded_takes_all_below_with_it(self):
        self.assert_selected(["--exclude", "sub", "--include", "*.txt", "--exclude", "*.o"],
                             ["a.txt", "build/x.txt"])

    def test_a_pattern_with_a_slash_is_held_against_the_whole_path(self):
        self.assert_selected(["--exclude", "sub/*.txt", "--exclude", "**/deep/*", "--exclude",
                              "*.o"], ["a.txt", "build/x.txt", "sub/build/y.txt"])

    def test_only_what_is_included_can_be_asked_for(self):
        self.assert_selected(["--include", "*.txt", "--include", "*/", "--exclude", "*"],
                             ["a.txt", "sub/b.txt", "sub/deep/c.txt", "build/x.txt",
                              "sub/build/y.txt"])


class DryRun(CopyCase):

    def test_it_tells_what_would_be_sent_and_sends_nothing(self):
        service = self.service()
        self.copy(self.write("same", b"same"), self.write("other", b"old"), to=service)
        self.write("other", b"new, and longer")
        self.write("fresh", b"fresh")
        before = trees.snapshot(self.target)
        way = self.between(service)
        paths = [self.source / name for name in ("same", "other", "fresh")]
        run = self.copy("--dry-run", *paths, to=way, status=3)
        lines = sorted(run.stdout.splitlines())
        self.assertEqual(lines[1:], [b"same same", b"send fresh"], run.describe())
        self.assertTrue(lines[0].startswith(b"refused other: "), run.describe())
        self.assertEqual(way.sniffer.body_bytes(), 0)
        self.assertEqual(trees.snapshot(self.target), before)

    def test_a_tree_is_told_file_by_file_and_no_folder_is_made(self):
        trees.small_tree(self.source)
        run = self.copy("--dry-run", "-r", self.source, to=self.service())
        names = {p for p, e in trees.snapshot(self.source).items() if e.kind == "file"}
        self.assertEqual(set(run.stdout.splitlines()), {b"send source/" + n for n in names})
        self.assertEqual(list(self.target.iterdir()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
