"""--manifest writes what `sha256sum -c` reads, and `verify` checks what either wrote."""

import os
import subprocess
import unittest

import trees
from copying import CopyCase
from harness import random_bytes


def sha256sum(*arguments, folder, check=False):
    return subprocess.run(["sha256sum", *arguments], cwd=folder, capture_output=True, check=check)


class Manifest(CopyCase):

    def setUp(self):
        super().setUp()
        self.manifest = self.folder / "manifest"

    def send(self, *words, **settings):
        return self.copy("--manifest", self.manifest, *words, **settings)

    def assert_sha256sum_agrees(self, files):
        checked = sha256sum("--strict", "-c", self.manifest, folder=self.target)
        self.assertEqual(checked.returncode, 0, checked.stderr + checked.stdout[-1000:])
        self.assertEqual(len(self.manifest.read_bytes().splitlines()), files)

    def test_sha256sum_agrees_with_the_manifest_of_a_tree(self):
        trees.small_tree(self.source, files=50, large=2)
        service = self.service()
        self.send("-r", self.source, to=service)
        self.assert_sha256sum_agrees(52)
        self.manifest.unlink()
        self.send("-r", self.source, to=service)  # all of them were there already
        self.assert_sha256sum_agrees(52)

    def test_sha256sum_agrees_with_names_of_every_kind(self):
        for name in trees.names():
            self.write(name, name)
        self.send("-r", self.source, to=self.service())
        self.assert_sha256sum_agrees(len(list(trees.names())))

    def test_it_is_byte_for_byte_what_sha256sum_prints(self):
        for name in ("plain", "with space", "with\\backslash", "with\nnewline", "with\rreturn"):
            self.write(name, name.encode())
        self.send("-r", self.source, to=self.service())
        files = [os.fsencode(p) for p in self.target.rglob("*") if p.is_file()]
        names = [os.path.relpath(f, os.fsencode(self.target)) for f in files]
        printed = sha256sum("--", *names, folder=self.target, check=True).stdout
        self.assertEqual(sorted(self.manifest.read_bytes().split(b"\n")),
                         sorted(printed.split(b"\n")))

    def test_names_are_those_that_the_receiver_gave(self):
        trees.put(f"{self.target}/file.txt", b"theirs")
        self.send(self.write("file.txt", b"mine"), to=self.service("--overwrite", "rename"))
        self.assert_sha256sum_agrees(1)
        self.assertIn(b"  file (2).txt", self.manifest.read_bytes())

    def test_what_failed_is_not_in_it(self):
        trees.put(f"{self.target}/refused", b"another")
        self.send(self.write("refused", b"mine"), self.write("taken", b"taken"),
                  to=self.service(), status=3)
        self.assert_sha256sum_agrees(1)

    def test_another_digest_beside_sha256_is_no_hindrance_and_instead_of_it_is_a_usage_error(self):
        path = self.write("file", b"x")
        service = self.service()
        self.send(path, "--checksum", "crc32c,sha256", to=service)
        self.assert_sha256sum_agrees(1)
        self.send(path, "--checksum", "crc32c", to=service, status=2)

    def test_a_manifest_that_cannot_be_written_is_a_local_error(self):
        sender = self.copy(self.write("file", b"x"), "--manifest", self.folder / "missing" / "m",
                           to=self.service(), status=11)
        self.assert_error(sender, "missing")

    def test_a_resumed_file_is_in_it_with_the_digest_of_all(self):
        data = random_bytes(6 << 20)
        path = self.write("large", data)
        service = self.service()
        way = self.between(service, on_bytes=lambda way: way.sniffer.body_bytes() > 3 << 20
                           and victim.kill())
        victim = self.start_copy(path, "--bwlimit", "16M", to=way)
        victim.wait()
        self.send(path, to=service)
        self.assert_sha256sum_agrees(1)


class Verify(CopyCase):

    def setUp(self):
        super().setUp()
        for name in trees.names():
            self.write(b"n/" + name, name)
        self.write_large("sub/large", 3 << 20)
        self.manifest = self.folder / "manifest"
        names = [p for p, e in trees.snapshot(self.source).items() if e.kind == "file"]
        self.manifest.write_bytes(
            sha256sum("--", *names, folder=self.source, check=True).stdout)

    def verify(self, *words, status, manifest=None, **settings):
        run = self.run_netcopy("verify", *words, manifest or self.manifest, self.source, **settings)
        self.assert_status(run, status)
        return run

    def test_a_whole_tree_is_verified_in_silence(self):
        for jobs in ((), ("-j", 1), ("--jobs", 8)):
            self.assertEqual(self.verify(*jobs, status=0).stdout, b"")

    def test_the_folder_is_here_by_default_and_the_manifest_may_come_on_stdin(self):
        run = self.run_netcopy("verify", self.manifest, folder=self.source)
        self.assert_verdict(run, b"", 0)
        run = self.run_netcopy("verify", "-", folder=self.source, stdin=self.manifest.read_bytes())
        self.assert_verdict(run, b"", 0)

    def test_what_differs_and_what_is_missing_is_named(self):
        self.write("sub/large", random_bytes((3 << 20) - 1))
        os.unlink(self.source / "n" / "con")
        run = self.verify(status=4)
        self.assertEqual(sorted(run.stdout.splitlines()), [b"n/con: missing", b"sub/large: FAILED"])

    def test_only_missing_files_have_a_status_of_their_own(self):
        os.unlink(self.source / "n" / "con")
        self.assertEqual(self.verify(status=11).stdout, b"n/con: missing\n")

    def test_the_mark_of_binary_mode_and_empty_lines_are_understood(self):
        names = [b"n/con", b"sub/large"]
        self.manifest.write_bytes(
            sha256sum("--binary", *names, folder=self.source, check=True).stdout)
        self.verify(status=0)

    def test_a_malformed_manifest_is_told_with_its_line(self):
        whole = self.manifest.read_bytes()
        for broken in (b"no manifest\n", whole + b"0123  short digest\n",
                       whole + b"g" * 64 + b"  no hex\n", whole + b"0" * 64 + b" one space\n"):
            self.manifest.write_bytes(broken)
            run = self.verify(status=1)
            self.assert_error(run, "manifest", str(broken.count(b"\n")))

    def test_a_missing_manifest_is_a_usage_error(self):
        self.verify(status=2, manifest=self.folder / "missing")

    def test_a_folder_or_fifo_in_place_of_a_file_is_no_hang(self):
        os.unlink(self.source / "n" / "con")
        os.mkfifo(self.source / "n" / "con")
        os.unlink(self.source / "sub" / "large")
        (self.source / "sub" / "large").mkdir()
        self.assertIn(b"n/con", self.verify(status=(4, 11)).stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
