"""Called through the seed's names, the binary behaves as the scripts did."""

import os
import unittest

import raw
from harness import CORRUPTED, Case, OK, SEED_NAMES, md5_hex, random_bytes

OTHER_NAMES = ["sender", "file_receiver_service", "masterserver", "fileserver"]  # see test_transfer_links


class Links(Case):

    def setUp(self):
        super().setUp()
        self.links = self.folder / "bin"
        self.links.mkdir()
        self.assert_status(self.run_netcopy("install-links", self.links), 0)
        self.names = [name + end for name in SEED_NAMES for end in ("", ".py")]
        self.all_names = self.names + [name + end for name in OTHER_NAMES for end in ("", ".py")]

    def call(self, name, *operands, **settings):
        return self.start(*operands, executable=self.links / name, **settings)

    def test_every_name_is_made_in_both_spellings(self):
        self.assertEqual(sorted(os.listdir(self.links)), sorted(self.all_names))
        for name in self.all_names:
            self.assertTrue((self.links / name).is_symlink(), name)

    def test_making_them_again_changes_nothing(self):
        self.assert_status(self.run_netcopy("install-links", self.links), 0)
        self.assertEqual(sorted(os.listdir(self.links)), sorted(self.all_names))

    def test_what_is_no_link_of_its_own_is_not_replaced(self):
        for number, make in enumerate((lambda p: p.write_bytes(b"my own script"),
                                       lambda p: p.symlink_to("/bin/true"),
                                       lambda p: p.mkdir())):
            with self.subTest(number=number):
                place = self.folder / f"other{number}"
                place.mkdir()
                mine = place / "netcopy_cli.py"
                make(mine)
                before = os.lstat(mine)
                run = self.run_netcopy("install-links", place)
                self.assert_status(run, 9)
                self.assert_one_error_line(run, "netcopy install-links: ", "netcopy_cli.py")
                self.assertEqual((os.lstat(mine).st_ino, os.lstat(mine).st_mtime_ns),
                                 (before.st_ino, before.st_mtime_ns))

    def test_a_place_that_is_no_folder_is_an_error(self):
        run = self.run_netcopy("install-links", self.make_file(b"", "file"))
        self.assert_status(run, 11)
        self.assert_one_error_line(run, "netcopy install-links: ", "file")

    def test_wrong_operands_print_the_usage_line_of_the_script(self):
        right = {"netcopy_cli": ["127.0.0.1", 1, "127.0.0.1", 2, 3, "file"],
                 "netcopy_srv": ["127.0.0.1", 0, "127.0.0.1", 2, 3, "file"],
                 "checksum_srv": ["127.0.0.1", 0]}
        for name in self.names:
            operands = right[name.removesuffix(".py")]
            usage = (SEED_NAMES[name.removesuffix(".py")] + "\n").encode()
            for wrong in ([], operands[:-1], operands + ["one more"]):
                with self.subTest(name=name, operands=wrong):
                    run = self.call(name, *wrong, folder=self.folder)
                    self.assert_verdict(run, b"", 2)
                    self.assertEqual(run.stderr, usage)

    def test_operands_that_are_no_numbers_are_wrong_operands(self):
        for name, operands in (("netcopy_cli", ["127.0.0.1", "port", "127.0.0.1", 2, 3, "file"]),
                               ("netcopy_srv", ["127.0.0.1", 0, "127.0.0.1", 2, "id", "file"]),
                               ("checksum_srv", ["127.0.0.1", 70000])):
            with self.subTest(name=name):
                run = self.call(name, *operands, folder=self.folder)
                self.assert_verdict(run, b"", 2)
                self.assertIn(SEED_NAMES[name].encode() + b"\n", run.stderr)

    def test_options_of_the_commands_are_no_options_of_the_scripts(self):
        run = self.call("netcopy_srv", "--keep-running", "127.0.0.1", 0, "127.0.0.1", 2, 3, "file",
                        folder=self.folder)
        self.assert_verdict(run, b"", 2)

    def test_help_and_version_work_through_a_link(self):
        for name in self.all_names:
            shown = self.call(name, "--help")
            self.assert_status(shown, 0)
            self.assertIn(name.removesuffix(".py").encode(), shown.stdout)
            version = self.call(name, "--version")
            self.assert_status(version, 0)
            self.assertEqual(version.stdout, self.run_netcopy("--version").stdout)

    def test_a_file_goes_from_link_to_link(self):
        data = random_bytes(2_000_000)
        source, target = self.make_file(data), self.folder / "target"
        for end in ("", ".py"):
            with self.subTest(end=end):
                checksums = self.call("checksum_srv" + end, "127.0.0.1", 0)
                checksums.listening()
                receiver = self.call("netcopy_srv" + end, "127.0.0.1", 0, *checksums.address, 12,
                                     target)
                receiver.listening()
                sender = self.call("netcopy_cli" + end, *receiver.address, *checksums.address, 12,
                                   source)
                self.assert_verdict(sender, b"", 0)
                self.assert_verdict(receiver, OK, 0)
                self.assertTrue(target.read_bytes() == data)
                target.unlink()

    def test_a_corrupted_file_is_told_by_a_link(self):
        checksums = self.call("checksum_srv.py", "localhost", 0)
        checksums.listening()
        receiver = self.call("netcopy_srv.py", "localhost", 0, *checksums.address, 12,
                             self.folder / "target")
        receiver.listening()
        raw.insert(checksums, 12, md5_hex(b"other"))
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"damaged")
        self.assert_verdict(receiver, CORRUPTED, 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
