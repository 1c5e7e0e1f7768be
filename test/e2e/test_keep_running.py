"""`receive --keep-running` serves on, several clients at once."""

import signal
import socket
import unittest

import raw
from harness import CORRUPTED, Case, OK, md5_hex, seconds, wait_until


class KeepRunning(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.target = self.folder / "target"

    def serve(self, *options):
        return self.receiver(self.target, self.checksums, "--keep-running", *options)

    def wait_verdicts(self, receiver, expected):
        count = expected.count(b"\n")
        wait_until(lambda: receiver.stdout.count(b"\n") >= count, what=f"{count} verdicts")
        self.assertEqual(receiver.stdout, expected)

    def send(self, receiver, data):
        with raw.connect(receiver.address) as peer:
            peer.sendall(data)

    def test_one_client_after_another_gets_a_verdict(self):
        receiver = self.serve()
        verdicts = b""
        for data in (b"first", b"", b"third"):
            raw.insert(self.checksums, 1, md5_hex(data))
            self.send(receiver, data)
            verdicts += OK
            self.wait_verdicts(receiver, verdicts)
            self.assertEqual(self.target.read_bytes(), data)
        self.assertTrue(receiver.running)

    def test_a_corrupted_file_does_not_stop_the_service(self):
        receiver = self.serve()
        raw.insert(self.checksums, 1, md5_hex(b"good"))
        self.send(receiver, b"bad")
        self.wait_verdicts(receiver, CORRUPTED)
        self.send(receiver, b"good")
        self.wait_verdicts(receiver, CORRUPTED + OK)
        self.assert_folder(self.folder, {"target": b"good", "target.corrupted": b"bad"})

    def test_a_slow_client_does_not_hold_up_a_fast_one(self):
        receiver = self.serve()
        with raw.connect(receiver.address) as slow:
            slow.sendall(b"slow, ")
            raw.wait_read(slow)
            raw.insert(self.checksums, 1, md5_hex(b"fast"))
            self.send(receiver, b"fast")
            self.wait_verdicts(receiver, OK)
            self.assertEqual(self.target.read_bytes(), b"fast")
            raw.insert(self.checksums, 1, md5_hex(b"slow, but whole"))
            slow.sendall(b"but whole")
        self.wait_verdicts(receiver, OK + OK)
        self.assert_folder(self.folder, {"target": b"slow, but whole"})

    def test_a_reset_client_gets_its_verdict_and_the_others_go_on(self):
        receiver = self.serve()
        lost = raw.connect(receiver.address)
        lost.sendall(b"lost")
        raw.wait_read(lost)
        raw.reset(lost)
        self.wait_verdicts(receiver, CORRUPTED)
        raw.insert(self.checksums, 1, md5_hex(b"next"))
        self.send(receiver, b"next")
        self.wait_verdicts(receiver, CORRUPTED + OK)
        self.assert_folder(self.folder, {"target": b"next", "target.corrupted": b"lost"})

    def test_a_silent_client_is_let_go_and_the_others_go_on(self):
        receiver = self.serve("--idle-timeout", 1)
        with raw.connect(receiver.address) as silent:
            raw.ends(silent)
            self.wait_verdicts(receiver, CORRUPTED)
        raw.insert(self.checksums, 1, md5_hex(b"next"))
        self.send(receiver, b"next")
        self.wait_verdicts(receiver, CORRUPTED + OK)
        self.assert_folder(self.folder, {"target": b"next"})

    def test_a_checksum_server_that_comes_back_is_used_again(self):
        receiver = self.serve()
        self.checksums.kill()
        self.send(receiver, b"unverified")
        self.wait_verdicts(receiver, CORRUPTED)
        self.checksums = self.checksum_server(listen=self.checksums.endpoint)
        raw.insert(self.checksums, 1, md5_hex(b"verified"))
        self.send(receiver, b"verified")
        self.wait_verdicts(receiver, CORRUPTED + OK)

    def test_connections_beyond_the_limit_are_not_served_until_another_ends(self):
        receiver = self.serve("--max-connections", 2)
        raw.insert(self.checksums, 1, md5_hex(b"in turn"))
        held = [raw.connect(receiver.address) for _ in range(2)]
        for peer in held:
            self.addCleanup(peer.close)
            peer.sendall(b"in ")
            raw.wait_read(peer)
        try:  # turned away or left waiting, both are fair; a verdict is not
            with raw.connect(receiver.address) as third:
                third.settimeout(seconds(0.5))
                third.sendall(b"in turn")
                third.shutdown(socket.SHUT_WR)
                third.recv(1)
        except OSError:
            pass
        self.assertEqual(receiver.stdout, b"")
        for peer in held:
            peer.sendall(b"turn")
            peer.close()
        wait_until(lambda: receiver.stdout.count(OK) >= 2, what="two good verdicts")
        wait_until(lambda: self.one_more(receiver), what="a place")

    def one_more(self, receiver):
        good = receiver.stdout.count(OK)
        try:
            self.send(receiver, b"in turn")
        except ConnectionError:
            return False
        try:
            wait_until(lambda: receiver.stdout.count(OK) > good, 0.5)
        except AssertionError:
            return False
        return True

    def test_it_ends_by_a_signal_with_the_status_of_the_signal(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            receiver = self.serve()
            raw.insert(self.checksums, 1, md5_hex(b"done"))
            self.send(receiver, b"done")
            self.wait_verdicts(receiver, OK)
            receiver.signal(number)
            self.assert_verdict(receiver, OK, status)


if __name__ == "__main__":
    unittest.main(verbosity=2)
