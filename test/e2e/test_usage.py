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
            ["send"], ["send", "file"], ["send", "file", "127.0.0.1:1"],
            ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2"],
            ["send", "file", "127.0.0.1:1", "--id", 1],
            ["send", "127.0.0.1", 1, "127.0.0.1", 2, 3],
            ["send", "127.0.0.1", 1, "127.0.0.1", 2, 3, "file", "more"],
            ["receive"], ["receive", "file", "--listen", "127.0.0.1:0"],
            ["receive", "file", "--listen", "127.0.0.1:0", "--id", 1],
            ["receive", "file", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2"],
            ["receive", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2", "--id", 1],
            ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3],
            ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3, "file", "more"],
            ["install-links"], ["completion"], ["completion", "tcsh"])

    def test_six_operands_and_their_spelled_out_form_do_not_mix(self):
        self.assert_all_usage(["send", "127.0.0.1", 1, "127.0.0.1", 2, 3, "file", "--id", 4],
                              ["receive", "127.0.0.1", 0, "127.0.0.1", 2, 3, "file", "--listen",
                               "127.0.0.1:0"])

    def test_values_that_are_no_values_are_told(self):
        send = ["send", "file", "127.0.0.1:1", "--checksum-server", "127.0.0.1:2"]
        receive = ["receive", "file", "--listen", "127.0.0.1:0", "--checksum-server", "127.0.0.1:2",
                   "--id", 1]
        server = ["checksum-server", "--listen", "127.0.0.1:0"]
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
