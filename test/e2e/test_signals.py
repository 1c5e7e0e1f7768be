"""SIGINT and SIGTERM: the first lets transfers finish, the second stops at once."""

import signal
import threading
import time
import unittest

import raw
from harness import CORRUPTED, Case, OK, md5_hex, random_bytes, seconds, wait_until

SIGNALS = ((signal.SIGTERM, 143), (signal.SIGINT, 130))


class Signals(Case):

    def setUp(self):
        super().setUp()
        self.target = self.folder / "target"

    def assert_listens_no_more(self, server):
        """The listening socket is gone while transfers finish."""
        wait_until(lambda: not raw.listens(server.address), what="the listening socket to close")

    def in_flight(self, *options):
        """A receiver that has half of a file, and the connection of its client."""
        self.checksums = self.checksum_server()
        self.target.write_bytes(b"older")
        receiver = self.receiver(self.target, self.checksums, *options)
        peer = raw.connect(receiver.address)
        self.addCleanup(peer.close)
        peer.sendall(b"half and ")
        raw.wait_read(peer)
        return receiver, peer

    def finish(self, peer):
        raw.insert(self.checksums, 1, md5_hex(b"half and half"))
        peer.sendall(b"half")
        peer.close()


class Servers(Signals):

    def test_an_idle_checksum_server_ends_with_the_status_of_the_signal(self):
        for number, status in SIGNALS:
            server = self.checksum_server()
            server.signal(number)
            self.assert_verdict(server, b"", status)

    def test_a_signal_that_comes_with_the_listening_line_is_heeded(self):
        for turn in range(40):  # a race: many turns, one of which may show it
            number, status = SIGNALS[turn % 2]
            server = self.checksum_server()
            server.signal(number)
            self.assert_status(server, status)

    def test_open_connections_do_not_keep_a_checksum_server_running(self):
        server = self.checksum_server()
        with raw.connect(server.address) as silent, raw.connect(server.address) as used:
            used.sendall(b"KI|1\n")
            raw.read_exactly(used, 2)
            start = time.monotonic()
            server.signal(signal.SIGTERM)
            self.assert_status(server, 143)
            self.assertLess(raw.elapsed(start), seconds(3))
            raw.ends(silent)

    def test_a_second_signal_ends_a_checksum_server_at_once(self):
        server = self.checksum_server()
        with raw.connect(server.address) as unfinished:
            unfinished.sendall(b"BE|1|60|32|abc")
            raw.wait_read(unfinished)
            self.assertTrue(raw.listens(server.address))
            server.signal(signal.SIGTERM)
            self.assert_listens_no_more(server)
            start = time.monotonic()
            if server.running:
                server.signal(signal.SIGTERM)
            self.assert_status(server, 143)
            self.assertLess(raw.elapsed(start), seconds(2))

    def test_a_receiver_without_a_client_ends_without_a_verdict(self):
        checksums = self.checksum_server()
        for number, status in SIGNALS:
            receiver = self.receiver(self.target, checksums)
            receiver.signal(number)
            self.assert_verdict(receiver, b"", status)
        self.assert_folder(self.folder, {})

    def test_a_transfer_in_flight_is_finished_and_its_verdict_is_the_status(self):
        for number, _ in SIGNALS:
            receiver, peer = self.in_flight()
            receiver.signal(number)
            self.finish(peer)
            self.assert_verdict(receiver, OK, 0)
            self.assert_folder(self.folder, {"target": b"half and half"})

    def test_a_service_finishes_what_is_in_flight_and_takes_nothing_new(self):
        for number, status in SIGNALS:
            receiver, peer = self.in_flight("--keep-running")
            self.assertTrue(raw.listens(receiver.address))
            receiver.signal(number)
            self.assert_listens_no_more(receiver)
            self.assertTrue(receiver.running)
            self.finish(peer)
            self.assert_verdict(receiver, OK, status)
            self.assert_folder(self.folder, {"target": b"half and half"})

    def test_a_second_signal_stops_a_transfer_at_once(self):
        for options in ((), ("--keep-running",)):
            for number, status in SIGNALS:
                with self.subTest(options=options, status=status):
                    receiver, _ = self.in_flight(*options)
                    receiver.signal(number)
                    # Two of a kind at once are one to the kernel, and nothing tells of the first.
                    threading.Event().wait(seconds(0.2))
                    self.assertTrue(receiver.running)
                    receiver.signal(number)
                    start = time.monotonic()
                    self.assert_status(receiver, status)
                    self.assertLess(raw.elapsed(start), seconds(2))
                    self.assertNotIn(OK, receiver.stdout)
                    self.assertEqual(self.target.read_bytes(), b"older")
                    self.assertEqual(self.leftovers(), [])

    def test_a_signal_while_the_checksum_is_awaited_lets_it_come(self):
        receiver, peer = self.in_flight()
        peer.sendall(b"half")
        peer.shutdown(raw.socket.SHUT_WR)
        raw.ends(peer)
        receiver.signal(signal.SIGTERM)
        raw.insert(self.checksums, 1, md5_hex(b"half and half"))
        self.assert_verdict(receiver, OK, 0)

    def test_a_stalled_transfer_does_not_outlive_its_idle_time(self):
        receiver, _ = self.in_flight("--idle-timeout", 2)
        receiver.signal(signal.SIGTERM)
        self.assert_verdict(receiver, CORRUPTED, 7)
        self.assertEqual(self.target.read_bytes(), b"older")


