"""Progress on stderr: a bar on a terminal, plain lines elsewhere, none when quiet."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import unittest

import raw
from harness import Case, binary, clean_environment, random_bytes, seconds, wait_until

SIZE = 16 << 20  # far more than the kernel keeps for one connection
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class Terminal:
    """A process whose stderr (and stdin) is a terminal of 80 columns."""

    def __init__(self, arguments, environment):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen([binary(), *map(str, arguments)], stdin=slave,
                                         stdout=subprocess.PIPE, stderr=slave,
                                         env=clean_environment({"TERM": "xterm-256color",
                                                                **environment}))
        os.close(slave)
        self.shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while chunk := os.read(self._master, 65536):
                self.shown += chunk
        except OSError:  # EIO: the other side is gone
            pass

    def wait(self):
        status = self._process.wait(seconds(30))
        self._reader.join(seconds(5))
        return status

    def end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._reader.join(seconds(5))
        os.close(self._master)


class Progress(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.source = self.make_file(random_bytes(SIZE))

    def slow_receiver(self):
        slow = raw.listener(receive_buffer=65536)
        self.addCleanup(slow.close)
        return slow

    def arguments(self, slow, *options):
        return ["send", self.source, slow.endpoint, "--checksum-server", self.checksums.endpoint,
                "--id", 1, *options]

    def hold(self, slow):
        """Takes a quarter of the file and no more."""
        peer = slow.take_peer()
        self.addCleanup(peer.close)
        raw.read_exactly(peer, SIZE // 4)
        return peer

    def release(self, peer):
        raw.read_to_end(peer)
        peer.close()

    def on_terminal(self, *options, until, **environment):
        """A whole transfer, held until `until(shown)` is true; returns all that was shown."""
        slow = self.slow_receiver()
        terminal = Terminal(self.arguments(slow, *options), environment)
        self.addCleanup(terminal.end)
        peer = self.hold(slow)
        wait_until(lambda: until(terminal.shown), 25, "the progress")
        self.release(peer)
        self.assertEqual(terminal.wait(), 0)
        return terminal.shown

    def test_on_a_terminal_a_bar_shows_rate_and_share(self):
        shown = self.on_terminal(until=lambda shown: re.search(rb"\d+ ?%", shown)
                                 and re.search(rb"[KMG]iB/s", shown))
        self.assertRegex(shown, rb"\r(?!\n)|\x1b\[")  # drawn over, not line after line

    def test_the_bar_never_breaks_the_line_of_the_terminal(self):
        shown = self.on_terminal(until=lambda shown: b"iB/s" in shown)
        for line in re.split(rb"[\r\n]+", re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown)):
            self.assertLessEqual(len(line.decode()), 80, line)

    def test_a_stalled_transfer_is_called_stalled(self):
        self.on_terminal(until=lambda shown: b"stalled" in shown)

    def test_a_bar_may_be_asked_for_elsewhere(self):
        slow = self.slow_receiver()
        sender = self.start(*self.arguments(slow, "--progress", "bar"))
        peer = self.hold(slow)
        wait_until(lambda: b"iB/s" in sender.stderr, 25, "the bar")
        self.release(peer)
        self.assert_status(sender, 0)
        self.assertIn(b"\r", sender.stderr)

    def test_plain_lines_come_elsewhere_and_where_asked_for_and_on_a_dumb_terminal(self):
        # Such lines are some seconds apart: all cases wait for theirs at the same time.
        slow = [self.slow_receiver() for _ in range(3)]
        sender = self.start(*self.arguments(slow[0]))
        asked = Terminal(self.arguments(slow[1], "--progress", "plain"), {"NO_COLOR": "1"})
        dumb = Terminal(self.arguments(slow[2]), {"TERM": "dumb"})
        for terminal in (asked, dumb):
            self.addCleanup(terminal.end)
        receiver = self.receiver(self.folder / "target", self.checksums, file_id=2)
        client = raw.connect(receiver.address)
        client.sendall(b"some")
        peers = [self.hold(one) for one in slow]
        wait_until(lambda: b"iB/s" in sender.stderr and b"iB/s" in asked.shown
                   and b"iB/s" in dumb.shown and b" B" in receiver.stderr, 25, "a line from each")
        client.close()
        for peer in peers:
            self.release(peer)
        self.assert_status(sender, 0)
        self.assert_status(receiver, 5)
        self.assertEqual((asked.wait(), dumb.wait()), (0, 0))
        for shown in (sender.stderr, receiver.stderr, asked.shown.replace(b"\r\n", b"\n"),
                      dumb.shown.replace(b"\r\n", b"\n")):
            self.assertNotIn(b"\r", shown)
            self.assertNotIn(b"\x1b", shown)
            self.assertLess(shown.count(b"\n"), 40)

    def test_quiet_and_none_show_nothing(self):
        def as_long_as_a_bar_takes(_):
            return threading.Event().wait(0.4) or True
        for options, environment in ((["-q"], {}), (["--progress", "none"], {}),
                                     ([], {"NETCOPY_PROGRESS": "none"}),
                                     (["-q", "--progress", "auto"], {})):
            with self.subTest(options=options, environment=environment):
                shown = self.on_terminal(*options, until=as_long_as_a_bar_takes, **environment)
                self.assertEqual(shown, b"")


class Colours(Case):

    def error(self, *options, **environment):
        """How an error looks on a terminal."""
        terminal = Terminal(["send", self.folder / "missing", "127.0.0.1:1", "--checksum-server",
                             "127.0.0.1:1", "--id", 1, *options], environment)
        self.addCleanup(terminal.end)
        self.assertEqual(terminal.wait(), 11)
        self.assertIn(b"missing", terminal.shown)
        return terminal.shown

    def test_an_error_is_coloured_on_a_terminal(self):
        self.assertRegex(self.error(), COLOUR)

    def test_colours_are_left_out_when_nobody_wants_them(self):
        self.assertNotRegex(self.error("--color", "never"), COLOUR)
        self.assertNotRegex(self.error(NO_COLOR="1"), COLOUR)
        self.assertNotRegex(self.error(TERM="dumb"), COLOUR)
        self.assertNotRegex(self.error(NETCOPY_COLOR="never"), COLOUR)

    def test_an_empty_no_color_is_none(self):
        self.assertRegex(self.error(NO_COLOR=""), COLOUR)

    def test_elsewhere_they_come_only_when_asked_for(self):
        command = ["send", self.folder / "missing", "127.0.0.1:1", "--checksum-server",
                   "127.0.0.1:1", "--id", 1]
        self.assertNotRegex(self.run_netcopy(*command).stderr, COLOUR)
        self.assertRegex(self.run_netcopy(*command, "--color", "always").stderr, COLOUR)


if __name__ == "__main__":
    unittest.main(verbosity=2)
