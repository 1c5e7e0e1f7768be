"""What `send` of many files shows on its way and at its end: the screen, plain words, JSON."""

import json
import os
import re
import unittest

from copying import CopyCase
from harness import random_bytes, wait_until
from test_progress import Terminal

RATE = "4M"
SIZE = 3 << 20  # of each of three files: some two seconds at that rate


def screen_of(shown):
    """What a terminal shows in the end of bytes that write, go up and erase; its lines."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\d*[A-Za-z]|.", shown.decode(), re.S):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif token.endswith("A") and token.startswith("\x1b"):
            row -= int(token[2:-1])
        elif token == "\x1b[K":
            lines[row] = lines[row][:column]
        elif token == "\x1b[J":
            lines[row:] = [lines[row][:column]]
        elif not token.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1:]
            column += 1
    return lines


class OnTheWay(CopyCase):

    def setUp(self):
        super().setUp()
        for name in ("one.iso", "two.iso", "three.iso"):
            self.write(name, random_bytes(SIZE, len(name)))
        self.receiver = self.service()
        self.words = ["send", "-r", self.source, self.receiver.endpoint, "--bwlimit", RATE, "-j", 1]

    def on_terminal(self, *options, **environment):
        terminal = Terminal(self.words + list(options), {"NO_COLOR": "1", **environment})
        self.addCleanup(terminal.end)
        return terminal

    def test_a_line_for_the_whole_stands_below_one_for_the_file_under_way(self):
        terminal = self.on_terminal()
        drawn = re.compile(rb"source/\w+\.iso +\[=*>? *\] +\d+% .*\r?\n"
                           rb"[0-3]/3 files, [0-9.]+ [MK]iB of 9 MiB, [0-9.]+ [MK]iB/s, ETA [0-9:-]+")
        wait_until(lambda: drawn.search(terminal.shown), 25, "both lines")
        self.assertEqual(terminal.wait(), 0)
        *kept, last = screen_of(terminal.shown)
        self.assertEqual(last, "", "the cursor is on a new line")
        self.assertEqual(len(kept), 1, kept)
        self.assertRegex(kept[0], r"^netcopy send: 3 files, 9 MiB in [0-9:]+ \(.*\) to ")

    def test_a_line_of_the_log_stays_whole_above(self):
        os.symlink("one.iso", self.source / "zlink")
        terminal = self.on_terminal()
        self.assertEqual(terminal.wait(), 0)
        kept = screen_of(terminal.shown)
        self.assertEqual(len(kept), 3, kept)
        self.assertRegex(kept[0], r"^\d{4}-\d\d-\d\d .* \[warning\] .*zlink")
        self.assertRegex(kept[1], r"^netcopy send: 3 files, .*; 1 left out$")

    def test_no_line_is_wider_than_the_terminal(self):
        terminal = self.on_terminal()
        self.assertEqual(terminal.wait(), 0)
        for line in re.split(r"\r?\n|\r", re.sub(r"\x1b\[\d*[A-Za-z]", "\r",
                                                terminal.shown.decode())):
            self.assertLessEqual(len(line), 80, line)

    def test_json_counts_files_and_bytes(self):
        sender = self.start(*self.words, "--json")
        self.assert_status(sender, 0)
        progress = [event for event in sender.events if event["event"] == "progress"]
        self.assertGreaterEqual(len(progress), 1)
        for event in progress:
            self.assertEqual(sorted(event), ["bytes", "counting", "event", "files", "files_total",
                                             "rate", "total"])
        self.assertEqual((progress[-1]["files_total"], progress[-1]["total"]), (3, 3 * SIZE))
        self.assertLessEqual(progress[-1]["bytes"], 3 * SIZE)
        self.assertNotIn(b"\x1b", sender.stderr)

    def test_quiet_and_none(self):
        for options, expected in ((["-q"], b""), (["--progress", "none"], b"netcopy send: 3 files")):
            with self.subTest(options=options):
                terminal = self.on_terminal(*options)
                self.assertEqual(terminal.wait(), 0)
                self.assertNotIn(b"\x1b", terminal.shown)
                self.assertTrue(terminal.shown.startswith(expected) and
                                (expected or not terminal.shown), terminal.shown)


class AtTheEnd(CopyCase):

    def told(self, *words, to, status=0):
        """The lines on stderr, but for those that come when it takes long."""
        run = self.copy(*words, "--progress", "none", to=to, status=status)
        return run.stderr.decode().replace(to.endpoint, "PEER").splitlines()

    def test_the_summary_counts_what_there_was(self):
        service = self.service()
        self.write("a", b"1" * 1024)
        self.write("b", b"2" * 512)
        amount = r"in [0-9:]+( \([0-9.]+ [KM]?i?B/s\))?"
        line, = self.told("-r", self.source, to=service)
        self.assertRegex(line, rf"^netcopy send: 2 files, 1\.5 KiB {amount} to PEER$")
        self.write("c")
        line, = self.told("-r", self.source, to=service)
        self.assertRegex(line, rf"^netcopy send: 3 files, 0 B {amount} to PEER; "
                               r"2 were there already$")

    def test_a_single_file_that_fails_is_one_line(self):
        service = self.service()
        path = self.write("file", b"mine")
        self.target.mkdir(exist_ok=True)
        (self.target / "file").write_bytes(b"another")
        line, = self.told(path, to=service, status=9)
        self.assertRegex(line, r"^netcopy send: 'file' was refused by PEER: \S")

    def test_those_that_failed_stand_before_the_summary(self):
        service = self.service("--max-size", 10)
        for number in range(105):
            self.write(f"large{number:03}", b"more than ten bytes")
        self.write("small", b"small")
        *failed, more, summary = self.told("-r", self.source, to=service, status=3)
        self.assertEqual(sorted(re.match(r"netcopy send: 'source/(\w+)' was refused", line)[1]
                                for line in failed), sorted(set(
                                    re.match(r"netcopy send: 'source/(\w+)'", line)[1]
                                    for line in failed)))
        self.assertEqual(len(failed), 100)
        self.assertEqual(more, "netcopy send: 5 more files failed; the log names them all")
        self.assertRegex(summary, r"^netcopy send: 106 files, 5 B .* to PEER; 105 failed$")

    def test_the_log_names_all_that_failed(self):
        service = self.service("--max-size", 10)
        for number in range(105):
            self.write(f"large{number:03}", b"more than ten bytes")
        log = self.folder / "log"
        self.copy("-r", self.source, "--log-file", log, to=service, status=9)
        for number in range(105):
            self.assertIn(f"'source/large{number:03}' was refused", log.read_text())

    def test_a_dry_run_prints_a_line_for_each(self):
        service = self.service("--max-size", 10)
        self.write("there", b"1")
        self.copy("-r", self.source, to=service)
        self.write("new", b"12")
        self.write("too large", b"12345678901")
        run = self.copy("-r", self.source, "--dry-run", "--progress", "none", to=service, status=3)
        lines = run.stdout.decode().splitlines()
        self.assertEqual(sorted(lines)[1:], ["same source/there", "send source/new"])
        self.assertRegex(sorted(lines)[0], r"^refused source/too large: ")
        self.assertNotIn("127.0.0.1", sorted(lines)[0])
        self.assertEqual(run.stderr.decode(),
                         f"netcopy send: 3 files to {service.endpoint}; 1 would be sent (2 B); "
                         "1 was there already; 1 would be refused\n")
        self.assertFalse((self.target / "source/new").exists())
        events = [json.loads(line) for line in self.copy(
            "-r", self.source, "--dry-run", "--json", to=service, status=3).stdout.splitlines()]
        self.assertEqual({event["name"]: event["outcome"] for event in events
                          if event["event"] == "file"},
                         {"source/there": "same", "source/new": "send",
                          "source/too large": "refused"})

    def test_names_cannot_write_to_the_terminal(self):
        service = self.service()
        self.write("\x1b[31mred\n", b"")
        run = self.copy("-r", self.source, "--dry-run", to=service)
        self.assertEqual(run.stdout, b"send source/\\x1b[31mred\\x0a\n")

    def test_a_receiver_that_is_gone_for_good_is_told_once(self):
        for number in range(50):
            self.write(f"file{number}", random_bytes(100_000, number))
        service = self.service()
        sender = self.start_copy("-r", self.source, "--bwlimit", "1M", "--retry", 0, to=service)
        wait_until(lambda: list(self.target.rglob("*")), what="the first file")
        service.kill()
        self.assert_status(sender, (3, 8))
        last = sender.stderr.decode().splitlines()[-1]
        self.assertRegex(last, r"^netcopy send: lost the connection to 127\.0\.0\.1:\d+: .*; "
                               r"(at least )?\d+ files were not sent$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
