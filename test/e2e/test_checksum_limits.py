"""What the checksum server lets go or turns away: expired entries, too many entries, connections
and bytes, and peers that are slow."""

import socket
import threading
import time
import unittest

import raw
from harness import Case, SLOWNESS, binary, seconds, wait_until


def resident(pid):
    """Resident memory in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def answer_to(server, message):
    """What the server says before it closes."""
    with raw.connect(server.address) as peer:
        peer.sendall(message)
        peer.shutdown(socket.SHUT_WR)
        return raw.read_to_end(peer)


def served(server, source=None):
    """Whether a new connection gets an answer soon."""
    try:
        with raw.connect(server.address, source=source) as peer:
            peer.settimeout(seconds(0.5))
            peer.sendall(b"KI|404\n")
            return raw.read_exactly(peer, 2) == b"0|"
    except OSError:
        return False


class Expiry(Case):

    def test_an_entry_is_gone_after_its_validity_and_not_before(self):
        server = self.checksum_server()
        before = time.monotonic()
        raw.insert(server, 1, "short", validity=1)
        raw.insert(server, 2, "long", validity=60)
        while raw.take(server, 1) == b"5|short":
            self.assertLess(raw.elapsed(before), 1 + seconds(2))
        self.assertGreaterEqual(raw.elapsed(before), 1)
        self.assertEqual(raw.take(server, 1), b"0|")
        self.assertEqual(raw.take(server, 2), b"4|long")

    def test_a_replacement_has_a_validity_of_its_own(self):
        server = self.checksum_server()
        raw.insert(server, 1, "short", validity=1)
        raw.insert(server, 2, "clock", validity=1)
        raw.insert(server, 1, "long", validity=60)
        raw.insert(server, 3, "long", validity=60)
        raw.insert(server, 3, "short", validity=1)
        wait_until(lambda: raw.take(server, 2) == b"0|", what="the expiry")
        self.assertEqual(raw.take(server, 1), b"4|long")
        wait_until(lambda: raw.take(server, 3) == b"0|", what="the shortened expiry")

    def test_an_expired_entry_can_be_inserted_anew(self):
        server = self.checksum_server()
        raw.insert(server, 1, "first", validity=1)
        wait_until(lambda: raw.take(server, 1) == b"0|", what="the expiry")
        raw.insert(server, 1, "again")
        self.assertEqual(raw.take(server, 1), b"5|again")

    @unittest.skipIf(SLOWNESS > 1, "sanitizers keep freed memory for themselves")
    def test_memory_is_given_back_without_anyone_asking(self):
        server = self.checksum_server()
        count, size = 30_000, 1024
        with raw.connect(server.address) as peer:
            before = resident(server.pid)
            for first in range(0, count, 1000):
                peer.sendall(b"".join(raw.be(i, b"x" * size, validity=2)
                                      for i in range(first, first + 1000)))
                self.assertEqual(raw.read_exactly(peer, 2000), b"OK" * 1000)
            full = resident(server.pid) - before
            self.assertGreater(full, count * size // 2)
            wait_until(lambda: resident(server.pid) - before < full / 2, 15,
                       "the memory to be given back")


class Limits(Case):

    def test_an_entry_too_many_is_refused_and_the_others_stay(self):
        server = self.checksum_server("--max-entries", 3)
        for i in range(3):
            raw.insert(server, i, f"entry{i}")
        self.assertRegex(answer_to(server, raw.be(3, "much")), rb"\AERR\|[^\n]+\n\Z")
        for i in range(3):
            self.assertEqual(raw.take(server, i), b"6|entry%d" % i)
        raw.insert(server, 1, "replaced")
        self.assertEqual(raw.take(server, 1), b"8|replaced")
        self.assertEqual(raw.take(server, 3), b"0|")

    def test_an_expired_entry_makes_room(self):
        server = self.checksum_server("--max-entries", 2)
        raw.insert(server, 1, "stays")
        raw.insert(server, 2, "goes", validity=1)
        self.assertRegex(answer_to(server, raw.be(3, "much")), rb"\AERR\|")
        wait_until(lambda: answer_to(server, raw.be(3, "fits")) == b"OK",
                   what="room for a new entry")
        self.assertEqual(raw.take(server, 1), b"5|stays")

    def test_the_longest_checksum_is_an_option(self):
        server = self.checksum_server("--max-checksum-length", 40)
        self.assertEqual(answer_to(server, raw.be(1, "x" * 40)), b"OK")
        self.assertRegex(answer_to(server, raw.be(2, "x" * 41)), rb"\AERR\|[^\n]+\n\Z")
        server = self.checksum_server("--max-checksum-length", "2K")
        self.assertEqual(answer_to(server, raw.be(1, "x" * 2048)), b"OK")

    def test_the_longest_checksum_is_a_kib_unless_told_otherwise(self):
        server = self.checksum_server()
        self.assertEqual(answer_to(server, raw.be(1, "x" * 1024)), b"OK")
        self.assertRegex(answer_to(server, raw.be(2, "x" * 1025)), rb"\AERR\|[^\n]+\n\Z")

    def test_a_connection_too_many_is_not_served_until_another_ends(self):
        server = self.checksum_server("--max-connections", 3)
        held = [raw.connect(server.address) for _ in range(3)]
        for peer in held:
            self.addCleanup(peer.close)
            peer.sendall(b"KI|1\n")
            self.assertEqual(raw.read_exactly(peer, 2), b"0|")
        self.assertFalse(served(server))
        held[0].sendall(b"KI|2\n")
        self.assertEqual(raw.read_exactly(held[0], 2), b"0|")
        held[1].close()
        wait_until(lambda: served(server), what="a place")

    def test_one_address_cannot_take_all_the_places(self):
        server = self.checksum_server("--max-connections-per-address", 2, listen="0.0.0.0:0")
        server.address = ("127.0.0.1", server.port)
        held = [raw.connect(server.address, source="127.0.0.2") for _ in range(2)]
        for peer in held:
            self.addCleanup(peer.close)
            peer.sendall(b"KI|1\n")
            self.assertEqual(raw.read_exactly(peer, 2), b"0|")
        self.assertFalse(served(server, source="127.0.0.2"))
        self.assertTrue(served(server, source="127.0.0.3"))
        held[0].close()
        wait_until(lambda: served(server, source="127.0.0.2"), what="a place for the address")

    def test_an_idle_connection_is_closed(self):
        server = self.checksum_server("--idle-timeout", 1)
        start = time.monotonic()
        with raw.connect(server.address) as silent, raw.connect(server.address) as asker:
            asker.sendall(b"KI|1\n")
            self.assertEqual(raw.read_exactly(asker, 2), b"0|")
            raw.ends(silent)
            self.assertGreater(raw.elapsed(start), 0.9)
            raw.ends(asker)
        self.assertLess(raw.elapsed(start), 1 + seconds(3))
        self.assertTrue(served(server))

    def test_a_connection_that_asks_now_and_then_is_not_idle(self):
        server = self.checksum_server("--idle-timeout", 1)
        with raw.connect(server.address) as peer:
            start = time.monotonic()
            while raw.elapsed(start) < 2.5:
                peer.sendall(b"KI|1\n")
                self.assertEqual(raw.read_exactly(peer, 2), b"0|")
                threading.Event().wait(0.25)

    def test_a_message_in_drops_does_not_extend_its_time(self):
        server = self.checksum_server("--message-timeout", 1)
        stop = threading.Event()
        with raw.connect(server.address) as peer:
            start = time.monotonic()
            feeder = threading.Thread(target=raw.trickle,
                                      args=(peer, raw.be(1, "x" * 1000), 0.03, stop))
            feeder.start()
            raw.ends(peer)
            stop.set()
            feeder.join()
            self.assertGreater(raw.elapsed(start), 0.9)
            self.assertLess(raw.elapsed(start), 1 + seconds(3))
        self.assertTrue(served(server))

    def test_a_server_out_of_file_descriptors_goes_on_when_there_are_some_again(self):
        few = 'ulimit -n 40; exec "$0" "$@"'
        server = self.start("-c", few, binary(), "checksum-server", "--listen", "127.0.0.1:0",
                            executable="/bin/sh")
        server.listening()
        held = [raw.connect(server.address) for _ in range(80)]
        held[0].sendall(b"KI|1\n")
        self.assertEqual(raw.read_exactly(held[0], 2), b"0|")
        for peer in held:
            peer.close()
        wait_until(lambda: served(server), what="a free descriptor")

    def test_a_peer_that_never_reads_its_answers_is_let_go(self):
        server = self.checksum_server("--idle-timeout", 1, "--message-timeout", 1)
        raw.insert(server, 1, "x" * 1024)
        with raw.connect(server.address, receive_buffer=4096) as deaf:
            deaf.settimeout(seconds(8))
            with self.assertRaises(ConnectionError):
                while True:
                    deaf.sendall(b"KI|1\n" * 10_000)
        self.assertTrue(served(server))


if __name__ == "__main__":
    unittest.main(verbosity=2)
