"""The checksum server's messages: what is kept and given back, and what is refused."""

import random
import socket
import unittest

import raw
from conversation import HEX, Conversation
from harness import random_bytes


class Messages(Conversation):

    def test_an_insert_is_answered_with_ok_and_nothing_else(self):
        self.ask(raw.be(1, HEX), b"OK")
        self.expect_nothing_more()

    def test_the_examples_of_the_seed_work(self):
        self.ask(b"BE|1237671|60|12|abcdefabcdef", b"OK")
        self.ask(b"KI|1237671", b"12|abcdefabcdef")
        self.expect_nothing_more()

    def test_an_unknown_id_has_no_checksum(self):
        self.ask(b"KI|404", b"0|")
        self.expect_nothing_more()

    def test_taking_out_keeps_the_entry(self):
        self.ask(raw.be(1, HEX), b"OK")
        for _ in range(3):
            self.ask(b"KI|1", b"32|" + HEX.encode())

    def test_a_second_insert_replaces_the_first(self):
        self.ask(raw.be(1, HEX), b"OK")
        self.ask(raw.be(1, "short"), b"OK")
        self.ask(b"KI|1", b"5|short")

    def test_another_connection_sees_the_entry(self):
        self.ask(raw.be(1, HEX), b"OK")
        self.assertEqual(raw.take(self.server, 1), b"32|" + HEX.encode())

    def test_an_entry_outlives_its_connection(self):
        self.ask(raw.be(1, HEX), b"OK")
        raw.reset(self.peer)
        self.assertEqual(raw.take(self.server, 1), b"32|" + HEX.encode())

    def test_many_requests_go_over_one_connection(self):
        numbers = random.Random(2)
        entries = {}
        for _ in range(300):
            file_id = numbers.randrange(40)
            if numbers.random() < 0.5:
                entries[file_id] = numbers.randbytes(numbers.randrange(1, 40)).hex()
                self.peer.sendall(raw.be(file_id, entries[file_id]))
                self.expect(b"OK")
            else:
                self.peer.sendall(b"KI|%d\n" % file_id)
                value = entries.get(file_id, "")
                self.expect(f"{len(value)}|{value}".encode())

    def test_a_checksum_may_hold_any_bytes(self):
        for checksum in (b"|", b"a|b|c", b"\0", b"\0\0|\0", b"\n", b"\r\n", b" ", b"KI|5",
                         b"BE|1|60|4|abcd",
                         bytes(range(256)), b"ends in newline\n", b"\xff" * 32, b"OK", b"0|"):
            with self.subTest(checksum=checksum):
                self.ask(raw.be(5, checksum), b"OK")
                self.ask(b"KI|5", b"%d|" % len(checksum) + checksum)

    def test_a_checksum_of_a_kib_is_kept(self):
        checksum = random_bytes(1024)
        self.ask(raw.be(5, checksum), b"OK")
        self.ask(b"KI|5", b"1024|" + checksum)


class Ids(Conversation):

    def test_leading_zeros_and_a_plus_say_nothing(self):
        self.ask(raw.be("007", "bond"), b"OK")
        for same in (b"7", b"07", b"+7", b"+007", b"0000000007"):
            with self.subTest(id=same):
                self.ask(b"KI|" + same + b"\n", b"4|bond")
        self.ask(b"KI|-7\n", b"0|")

    def test_a_negative_id_is_another_id(self):
        self.ask(raw.be(-5, "minus"), b"OK")
        self.ask(raw.be(5, "plus"), b"OK")
        self.ask(b"KI|-5\n", b"5|minus")
        self.ask(b"KI|-005\n", b"5|minus")
        self.ask(b"KI|5\n", b"4|plus")

    def test_zero_is_an_id(self):
        self.ask(raw.be(0, "zero"), b"OK")
        self.ask(b"KI|0\n", b"4|zero")
        self.ask(b"KI|000\n", b"4|zero")

    def test_twenty_digits_are_told_apart(self):
        self.ask(raw.be("9" * 20, "a"), b"OK")
        self.ask(raw.be("9" * 19 + "8", "b"), b"OK")
        self.ask(raw.be("-" + "9" * 20, "c"), b"OK")
        self.ask(raw.be(2**64, "d"), b"OK")
        self.ask(b"KI|0\n", b"0|")
        for file_id, value in (("9" * 20, "a"), ("9" * 19 + "8", "b"), ("-" + "9" * 20, "c"),
                               (2**64, "d")):
            self.ask(f"KI|{file_id}\n".encode(), f"1|{value}".encode())


