"""What does not fit: quota, sizes, full and read-only disks, descriptors."""

import os
import resource
import subprocess
import unittest

import trees
from copying import CopyCase
from harness import random_bytes, wait_until


class Limits(CopyCase):

    def test_a_file_beyond_the_largest_size_is_refused_before_its_body(self):
        small = self.write("small", b"x" * 1024)
        large = self.write("large", b"x" * 1025)
        way = self.between(self.service("--max-size", "1K"))
        sender = self.copy(small, large, to=way, status=3)
        self.assert_error(sender, "'large'", "refused")
        self.assert_folder(self.target, {"small": b"x" * 1024})
        self.assertEqual(way.sniffer.bodies, {b"small": 1024})

    def test_standard_input_beyond_the_largest_size_is_refused_at_last(self):
        self.copy("-", "--name", "pipe", to=self.service("--max-size", "1M"), stdin=bytes(3 << 20),
                  status=9)
        self.assert_folder(self.target, {})

    def test_the_quota_holds_for_the_whole_folder_and_what_lies_there_counts(self):
        trees.put(f"{self.target}/before", b"x" * 600_000)
        service = self.service("--quota", 1_000_000)
        self.copy(self.write("fits", b"f" * 300_000), to=service)
        way = self.between(service)
        sender = self.copy(self.write("too much", b"t" * 200_000), to=way, status=9)
        self.assert_error(sender, "'too much'", "quota")
        self.assertEqual(way.sniffer.body_bytes(), 0)
        self.copy(self.write("still fits", b"s" * 90_000), to=service)
        self.assertEqual(sorted(os.listdir(self.target)), ["before", "fits", "still fits"])

    def test_the_quota_holds_among_senders_at_the_same_time(self):
        service = self.service("--quota", 10 << 20)
        paths = [self.write_large(f"file{n}", 3 << 20, n + 1) for n in range(8)]
        senders = [self.start_copy(path, to=service) for path in paths]
        statuses = [sender.wait(60) for sender in senders]
        self.assertEqual(sorted(set(statuses)), [0, 9])
        sizes = [e.size for e in trees.snapshot(self.target).values() if e.kind == "file"]
        self.assertLessEqual(sum(sizes), 10 << 20)
        self.assertEqual(len(sizes), statuses.count(0))


class Disks(CopyCase):

    def mount(self, options):
        """A small tmpfs for a target."""
        if os.geteuid() != 0:
            self.skipTest("only root can mount a tmpfs")
        self.target.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.target],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.target], check=True)

    def test_a_file_larger_than_the_free_space_is_refused_before_its_body(self):
        self.mount("size=2m")
        way = self.between(self.service())
        sender = self.copy(self.write_large(size=4 << 20), self.write("small", b"x"), to=way,
                           status=3)
        self.assert_error(sender, "'large'", "space")
        self.assertEqual(way.sniffer.bodies, {b"small": 1})
        self.assert_folder(self.target, {"small": b"x"})

    def test_a_disk_that_fills_up_fails_files_and_serves_on(self):
        self.mount("size=4m")
        for number in range(100):
            self.write(f"file{number}", random_bytes(100_000, number))
        service = self.service()
        sender = self.copy("-r", self.source, "--json", to=service, status=3)
        outcomes = self.outcomes(sender)
        there = {p for p, e in trees.snapshot(self.target).items() if e.kind == "file"}
        self.assertEqual({os.fsencode(n) for n, o in outcomes.items() if o == "sent"}, there)
        self.assertEqual(trees.wrong_names(
            {b"source/" + p if p else b"source": e
             for p, e in trees.snapshot(self.source).items()}, self.target), [])
        self.assertGreater(len(there), 10)
        for name in os.listdir(self.target / "source"):
            os.unlink(self.target / "source" / name)
        self.copy(self.write("after", b"after"), to=service)
        self.assertEqual((self.target / "after").read_bytes(), b"after")

    def test_standard_input_that_fills_the_disk_fails_and_leaves_nothing(self):
        self.mount("size=2m")
        service = self.service()
        sender = self.copy("-", "--name", "pipe", to=service, stdin=bytes(range(256)) * 40_000,
                           status=(1, 9))
        self.assert_error(sender, "pipe")
        wait_until(lambda: os.listdir(self.target) == [], what="an empty folder")
        self.copy(self.write("after", b"after"), to=service)

    def test_a_disk_without_inodes_fails_files_and_serves_on(self):
        self.mount("size=8m,nr_inodes=12")
        for number in range(30):
            self.write(f"file{number}", b"%d" % number)
        service = self.service()
        sender = self.copy("-r", self.source, to=service, status=3)
        self.assert_error(sender, "No space left on device")
        self.assertTrue(service.running)

    def test_a_read_only_folder_is_told_and_nothing_is_confirmed(self):
        self.mount("size=64m")
        subprocess.run(["mount", "-o", "remount,ro", self.target], check=True)
        service = self.start("receive", self.target, "--listen", "127.0.0.1:0")
        wait_until(lambda: not service.running or b"listening" in service.stderr, what="a decision")
        if not service.running:
            self.assert_status(service, 11)
            return
        service.listening()
        sender = self.copy(self.write("file", b"x"), self.write_large(), to=service, status=1)
        self.assert_error(sender, "'file'", "Read-only file system")
        self.assert_error(sender, "'large'", "Read-only file system")

    def test_few_descriptors_are_enough_for_many_files(self):
        trees.small_tree(self.source, files=2000)
        service = self.service()
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (64, 64))
        self.copy("-r", self.source, "-j", 2, to=service)
        self.assert_copied()

    def test_a_folder_that_is_a_file_is_an_error_before_listening(self):
        trees.put(self.target, b"no folder")
        service = self.start("receive", self.target, "--listen", "127.0.0.1:0")
        self.assert_status(service, 11)
        self.assertNotIn(b"listening", service.stderr)
        self.assert_one_error_line(service, "netcopy receive: ", "target")


if __name__ == "__main__":
    unittest.main(verbosity=2)
