"""`receive` with clients that stall, trickle, vanish or reset."""

import threading
import time
import unittest

import raw
from harness import CORRUPTED, Case, OK, md5_hex, random_bytes, seconds

IDLE = 2


class BadClients(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.target = self.folder / "target"
        self.target.write_bytes(b"older")

    def start_receiver(self, *options):
        return self.receiver(self.target, self.checksums, "--idle-timeout", IDLE, *options)

    def assert_kept(self, corrupted):
        """`corrupted` is what stands beside the older file, or None."""
        expected = {"target": b"older"}
        if corrupted is not None:
            expected["target.corrupted"] = corrupted
        self.assert_folder(self.folder, expected)

    def test_a_client_that_sends_nothing_is_a_stall(self):
        receiver = self.start_receiver()
        start = time.monotonic()
        with raw.connect(receiver.address) as peer:
            raw.ends(peer)
            self.assertGreater(raw.elapsed(start), IDLE - 0.2)
            self.assertLess(raw.elapsed(start), IDLE + seconds(4))
        self.assert_verdict(receiver, CORRUPTED, 7)
        self.assert_one_error_line(receiver, "netcopy receive: ")
        self.assert_kept(None)

    def test_a_client_that_trickles_a_byte_a_second_is_a_stall(self):
        receiver = self.start_receiver()
        stop = threading.Event()
        start = time.monotonic()
        with raw.connect(receiver.address) as peer:
            feeder = threading.Thread(target=raw.trickle, args=(peer, b"trickle" * 10, 1, stop))
            feeder.start()
            raw.ends(peer)
            stop.set()
            feeder.join()
        self.assertLess(raw.elapsed(start), 2 * IDLE + seconds(4))
        self.assert_verdict(receiver, CORRUPTED, 7)
        self.assertTrue(b"trickle".startswith((self.folder / "target.corrupted").read_bytes()))
        self.assertEqual(self.target.read_bytes(), b"older")

    def test_a_client_that_stops_half_way_is_a_stall_and_its_bytes_are_kept(self):
        data = random_bytes(500_000)
        receiver = self.start_receiver()
        with raw.connect(receiver.address) as peer:
            peer.sendall(data)
            raw.ends(peer)
        self.assert_verdict(receiver, CORRUPTED, 7)
        self.assert_kept(data)

    def test_a_slow_but_steady_client_is_served(self):
        receiver = self.start_receiver()
        pieces = [random_bytes(700, seed=i) for i in range(40)]
        raw.insert(self.checksums, 1, md5_hex(b"".join(pieces)))
        with raw.connect(receiver.address) as peer:
            for piece in pieces:  # 7,000 bytes a second for twice the idle time
                peer.sendall(piece)
                threading.Event().wait(0.1)
        self.assert_verdict(receiver, OK, 0)

    def test_a_reset_before_the_first_byte_leaves_nothing(self):
        receiver = self.start_receiver()
        raw.reset(raw.connect(receiver.address))
        self.assert_verdict(receiver, CORRUPTED, 8)
        self.assert_one_error_line(receiver, "netcopy receive: ", "127.0.0.1")
        self.assert_kept(None)

    def test_a_reset_half_way_keeps_the_bytes_apart(self):
        data = random_bytes(500_000)
        receiver = self.start_receiver()
        peer = raw.connect(receiver.address)
        peer.sendall(data)
        raw.wait_read(peer)
        raw.reset(peer)
        self.assert_verdict(receiver, CORRUPTED, 8)
        self.assert_kept(data)

    def test_a_reset_is_never_an_end_of_file_even_if_the_checksum_fits(self):
        raw.insert(self.checksums, 1, md5_hex(b"whole file"))
        receiver = self.start_receiver()
        peer = raw.connect(receiver.address)
        peer.sendall(b"whole file")
        raw.wait_read(peer)
        raw.reset(peer)
        self.assert_verdict(receiver, CORRUPTED, 8)
        self.assert_kept(b"whole file")

    def test_a_client_that_never_connects_is_awaited_without_end(self):
        receiver = self.start_receiver()
        threading.Event().wait(IDLE + 0.5)
        self.assertTrue(receiver.running)
        self.assertEqual(receiver.stdout, b"")
        raw.insert(self.checksums, 1, md5_hex(b"at last"))
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"at last")
        self.assert_verdict(receiver, OK, 0)

    def test_an_address_that_is_taken_is_no_transfer(self):
        with raw.listener() as taken:
            receiver = self.start("receive", self.target, "--listen", taken.endpoint,
                                  "--checksum-server",
                                  self.checksums.endpoint, "--id", 1)
            self.assert_verdict(receiver, b"", 1)
            self.assert_one_error_line(receiver, "netcopy receive: ", taken.endpoint,
                                       "Address already in use")
        self.assert_kept(None)


if __name__ == "__main__":
    unittest.main(verbosity=2)
