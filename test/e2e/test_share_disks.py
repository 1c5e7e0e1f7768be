"""share on disks that are full or read-only, download to such ones."""

import os
import subprocess
import unittest

from harness import random_bytes
from sharing import ShareCase


class Disks(ShareCase):

    def mount(self, folder, options):
        """A small tmpfs."""
        if os.geteuid() != 0:
            self.skipTest("only root can mount a tmpfs")
        folder.mkdir(exist_ok=True)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)

    def remount(self, folder, option):
        subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)

    def test_an_upload_larger_than_the_free_space_is_refused_before_its_body(self):
        self.mount(self.shared, "size=2m")
        way = self.between(self.share())
        run = self.upload(self.write_large(size=4 << 20), self.write("small", b"x"), to=way,
                          status=3)
        self.assert_lines(run, "Fail large", "Success small")
        self.assert_error(run, "'large'", "space")
        self.assertLess(way.sent, 100_000)
        self.assert_files(self.shared, {"small": b"x"})

    def test_a_disk_that_fills_up_fails_uploads_and_serves_on(self):
        self.mount(self.shared, "size=4m")
        files = {f"file{number}": random_bytes(100_000, number) for number in range(100)}
        paths = [self.write(name, data) for name, data in files.items()]
        server = self.share()
        run = self.upload("--json", *paths, to=server, status=3)
        sent = {n for n, o in self.outcomes(run).items() if o == "sent"}
        self.assertGreater(len(sent), 10)
        self.assert_files(self.shared, {name: files[name] for name in sent})
        self.wait_served(server, {name: files[name] for name in sent})
        for name in sent:
            os.unlink(self.shared / name)
        self.upload(self.write("after", b"after"), to=server)
        self.assert_files(self.shared, {"after": b"after"})

    def test_a_full_disk_is_served_though_the_index_has_no_room(self):
        self.mount(self.shared, "size=1m")
        files = {"file": random_bytes(300_000, 1)}
        self.put_inside(files)
        filler = self.shared / "filler"
        data = bytes(os.statvfs(self.shared).f_bavail * os.statvfs(self.shared).f_frsize)
        filler.write_bytes(data)
        server = self.share()
        self.wait_served(server, {**files, "filler": data})
        self.download("file", to=server)
        self.assert_files(self.target, files)

    def put_inside(self, files):
        for name, data in files.items():
            (self.shared / name).write_bytes(data)

    def test_a_read_only_folder_is_served_and_uploads_are_refused(self):
        self.mount(self.shared, "size=64m")
        files = {"one": random_bytes(3 << 20, 1), "two": b"2"}
        self.put_inside(files)
        self.remount(self.shared, "ro")
        for options in ((), ("--read-only",)):
            with self.subTest(options=options):
                server = self.share(*options)
                self.wait_served(server, files)
                output = self.folder / f"target{len(options)}"
                self.download("--all", to=server, output=output)
                self.assert_files(output, files)
                run = self.upload(self.write("file", b"x"), to=server, status=9 if options else 1)
                self.assert_lines(run, "Fail file")
                self.assert_error(run, "read-only" if options else "'file'")
                server.end()

    def test_with_read_only_nothing_is_written_to_the_files(self):
        self.put("file", b"x")
        before = os.stat(self.shared / "file")
        server = self.share("--read-only")
        self.wait_served(server, {"file": b"x"})
        after = os.stat(self.shared / "file")
        self.assertEqual((before.st_mtime_ns, before.st_ctime_ns),
                         (after.st_mtime_ns, after.st_ctime_ns))

    def test_a_target_that_is_full_is_11_and_names_the_file(self):
        self.mount(self.target, "size=1m")
        server = self.serve({"large": random_bytes(4 << 20, 1), "small": b"x"})
        run = self.download("--all", to=server, status=3)
        self.assert_error(run, "'large'", "space")
        self.assert_files(self.target, {"small": b"x"})
        run = self.download("large", to=server, status=11)
        self.assert_error(run, "'large'", "space")

    def test_a_target_that_is_read_only_is_11(self):
        self.mount(self.target, "size=1m")
        self.remount(self.target, "ro")
        server = self.serve({"file": b"x"})
        run = self.download("file", to=server, status=11)
        self.assert_error(run, "Read-only file system")

    def test_standard_output_that_is_full_is_11(self):
        server = self.serve({"file": random_bytes(3 << 20, 1)})
        with open("/dev/full", "wb") as full:
            run = subprocess.run([os.environ["NETCOPY"], "download", "-o", "-", "file",
                                  server.endpoint], stdout=full, stderr=subprocess.PIPE,
                                 timeout=20, check=False)
        self.assertEqual(run.returncode, 11, run.stderr)
        self.assertIn(b"No space left on device", run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
