"""Help, version, and what a misspelt or wrong command line is told."""

import re
import unittest

from harness import COMMANDS, Case

OPTIONS = {
    "checksum-server": ["--listen", "--store", "--max-entries", "--max-checksum-length",
                        "--max-connections",
                        "--max-connections-per-address", "--idle-timeout", "--message-timeout",
                        "--threads"],
    "send": ["--checksum-server", "--id", "--checksum", "--validity", "--timeout",
             "--connect-timeout", "--retry", "--bwlimit", "--recursive", "--include", "--exclude",
             "--links", "--name", "--compare", "--dry-run", "--port", "--jobs", "--protocol",
             "--no-metadata", "--manifest", "--no-cache"],
    "receive": ["--listen", "--checksum-server", "--id", "--keep-running", "--checksum",
                "--connect-timeout", "--once", "--overwrite", "--timestamp", "--quota",
                "--protocol", "--bwlimit", "--max-connections-per-address",
                "--idle-timeout", "--max-size", "--max-connections", "--threads"],
    "verify": ["--jobs"],
}
SHARED = ["--verbose", "--quiet", "--json", "--progress", "--color", "--log-file", "--log-level",
          "--help"]


def examples_of(text):
    """The commands of the last section, which is the examples."""
    head, _, tail = text.rpartition("\nExamples:\n")
    if not head:
        return []
    return [line.strip() for line in tail.splitlines() if re.match(r"  (?! ).*\bnetcopy ", line)]


class Help(Case):

    def shown(self, *arguments):
        run = self.run_netcopy(*arguments)
        self.assert_status(run, 0)
        self.assertEqual(run.stderr, b"")
        return run.stdout.decode()

    def test_every_command_has_help_that_ends_with_two_examples_or_more(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.shown(command, "--help")
                examples = examples_of(text)
                self.assertGreaterEqual(len(examples), 2, text)
                for example in examples:
                    self.assertIn(f"netcopy {command}", example)
                self.assertIn(f"netcopy {command}", text.splitlines()[0])

    def test_options_stand_in_groups_and_are_all_there(self):
        for command, options in OPTIONS.items():
            with self.subTest(command=command):
                text = self.shown(command, "--help")
                groups = re.findall(r"^\w[^\n]*:$", text, re.MULTILINE)
                self.assertGreaterEqual(len(groups), 3,
                                        text)  # at least two groups, and the examples
                for option in options + SHARED:
                    self.assertRegex(text, rf"(?m)(^|[\s,\[]){option}\b")

    def test_help_lines_fit_a_terminal(self):
        for command in COMMANDS:
            for line in self.shown(command, "--help").splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_help_command_says_the_same(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                self.assertEqual(self.shown("help", command), self.shown(command, "--help"))

    def test_help_alone_lists_the_commands(self):
        text = self.shown("help")
        self.assertEqual(text, self.shown("--help"))
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^\s+{command}\b")

    def test_help_wins_over_missing_operands(self):
        self.assertEqual(self.shown("send", "--id", "1", "--help"), self.shown("send", "--help"))

    def test_the_version_is_one_line(self):
        self.assertRegex(self.shown("--version"), r"\Anetcopy \d+\.\d+\.\d+\n\Z")
        self.assertEqual(self.shown("send", "--version"), self.shown("--version"))

    def test_the_examples_of_the_help_are_understood(self):
        for command in OPTIONS:
            for example in examples_of(self.shown(command, "--help")):
                words = [word for word in example.split()[1:] if word.startswith("--")]
                for option in words:
                    self.assertIn(option.split("=")[0], OPTIONS[command] + SHARED, example)


class Suggestions(Case):

    def told(self, *arguments):
        run = self.run_netcopy(*arguments)
        self.assert_verdict(run, b"", 2)
        return run.stderr.decode()

    def test_a_misspelt_command_gets_a_suggestion(self):
        self.assertEqual(self.told("recieve").splitlines()[0],
                         "netcopy: unknown command 'recieve'; did you mean 'receive'?")
        for wrong, right in (("sned", "send"), ("checksum_server", "checksum-server"),
                             ("Send", "send"),
                             ("install-link", "install-links"), ("hlep", "help")):
            self.assertIn(f"'{right}'", self.told(wrong))

    def test_a_command_like_no_other_gets_none(self):
        told = self.told("xyzzyplugh")
        self.assertIn("'xyzzyplugh'", told)
        self.assertNotIn("did you mean", told)

    def test_help_for_a_misspelt_command_gets_a_suggestion(self):
        self.assertIn("'receive'", self.told("help", "recieve"))

    def test_a_misspelt_option_gets_a_suggestion(self):
        for command, wrong, right in (("receive", "--keep-runing", "--keep-running"),
                                      ("send", "--checksm", "--checksum"),
                                      ("checksum-server", "--lisen", "--listen"),
                                      ("send", "--quite", "--quiet")):
            told = self.told(command, wrong)
            self.assertIn(f"'{wrong}'", told)
            self.assertIn(f"did you mean '{right}'?", told)
            self.assertTrue(told.startswith(f"netcopy {command}: "), told)

    def test_a_misspelt_command_cannot_write_to_the_terminal(self):
        self.assertNotIn("\x1b", self.told("\x1b[31mred"))
        self.assertNotIn("\x1b", self.told("send", "--\x1b[31mred"))

    def test_an_abbreviated_option_is_not_guessed(self):
        self.assertIn("--keep", self.told("receive", "--keep", "a", "--listen", "b"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