class BadInput(Conversation):

    CASES = [
        b"XX|1\n", b"be|1|60|4|abcd", b"ki|1\n", b"BE 1 60 4 abcd\n", b"KI 1\n", b"\0\1\2\3", b"|",
        b"\xff\xfe",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"KIK|1\n", b"BEBE|1|60|4|abcd", b" KI|1\n",
        b"KI|abc\n", b"KI|\n", b"KI|--5\n", b"KI|5x\n", b"KI|1.5\n", b"KI| 5\n", b"KI|5|\n",
        b"KI|-\n", b"KI|0x10\n",
        b"KI|" + b"9" * 21 + b"\n", b"KI|5-\n", "KI|\u0665\n".encode(),
        b"BE||60|4|abcd", b"BE|abc|60|4|abcd", b"BE|1.0|60|4|abcd", b"BE|" + b"1" * 21
        + b"|60|4|abcd", b"BE|-|60|4|abcd",
        b"BE|1|-1|4|abcd", b"BE|1||4|abcd", b"BE|1|x|4|abcd", b"BE|1|1.5|4|abcd", b"BE|1|"
        + b"9" * 30 + b"|4|abcd",
        b"BE|1|60|-4|abcd", b"BE|1|60||abcd", b"BE|1|60|x|abcd", b"BE|1|60|4.0|abcd",
        b"BE|1|60|0x4|abcd",
        b"BE|1|60|1025|abcd", b"BE|1|60|4294967300|abcd", b"BE|1|60|18446744073709551620|abcd",
        b"BE|1|60|" + b"9" * 200,
        b"BE|1\n60|4|abcd", b"BE|1|60\n|4|abcd", b"BE|1|60|4\n|abcd",
    ]
    UNFINISHED = [b"B", b"BE", b"K", b"KI", b"KI|", b"KI|-", b"BE|", b"BE|1", b"BE|1|60",
                  b"BE|1|60|4", b"BE|1|60|4|",
                  b"BE|1|60|4|abc", b"BE|1|60|32|" + HEX[:31].encode()]

    def assert_refused(self, peer, before=b""):
        answer = raw.read_to_end(peer)
        self.assertEqual(answer[:len(before)], before)
        self.assertRegex(answer[len(before):], rb"\AERR\|[\x20-\x7e]+\n\Z")

    def test_each_gets_one_line_and_a_close_and_disturbs_nobody(self):
        self.ask(raw.be(1, HEX), b"OK")
        for message in self.CASES:
            with self.subTest(message=message), self.connect() as bad:
                bad.sendall(message)
                self.assert_refused(bad)
                self.peer.sendall(b"KI|1\n")
                self.expect(b"32|" + HEX.encode())

    def test_each_is_refused_a_byte_at_a_time_as_well(self):
        for message in self.CASES:
            with self.subTest(message=message), self.connect() as bad:
                try:
                    for byte in self.bytes_of(message):
                        bad.sendall(byte)
                    answer = raw.read_to_end(bad)
                except ConnectionError:
                    continue  # bytes sent behind the refusal may turn the close into a reset
                # A pause between two bytes may have ended a take-out before the bad byte.
                self.assertRegex(answer, rb"\A(0\|)?ERR\|[\x20-\x7e]+\n\Z")
        self.assert_alive()

    def test_a_message_cut_off_by_the_close_is_refused(self):
        for message in self.UNFINISHED:
            with self.subTest(message=message), self.connect() as bad:
                bad.sendall(message)
                bad.shutdown(socket.SHUT_WR)
                self.assert_refused(bad)
        self.assertEqual(raw.take(self.server, 1), b"0|")

    def test_requests_before_the_bad_one_are_answered_and_those_behind_it_are_not(self):
        self.peer.sendall(raw.be(1, "good") + b"KI|1\nXX|1\n" + raw.be(2, "late"))
        self.assert_refused(self.peer, before=b"OK4|good")
        self.assertEqual(raw.take(self.server, 1), b"4|good")
        self.assertEqual(raw.take(self.server, 2), b"0|")

    def test_an_empty_connection_is_no_offence(self):
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(raw.read_to_end(self.peer), b"")
        with self.connect() as peer:
            peer.sendall(b"\r\n")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(raw.read_to_end(peer), b"")
        self.assert_alive()

    def test_a_flood_of_rubbish_is_cut_off(self):
        for flood in (b"A" * (1 << 20), b"KI|" + b"1" * (1 << 20), b"BE|1|60|" + b"0" * (1 << 20)):
            with self.subTest(flood=flood[:12]), self.connect() as bad:
                try:
                    for _ in range(64):
                        bad.sendall(flood)
                    self.fail("64 MiB of rubbish were read")
                except ConnectionError:
                    pass
        self.assert_alive()

    def test_random_rubbish_never_stops_the_server(self):
        numbers = random.Random(5)
        parts = [b"BE|", b"KI|", b"1", b"60", b"16", b"|", b"\n", b"\0", b"-", b"abcdef", b"\xff",
                 HEX.encode(), b"99999"]
        for _ in range(300):
            with self.connect() as bad:
                message = b"".join(numbers.choices(parts, k=numbers.randrange(1, 12)))
                bad.sendall(message)
                if numbers.random() < 0.3:
                    raw.reset(bad)
                    continue
                bad.shutdown(socket.SHUT_WR)
                try:
                    raw.read_to_end(bad)
                except ConnectionResetError:
                    pass
        self.assert_alive()
        self.assertTrue(self.server.running)


if __name__ == "__main__":
    unittest.main(verbosity=2)
