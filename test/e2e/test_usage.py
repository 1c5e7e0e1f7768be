"""Wrong command lines, and settings from the environment."""

import unittest

import raw
from harness import CORRUPTED, Case, OK, md5_hex


class Usage(Case):

    def assert_usage(self, *arguments, environment=None):
        run = self.run_netcopy(*arguments, environment=environment, folder=self.folder)
        self.assert_verdict(run, b"", 2)
        self.assertTrue(run.stderr.startswith(b"netcopy"), run.stderr)
        self.assertNotIn(b"listening", run.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])
        return run.stderr.decode()

    def assert_all_usage(self, *command_lines):
        for command_line in command_lines:
            with self.subTest(command_line=command_line):
                self.assert_usage(*command_line)

    def test_no_command_is_told_what_there_is(self):
        run = self.run_netcopy()
        self.assert_verdict(run, b"", 2)
        self.assertIn(b"receive", run.stderr)

    def test_missing_and_surplus_operands_are_told(self):
        self.assert_all_usage(
            ["checksum-server"], ["checksum-server", "127.0.0.1"],
            ["checksum-server", "127.0.0.1", 0, "more"],
            ["checksum-server", "127.0.0.1", 0, "--listen", "127.0.0.1:0"],
            ["send"], ["send", "file"], ["send", "", "127.0.0.1:1"],
            ["send", "-", "127.0.0.1:1"], ["send", "-", "-", "127.0.0.1:1", "--name", "n"],
            ["send", "file", "127.0.0.1:1", "--name", "n"],
            ["send", "-", "127.0.0.1:1", "--name", "../n"], ["send", "file", "127.0.0.1:x"],
            ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2"],
            ["send", "file", "127.0.0.1:1", "--id", 1],
            ["receive", "one", "two"], ["receive", ""], ["receive", "--listen", "nowhere:x"],
            ["receive", "file", "--listen", "127.0.0.1:0", "--id", 1],
            ["receive", "file", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2"],
            ["receive", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2", "--id", 1],
            ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3],
            ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3, "file", "more"],
            ["share"], ["share", "one", "two"], ["share", ".", "--listen", "nowhere:x"],
            ["list"], ["list", "127.0.0.1:1", "127.0.0.1:2"], ["list", "127.0.0.1:x"],
            ["list", "127.0.0.1:1", "--protocol", "ftp"],
            ["upload"], ["upload", "127.0.0.1:1"], ["upload", "", "127.0.0.1:1"],
            ["upload", "-", "127.0.0.1:1"], ["upload", ".", "127.0.0.1:1"],
            ["upload", "file", "127.0.0.1:x"], ["upload", "file", "127.0.0.1:1", "-j", 17],
            ["download"], ["download", "127.0.0.1:1"], ["download", "", "127.0.0.1:1"],
            ["download", "--all"], ["download", "name", "127.0.0.1:1", "--all"],
            ["download", "name", "127.0.0.1:1", "-o", ""],
            ["verify"], ["verify", "list", "folder", "more"], ["verify", "nowhere"],
            ["install-links"], ["completion"], ["completion", "tcsh"])

    def test_six_operands_and_their_spelled_out_form_do_not_mix(self):
        self.assert_all_usage(["send", "127.0.0.1", 1, "127.0.0.1", 2, 3, "file", "--id", 4],
                              ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3, "file", "--listen",
                               "127.0.0.1:0"])

    def test_an_option_of_another_form_is_told(self):
        checksum = ["--checksum-server", "127.0.0.1:2", "--id", 1]
        for option in (["-r"], ["--include", "a"], ["--exclude", "a"], ["--links"], ["--dry-run"],
                       ["--name", "a"], ["--compare", "digest"], ["--manifest", "m"], ["-p", 1],
                       ["-j", 2], ["--no-metadata"], ["--no-cache"], ["--protocol", "seed"]):
            with self.subTest(option=option):
                told = self.assert_usage("send", "file", "127.0.0.1:1", *checksum, *option)
                self.assertIn("'netcopy send PATH... ENDPOINT'", told)
                self.assert_usage("send", "127.0.0.1", 1, "127.0.0.1", 2, 3, "file", *option)
        for option in (["--once"], ["--overwrite", "never"], ["--timestamp", "never"],
                       ["--quota", 1], ["--protocol", "auto"]):
            with self.subTest(option=option):
                told = self.assert_usage("receive", "file", "--listen", "127.0.0.1:0", *checksum,
                                         *option)
                self.assertIn("'netcopy receive [DIR]'", told)
        self.assert_all_usage(
            ["send", "file", "127.0.0.1:1", "--validity", 5],
            ["receive", "--keep-running"], ["receive", "--checksum", "md5"],
            ["receive", "--connect-timeout", 1])

    def test_what_does_not_go_together_is_told(self):
        self.assert_all_usage(
            ["send", "file", "127.0.0.1:1", "--manifest", "m", "--checksum", "md5,crc32"],
            ["send", "file", "127.0.0.1:1", "--protocol", "seed", "--dry-run"],
            ["send", "file", "127.0.0.1:1", "--protocol", "seed", "--checksum", "crc32"],
            ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2", "--id", 1,
             "--checksum", "sha256"],
            ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2", "--id", 1,
             "--checksum", "md5,crc32"])

    def test_a_folder_without_r_is_told_before_anybody_is_called(self):
        folder = self.folder / "folder"
        folder.mkdir()
        run = self.run_netcopy("send", folder, "127.0.0.1:1")
        self.assert_verdict(run, b"", 2)
        self.assertEqual(run.stderr.decode(),
                         f"netcopy send: '{folder}' is a folder; use -r\n")

    def test_what_is_not_there_is_told_before_anybody_is_called(self):
        run = self.run_netcopy("send", self.folder / "nowhere", "127.0.0.1:1")
        self.assert_verdict(run, b"", 11)
        self.assert_one_error_line(run, "nowhere", "No such file or directory")

    def test_values_that_are_no_values_are_told(self):
        send = ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2"]
        receive = ["receive", "file", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2",
                   "--id", 1]
        server = ["checksum-server", "--listen", "127.0.0.1:0"]
        copy = ["send", "file", "127.0.0.1:1"]
        self.assert_all_usage(
            copy + ["-p", 0], copy + ["-p", 65536], copy + ["-j", 17], copy + ["-j", "many"],
            copy + ["--compare", "size"], copy + ["--protocol", "ftp"], copy + ["--bwlimit", "fast"],
            copy + ["--bwlimit", -1], copy + ["--checksum", "md6"], copy + ["--checksum", "md5,"],
            copy + ["--checksum", ""],
            ["receive", "--overwrite", "sometimes"], ["receive", "--timestamp", "utc"],
            ["receive", "--quota", "much"], ["receive", "--bwlimit", "1X"],
            ["verify", "list", "-j", 65], ["verify", "list", "-j", "x"])
        self.assert_all_usage(
            ["checksum-server", "127.0.0.1", "port"], ["checksum-server", "127.0.0.1", 65536],
            ["checksum-server", "127.0.0.1", -1],
            ["checksum-server", "--listen", "127.0.0.1:x"], ["checksum-server", "--listen", "[::1"],
            ["checksum-server", "--listen", "127.0.0.1:99999"],
            send + ["--id", "x"], send + ["--id", ""], send + ["--id", "1.5"], send
            + ["--id", "1" * 21],
            send + ["--id", 1, "--checksum", "md6"], send + ["--id", 1, "--checksum", "auto"],
            send + ["--id", 1, "--validity", -1], send + ["--id", 1, "--validity", "x"],
            send + ["--id", 1, "--timeout", "soon"], send + ["--id", 1, "--timeout", -1], send
            + ["--id", 1, "--retry", -1],
            send + ["--id", 1, "--retry", "x"], send + ["--id"],
            receive + ["--max-size", "1X"], receive + ["--max-size", -1], receive
            + ["--max-size", "99999999999999T"],
            receive + ["--checksum", "sha256"], receive + ["--idle-timeout", "x"], receive
            + ["--threads", "x"],
            receive + ["--max-connections", "x"], receive + ["--keep-running=maybe"],
            receive + ["--progress", "sometimes"], receive + ["--color", "blue"], receive
            + ["--log-level", "loud"],
            server + ["--store", "sql"], server + ["--max-entries", "many"], server
            + ["--max-connections", "x"],
            server + ["--unknown"], server + ["-x"])

    def test_the_wrong_word_is_quoted(self):
        told = self.assert_usage("checksum-server", "--listen", "127.0.0.1:0", "--max-entries",
                                 "many")
        self.assertIn("--max-entries", told)
        self.assertIn("'many'", told)

    def test_options_of_another_command_are_unknown(self):
        self.assert_all_usage(["checksum-server", "--listen", "127.0.0.1:0", "--keep-running"],
                              ["send", "f", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2",
                               "--id", 1, "--max-size", 1])


