"""The log: levels, a file that SIGHUP opens anew, and no byte of a peer that a terminal obeys."""

import os
import signal
import unittest

import raw
from harness import Case, md5_hex, wait_until


class Log(Case):

    def setUp(self):
        super().setUp()
        self.log = self.folder / "server.log"

    def offend(self, server, message=b"XX\x1b[31m\x07\x00\xff|1\n"):
        with raw.connect(server.address) as peer:
            peer.sendall(message)
            return raw.read_to_end(peer)

    def logged(self, path=None):
        path = path or self.log
        return path.read_bytes() if path.exists() else b""

    def test_bad_input_is_logged_with_the_peer_and_its_bytes_escaped(self):
        server = self.checksum_server("--log-file", self.log)
        answer = self.offend(server)
        wait_until(lambda: b"127.0.0.1" in self.logged(), what="a line in the log")
        line = self.logged()
        for byte in b"\x1b\x07\x00\xff":
            self.assertNotIn(byte, line)
            self.assertNotIn(byte, server.stderr)
            self.assertNotIn(byte, answer)

    def test_bad_input_is_one_line_even_if_it_holds_many(self):
        server = self.checksum_server("--log-file", self.log, "--log-level", "warning")
        self.offend(server, b"XX\nforged line\r\nanother\n")
        wait_until(self.logged, what="a line in the log")
        server.signal(signal.SIGTERM)
        server.wait()
        for line in self.logged().splitlines():
            self.assertNotRegex(line, rb"^(forged|another)")

    def test_a_long_bad_message_is_logged_in_short(self):
        server = self.checksum_server("--log-file", self.log)
        with raw.connect(server.address) as peer:
            peer.sendall(b"X" * 60_000)
            raw.ends(peer)
        wait_until(lambda: b"127.0.0.1" in self.logged(), what="a line in the log")
        self.assertLess(len(self.logged()), 4096)

    def test_sighup_opens_the_file_anew(self):
        server = self.checksum_server("--log-file", self.log)
        self.offend(server)
        wait_until(self.logged, what="a line in the log")
        rotated = self.folder / "server.log.1"
        os.rename(self.log, rotated)
        server.signal(signal.SIGHUP)
        wait_until(self.log.exists, what="the new log file")
        before = self.logged(rotated)
        self.offend(server)
        wait_until(lambda: b"127.0.0.1" in self.logged(), what="the line in the new file")
        self.assertEqual(self.logged(rotated), before)
        self.assertTrue(server.running)

    def test_sighup_without_a_log_file_is_no_end(self):
        server = self.checksum_server()
        server.signal(signal.SIGHUP)
        self.assertEqual(raw.take(server, 1), b"0|")
        self.assertTrue(server.running)

    def test_a_log_file_is_continued_not_emptied(self):
        self.log.write_bytes(b"from before\n")
        server = self.checksum_server("--log-file", self.log)
        self.offend(server)
        wait_until(lambda: b"127.0.0.1" in self.logged(), what="a line in the log")
        self.assertTrue(self.logged().startswith(b"from before\n"))

    def test_the_level_decides_what_is_logged(self):
        for level, expected in (("error", False), ("warning", True), ("trace", True)):
            with self.subTest(level=level):
                path = self.folder / f"{level}.log"
                server = self.checksum_server("--log-file", path, "--log-level", level)
                self.offend(server)
                server.signal(signal.SIGTERM)
                self.assert_status(server, 143)
                self.assertEqual(b"127.0.0.1" in self.logged(path), expected)

    def test_a_log_file_that_cannot_be_written_is_an_error(self):
        run = self.run_netcopy("checksum-server", "127.0.0.1", 0, "--log-file",
                               self.folder / "missing" / "log")
        self.assert_verdict(run, b"", 11)
        self.assert_one_error_line(run, "netcopy checksum-server: ", "missing")

    def test_more_is_told_when_asked(self):
        quiet = self.checksum_server()
        loud = self.checksum_server("-v", "-v")
        for server in (quiet, loud):
            raw.insert(server, 1, md5_hex(b""))
            server.signal(signal.SIGTERM)
            self.assert_status(server, 143)
        self.assertGreater(len(loud.stderr.splitlines()), len(quiet.stderr.splitlines()))

    def test_a_transfer_is_logged_with_its_peer_and_verdict(self):
        checksums = self.checksum_server()
        raw.insert(checksums, 1, md5_hex(b"logged"))
        receiver = self.receiver(self.folder / "target", checksums, "--log-file", self.log,
                                 "--log-level", "info")
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"logged")
            port = peer.getsockname()[1]
        self.assert_status(receiver, 0)
        self.assertIn(b"127.0.0.1:%d" % port, self.logged())

    def test_a_name_cannot_write_to_the_terminal(self):
        run = self.run_netcopy("send", b"\x1b[31mred\n", "127.0.0.1:1", "--checksum-server",
                               "127.0.0.1:1", "--id", 1)
        self.assertNotEqual(run.status, 0)
        self.assertNotIn(b"\x1b", run.stderr)
        self.assertEqual(run.stderr.count(b"\n"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
