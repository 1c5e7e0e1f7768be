"""Local file systems that say no: full, read-only, no regular file, too large."""

import os
import stat
import subprocess
import unittest

import raw
from harness import CORRUPTED, Case, OK, md5_hex, random_bytes, wait_until


class Disk(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()

    def mount(self, options):
        """A small tmpfs in the temporary folder."""
        if os.geteuid() != 0:
            self.skipTest("only root can mount a tmpfs")
        place = self.folder / "mounted"
        place.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
                              capture_output=True,
                              text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def start_receive(self, path, *options):
        """Like `receiver`, but it may refuse before it listens."""
        return self.start("receive", path, "--listen", "127.0.0.1:0", "--checksum-server",
                          self.checksums.endpoint, "--id", 1, *options)

    def assert_refused_before_listening(self, path, *words):
        receiver = self.start_receive(path)
        self.assert_verdict(receiver, b"", 11)
        self.assertNotIn(b"listening", receiver.stderr)
        self.assert_one_error_line(receiver, "netcopy receive: ", *words)


class FullDisk(Disk):

    def test_a_full_disk_is_a_local_error_and_the_older_file_stays(self):
        place = self.mount("size=1m")
        target = place / "target"
        target.write_bytes(b"older")
        source = self.make_file(random_bytes(4 << 20))
        receiver = self.receiver(target, self.checksums)
        sender = self.sender(source, receiver, self.checksums)
        self.assert_verdict(receiver, CORRUPTED, 11)
        self.assert_one_error_line(receiver, "netcopy receive: ", "No space left on device")
        self.assert_status(sender, 8)
        self.assert_folder(place, {"target": b"older"})

    def test_a_disk_that_is_full_from_the_start_is_a_local_error(self):
        place = self.mount("size=64k")
        filler = place / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        receiver = self.receiver(place / "target", self.checksums)
        raw.insert(self.checksums, 1, md5_hex(b"no room"))
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"no room")
        self.assert_verdict(receiver, CORRUPTED, 11)
        self.assertEqual(os.listdir(place), ["filler"])

    def test_a_disk_without_inodes_is_a_local_error(self):
        place = self.mount("size=1m,nr_inodes=2")
        (place / "last").write_bytes(b"")
        receiver = self.start_receive(place / "target")
        wait_until(lambda: not receiver.running or b"listening" in receiver.stderr,
                   what="a decision")
        if receiver.running:
            receiver.listening()
            with raw.connect(receiver.address) as peer:
                peer.sendall(b"no inode")
                raw.ends(peer)
        self.assert_status(receiver, 11)

    def test_a_full_disk_does_not_stop_the_service(self):
        place = self.mount("size=1m")
        target = place / "target"
        receiver = self.receiver(target, self.checksums, "--keep-running")
        source = self.make_file(random_bytes(4 << 20))
        self.assert_status(self.sender(source, receiver, self.checksums), 8)
        small = self.make_file(b"small", "small")
        self.assert_status(self.sender(small, receiver, self.checksums), 0)
        wait_until(lambda: receiver.stdout.count(b"\n") == 2, what="two verdicts")
        self.assertEqual(receiver.stdout, CORRUPTED + OK)
        self.assert_folder(place, {"target": b"small"})


class ReadOnly(Disk):

    def test_a_read_only_folder_is_a_local_error_and_the_older_file_stays(self):
        place = self.mount("size=1m")
        target = place / "target"
        target.write_bytes(b"older")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        receiver = self.start_receive(target)
        wait_until(lambda: not receiver.running or b"listening" in receiver.stderr,
                   what="a decision")
        if receiver.running:
            receiver.listening()
            with raw.connect(receiver.address) as peer:
                peer.sendall(b"newer")
                raw.ends(peer)
        self.assert_status(receiver, 11)
        self.assertIn(b"Read-only file system", receiver.stderr)
        self.assert_folder(place, {"target": b"older"})

    def test_a_folder_without_permission_is_a_local_error(self):
        if os.geteuid() == 0:
            self.skipTest("permissions do not bind root; the read-only mount covers this")
        place = self.folder / "forbidden"
        place.mkdir(mode=0o500)
        self.assert_status(self.start_receive(place / "target"), 11)