class Clients(Signals):

    def take_peer(self, listener):
        peer = listener.take_peer()
        self.addCleanup(peer.close)
        return peer

    def test_a_sender_stops_and_resets_so_that_no_receiver_takes_it_for_an_end(self):
        checksums = self.checksum_server()
        source = self.make_file(random_bytes(24 << 20))
        for number, status in SIGNALS:
            with self.subTest(status=status), raw.listener(receive_buffer=65536) as receiver:
                sender = self.start_sender(source, receiver, checksums)
                peer = self.take_peer(receiver)
                raw.read_exactly(peer, 100_000)
                start = time.monotonic()
                sender.signal(number)
                self.assert_verdict(sender, b"", status)
                self.assertLess(raw.elapsed(start), seconds(3))
                self.assertEqual(raw.ends(peer), "reset")
                self.assertEqual(raw.take(checksums, 1), b"0|")

    def test_a_sender_that_waits_for_standard_input_stops(self):
        checksums = self.checksum_server()
        for number, status in SIGNALS:
            with self.subTest(status=status), raw.listener() as receiver:
                sender = self.start_sender("-", receiver, checksums, stdin="pipe")
                sender.stdin.write(b"some")
                sender.stdin.flush()
                peer = self.take_peer(receiver)
                sender.signal(number)
                self.assert_verdict(sender, b"", status)
                self.assertEqual(raw.ends(peer), "reset")

    def test_a_sender_that_waits_for_the_receiver_stops(self):
        checksums = self.checksum_server()
        with raw.listener() as receiver:
            sender = self.start_sender(self.make_file(b"all"), receiver, checksums)
            with receiver.take_peer() as peer:
                self.assertEqual(raw.read_to_end(peer), b"all")
                sender.signal(signal.SIGINT)
                self.assert_verdict(sender, b"", 130)

    def test_a_receiver_whose_sender_is_interrupted_keeps_the_older_file(self):
        checksums = self.checksum_server()
        self.target.write_bytes(b"older")
        receiver = self.receiver(self.target, checksums)
        sender = self.start_sender("-", receiver, checksums, stdin="pipe")
        sender.stdin.write(b"some")
        sender.stdin.flush()
        wait_until(lambda: self.leftovers(), what="the temporary file")
        sender.signal(signal.SIGINT)
        self.assert_status(sender, 130)
        self.assert_verdict(receiver, CORRUPTED, 8)
        self.assertEqual(self.target.read_bytes(), b"older")


if __name__ == "__main__":
    unittest.main(verbosity=2)
