"""`send` with receivers and checksum servers that are missing, vanish, stall or refuse."""

import os
import threading
import unittest

import raw
from harness import Case, md5_hex, random_bytes

LARGE = 24 << 20  # far more than the kernel keeps for one connection


def dead_endpoint():
    """An address of loopback where nobody listens."""
    with raw.listener() as gone:
        return gone.endpoint


class SendFailures(Case):

    def setUp(self):
        super().setUp()
        self.source = self.make_file(b"contents")

    def assert_failed(self, sender, status, *words):
        self.assert_verdict(sender, b"", status)
        self.assert_one_error_line(sender, "netcopy send: ", *words)

    def test_a_missing_checksum_server_is_found_out_before_the_first_byte(self):
        with raw.listener() as receiver:
            dead = dead_endpoint()
            sender = self.sender(self.source, receiver, dead)
            self.assert_failed(sender, 6, dead, "Connection refused")
            receiver.settimeout(0.05)
            try:
                with receiver.take_peer() as peer:
                    self.assertEqual(peer.recv(1), b"")
            except OSError:
                pass  # it never connected, or reset: no byte came either way

    def test_a_missing_receiver_is_named_and_no_checksum_is_placed(self):
        checksums = self.checksum_server()
        dead = dead_endpoint()
        sender = self.sender(self.source, dead, checksums)
        self.assert_failed(sender, 6, dead, "source", "Connection refused")
        self.assertEqual(raw.take(checksums, 1), b"0|")

    def test_a_name_that_does_not_resolve_is_named(self):
        checksums = self.checksum_server()
        sender = self.sender(self.source, "no-such-host.invalid:5001", checksums)
        self.assert_failed(sender, 6, "no-such-host.invalid")

    def test_a_file_that_is_missing_or_a_directory_is_a_local_error(self):
        checksums = self.checksum_server()
        with raw.listener() as receiver:
            missing = self.sender(self.folder / "missing", receiver, checksums)
            self.assert_failed(missing, 11, "missing", "No such file or directory")
            folder = self.sender(self.folder, receiver, checksums)
            self.assert_failed(folder, 11, "irectory")
            receiver.settimeout(0.05)
            self.assertRaises(TimeoutError, receiver.take_peer)

    def test_an_unreadable_file_is_a_local_error(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        self.source.chmod(0)
        sender = self.sender(self.source, dead_endpoint(), dead_endpoint())
        self.assert_failed(sender, 11, "Permission denied")

    def lose_receiver(self, lose):
        checksums = self.checksum_server()
        source = self.make_file(random_bytes(LARGE))
        with raw.listener() as receiver:
            sender = self.start_sender(source, receiver, checksums)
            peer = receiver.take_peer()
            raw.read_exactly(peer, 1_000_000)
            lose(peer)
            self.assert_failed(sender, 8, receiver.endpoint)
        self.assertEqual(raw.take(checksums, 1), b"0|")

    def test_a_receiver_that_resets_half_way_is_lost(self):
        self.lose_receiver(raw.reset)

    def test_a_receiver_that_closes_half_way_is_lost(self):
        self.lose_receiver(lambda peer: peer.close())

    def test_a_receiver_that_resets_instead_of_closing_at_the_end_is_lost(self):
        checksums = self.checksum_server()
        with raw.listener() as receiver:
            sender = self.start_sender(self.source, receiver, checksums)
            peer = receiver.take_peer()
            self.assertEqual(raw.read_to_end(peer), b"contents")
            raw.reset(peer)
            self.assert_failed(sender, 8, receiver.endpoint)

    def test_a_receiver_that_never_reads_is_a_stall(self):
        checksums = self.checksum_server()
        source = self.make_file(random_bytes(LARGE))
        with raw.listener(receive_buffer=65536) as receiver:
            sender = self.start_sender(source, receiver, checksums, "--timeout", 1)
            peer = receiver.take_peer()
            self.assert_failed(sender, 7, receiver.endpoint)
            peer.close()

    def test_a_receiver_that_never_closes_is_a_stall(self):
        checksums = self.checksum_server()
        with raw.listener() as receiver:
            sender = self.start_sender(self.source, receiver, checksums, "--timeout", 1)
            with receiver.take_peer() as peer:
                self.assertEqual(raw.read_to_end(peer), b"contents")
                self.assert_failed(sender, 7, receiver.endpoint)

    def answer(self, answer):
        """What the sender does with this answer to its insert."""
        with raw.listener() as checksums, raw.listener() as receiver:
            sender = self.start_sender(self.source, receiver, checksums, "--timeout", 2)
            inserter, _ = raw.message_from(checksums)
            data = receiver.take_peer()
            with inserter, data:
                if answer is not None:
                    inserter.sendall(answer)
                    inserter.close()
                checksums.close()
                raw.ends(data)
                data.close()
                sender.wait()
        return sender

    def test_a_refusal_of_the_checksum_is_told_with_its_reason(self):
        self.assert_failed(self.answer(b"ERR|too many entries\n"), 9, "too many entries")

    def test_a_refusal_cannot_write_to_the_terminal(self):
        sender = self.answer(b"ERR|\x1b[31mred\x07\n")
        self.assert_failed(sender, 9, r"\x1b[31mred\x07")

    def test_a_checksum_server_that_vanishes_before_its_answer_is_unverified(self):
        self.assert_failed(self.answer(b""), 5)

    def test_a_checksum_server_that_never_answers_is_no_success(self):
        self.assert_verdict(self.answer(None), b"", (5, 7))

    def test_a_checksum_server_that_talks_rubbish_is_no_success(self):
        self.assert_verdict(self.answer(b"WHAT?"), b"", (5, 8))

    def test_a_checksum_server_that_vanishes_during_the_transfer_is_unverified(self):
        checksums = self.checksum_server()
        source = self.make_file(random_bytes(LARGE))
        with raw.listener(receive_buffer=65536) as receiver:
            sender = self.start_sender(source, receiver, checksums)
            peer = receiver.take_peer()
            raw.read_exactly(peer, 1_000_000)
            checksums.kill()
            raw.ends(peer)
            peer.close()
            self.assert_failed(sender, 5, checksums.endpoint)

    def test_a_checksum_connection_closed_for_idleness_is_opened_anew(self):
        checksums = self.checksum_server("--idle-timeout", 1)
        data = random_bytes(LARGE)
        source = self.make_file(data)
        with raw.listener(receive_buffer=65536) as receiver:
            sender = self.start_sender(source, receiver, checksums)
            peer = receiver.take_peer()
            raw.read_exactly(peer, 1_000_000)
            with raw.connect(checksums.address) as silent:
                raw.ends(silent)  # the sender's own connection is older, so it is closed as well
            raw.read_to_end(peer)
            peer.close()
            self.assert_verdict(sender, b"", 0)
        self.assertEqual(raw.take(checksums, 1), b"32|" + md5_hex(data).encode())

    def test_a_checksum_server_that_restarts_during_the_transfer_is_used_again(self):
        checksums = self.checksum_server()
        data = random_bytes(LARGE)
        with raw.listener(receive_buffer=65536) as receiver:
            sender = self.start_sender(self.make_file(data), receiver, checksums)
            peer = receiver.take_peer()
            raw.read_exactly(peer, 1_000_000)
            checksums.kill()
            checksums = self.checksum_server(listen=checksums.endpoint)
            raw.read_to_end(peer)
            peer.close()
            self.assert_verdict(sender, b"", 0)
        self.assertEqual(raw.take(checksums, 1), b"32|" + md5_hex(data).encode())

    def test_an_address_that_swallows_packets_is_given_up_in_time(self):
        checksums = self.checksum_server()
        with raw.listener(backlog=0) as full:
            full.listen(0)
            fillers = []
            for _ in range(3):  # a full backlog drops SYNs, as a firewall does
                filler = raw.socket.socket()
                self.addCleanup(filler.close)
                filler.setblocking(False)
                filler.connect_ex(full.address)
                fillers.append(filler)
            sender = self.sender(self.source, full, checksums, "--connect-timeout", 1, deadline=10)
            self.assert_failed(sender, (6, 7), full.endpoint)

    def test_standard_input_that_breaks_off_is_no_error(self):
        checksums = self.checksum_server()
        receiver = self.receiver(self.folder / "target", checksums)
        sender = self.start_sender("-", receiver, checksums, stdin="pipe")
        sender.stdin.write(b"all there is")
        sender.stdin.close()
        self.assert_status(sender, 0)
        self.assert_status(receiver, 0)

    def test_a_slow_standard_input_is_no_stall(self):
        checksums = self.checksum_server()
        receiver = self.receiver(self.folder / "target", checksums)
        sender = self.start_sender("-", receiver, checksums, "--timeout", 1, stdin="pipe")
        sender.stdin.write(b"now")
        sender.stdin.flush()
        threading.Event().wait(2)  # longer than --timeout, shorter than the receiver's patience
        self.assertTrue(sender.running)
        sender.stdin.write(b" and then")
        sender.stdin.close()
        self.assert_status(sender, 0)
        self.assert_status(receiver, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