class Paths(Disk):

    def test_a_directory_is_refused_before_listening(self):
        self.assert_refused_before_listening(self.folder, str(self.folder))

    def test_a_path_with_a_trailing_slash_is_refused_before_listening(self):
        self.assert_refused_before_listening(f"{self.folder}/")
        self.assert_refused_before_listening(f"{self.folder}/new/")

    def test_a_device_is_refused_before_listening(self):
        self.assert_refused_before_listening("/dev/null", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_a_fifo_is_refused_before_listening(self):
        os.mkfifo(self.folder / "fifo")
        self.assert_refused_before_listening(self.folder / "fifo", "fifo")

    def test_a_missing_folder_is_a_local_error(self):
        receiver = self.start_receive(self.folder / "missing" / "target")
        wait_until(lambda: not receiver.running or b"listening" in receiver.stderr,
                   what="a decision")
        if receiver.running:
            receiver.listening()
            with raw.connect(receiver.address) as peer:
                raw.ends(peer)
        self.assert_status(receiver, 11)
        self.assertIn(b"No such file or directory", receiver.stderr)

    def test_an_empty_path_is_refused(self):
        self.assertIn(self.start_receive("").wait(), (2, 11))

    def receive(self, path, data):
        receiver = self.receiver(path, self.checksums)
        raw.insert(self.checksums, 1, md5_hex(data))
        with raw.connect(receiver.address) as peer:
            peer.sendall(data)
        self.assert_verdict(receiver, OK, 0)

    def test_the_target_of_a_symbolic_link_is_replaced(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "file").write_bytes(b"older")
        link = self.folder / "link"
        link.symlink_to("elsewhere/file")
        self.receive(link, b"through the link")
        self.assertTrue(link.is_symlink())
        self.assertEqual(os.readlink(link), "elsewhere/file")
        self.assert_folder(elsewhere, {"file": b"through the link"})
        self.assertEqual(sorted(os.listdir(self.folder)), ["elsewhere", "link"])

    def test_a_symbolic_link_to_nothing_yet_makes_its_target(self):
        link = self.folder / "link"
        link.symlink_to("not yet there")
        self.receive(link, b"now it is")
        self.assertTrue(link.is_symlink())
        self.assertEqual((self.folder / "not yet there").read_bytes(), b"now it is")

    def test_a_circle_of_symbolic_links_is_refused_before_listening(self):
        (self.folder / "one").symlink_to("other")
        (self.folder / "other").symlink_to("one")
        self.assert_refused_before_listening(self.folder / "one", "one")

    def test_a_symbolic_link_to_a_directory_or_device_is_refused(self):
        for number, place in enumerate((self.folder, "/dev/null")):
            link = self.folder / f"link{number}"
            link.symlink_to(place)
            self.assert_refused_before_listening(link)

    def test_a_folder_in_the_place_of_what_does_not_verify_is_left_alone(self):
        (self.folder / "target.corrupted").mkdir()
        raw.insert(self.checksums, 1, md5_hex(b"other"))
        receiver = self.receiver(self.folder / "target", self.checksums)
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"damaged")
        self.assert_verdict(receiver, CORRUPTED, 4)
        self.assertEqual(os.listdir(self.folder), ["target.corrupted"])

    def test_a_private_file_stays_private_and_no_program_becomes_set_uid(self):
        target = self.folder / "target"
        for before, after in ((0o600, 0o600), (0o640, 0o640), (0o4755, 0o755)):
            target.write_bytes(b"older")
            target.chmod(before)
            self.receive(target, b"newer")
            self.assertEqual(oct(stat.S_IMODE(target.stat().st_mode)), oct(after))

    def test_a_second_name_of_the_older_file_keeps_its_bytes(self):
        target, other = self.folder / "target", self.folder / "other"
        target.write_bytes(b"older")
        os.link(target, other)
        self.receive(target, b"newer")
        self.assert_folder(self.folder, {"target": b"newer", "other": b"older"})

    def test_a_reader_of_the_older_file_keeps_its_bytes(self):
        target = self.folder / "target"
        target.write_bytes(b"older")
        with open(target, "rb") as reader:
            self.receive(target, b"newer")
            self.assertEqual(reader.read(), b"older")


class MaxSize(Disk):

    def receive(self, data, *options):
        target = self.folder / "target"
        target.write_bytes(b"older")
        receiver = self.receiver(target, self.checksums, *options)
        raw.insert(self.checksums, 1, md5_hex(data))
        with raw.connect(receiver.address) as peer:
            try:
                peer.sendall(data)
                peer.shutdown(1)
                raw.ends(peer)
            except ConnectionError:
                pass
        return receiver

    def test_a_file_beyond_the_limit_is_refused_and_nothing_of_it_kept(self):
        for size in (1025, 1 << 20):
            receiver = self.receive(random_bytes(size), "--max-size", 1024)
            self.assert_verdict(receiver, CORRUPTED, 9)
            self.assert_one_error_line(receiver, "netcopy receive: ")
            self.assert_folder(self.folder, {"target": b"older"})

    def test_a_file_of_exactly_the_limit_is_taken(self):
        self.assert_verdict(self.receive(random_bytes(1024), "--max-size", 1024), OK, 0)

    def test_the_limit_takes_suffixes(self):
        self.assert_verdict(self.receive(random_bytes(2 << 20), "--max-size", "2M"), OK, 0)
        self.assert_verdict(self.receive(random_bytes((2 << 20) + 1), "--max-size", "2M"),
                            CORRUPTED, 9)

    def test_the_sender_learns_that_its_file_is_refused(self):
        receiver = self.receiver(self.folder / "target", self.checksums, "--max-size", "1M")
        sender = self.sender(self.make_file(random_bytes(24 << 20)), receiver, self.checksums)
        self.assert_status(sender, 8)
        self.assert_verdict(receiver, CORRUPTED, 9)


if __name__ == "__main__":
    unittest.main(verbosity=2)