class Environment(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.target = self.folder / "target"

    def receive(self, data, *options, **settings):
        receiver = self.receiver(self.target, self.checksums, *options, environment=settings)
        raw.insert(self.checksums, 1, md5_hex(data))
        with raw.connect(receiver.address) as peer:
            peer.sendall(data)
        receiver.wait()
        return receiver

    def test_an_option_is_read_from_the_environment(self):
        self.assert_verdict(self.receive(b"12345", NETCOPY_MAX_SIZE="4"), CORRUPTED, 9)
        self.assert_verdict(self.receive(b"1234", NETCOPY_MAX_SIZE="4"), OK, 0)

    def test_the_flag_wins(self):
        self.assert_verdict(self.receive(b"12345", "--max-size", 5, NETCOPY_MAX_SIZE="4"), OK, 0)
        self.assert_verdict(self.receive(b"12345", "--max-size", 4, NETCOPY_MAX_SIZE="5"),
                            CORRUPTED, 9)

    def test_dashes_become_underscores(self):
        server = self.checksum_server(environment={"NETCOPY_MAX_CHECKSUM_LENGTH": "8"})
        with raw.connect(server.address) as peer:
            peer.sendall(raw.be(1, "x" * 9))
            self.assertTrue(raw.read_to_end(peer).startswith(b"ERR|"))

    def test_flags_without_a_value_are_set_by_1_and_left_by_0(self):
        for word, expected in (("1", True), ("0", False)):
            with self.subTest(word=word):
                receiver = self.receive(b"json", NETCOPY_JSON=word)
                self.assert_status(receiver, 0)
                self.assertEqual(receiver.stdout.startswith(b"{"), expected)

    def test_an_empty_setting_is_none(self):
        self.assert_verdict(self.receive(b"empty", NETCOPY_MAX_SIZE=""), OK, 0)

    def test_a_wrong_setting_is_named(self):
        run = self.run_netcopy("checksum-server", "127.0.0.1", 0,
                               environment={"NETCOPY_MAX_ENTRIES": "many"})
        self.assert_verdict(run, b"", 2)
        self.assertIn(b"NETCOPY_MAX_ENTRIES", run.stderr)

    def test_settings_of_other_commands_and_unknown_ones_are_no_matter(self):
        settings = {"NETCOPY_MAX_ENTRIES": "many", "NETCOPY_HOME": "/x", "NETCOPY_": "?",
                    "NETCOPY": "/some/binary"}
        self.assert_verdict(self.receive(b"others", **settings), OK, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
