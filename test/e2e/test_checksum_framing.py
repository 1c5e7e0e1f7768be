"""The checksum server's messages, however TCP cuts or joins them."""

import random
import socket
import time
import unittest

import raw
from conversation import HEX, Conversation
from harness import seconds, wait_until


class Framing(Conversation):

    def test_messages_come_a_byte_at_a_time(self):
        checksum = b"a|\0\nb"
        self.say(*self.bytes_of(raw.be(5, checksum)))
        self.expect(b"OK")
        self.say(*self.bytes_of(b"KI|5\n"))
        self.expect(b"5|" + checksum)

    def test_an_insert_may_be_cut_anywhere(self):
        message = raw.be(1234, b"a|b\0c")
        for cut in range(1, len(message)):
            with self.subTest(cut=cut):
                self.say(message[:cut], message[cut:])
                self.expect(b"OK")

    def test_random_conversations_cut_at_random_are_answered_as_a_model_says(self):
        for seed in range(25):
            with self.subTest(seed=seed):
                numbers = random.Random(seed)
                for _ in range(20):
                    messages, answers = self.conversation(numbers)
                    found, longest_pause = self.converse(messages, numbers)
                    if longest_pause < 0.03:  # else a pause of ours may have ended an id
                        self.assertEqual(found, answers)
                        break
                else:
                    self.skipTest("this machine always pauses between two segments")

    def converse(self, messages, numbers):
        """Sends in pieces; returns (all answers, the longest pause within a message)."""
        longest_pause = 0
        with self.connect() as peer:
            try:
                for message in messages:
                    start = time.monotonic()
                    while message:
                        cut = numbers.choice([1, 2, 3, 7, 40, 400])
                        peer.sendall(message[:cut])
                        message = message[cut:]
                    longest_pause = max(longest_pause, raw.elapsed(start))
                    if numbers.random() < 0.2:
                        raw.wait_read(peer)
                peer.shutdown(socket.SHUT_WR)
                return raw.read_to_end(peer), longest_pause
            except ConnectionError as error:
                return error, longest_pause

    def conversation(self, numbers):
        """(what to send, what to expect) of some twenty segments with some fifty messages."""
        entries, messages, answers = {}, [b""], b""
        base = numbers.randrange(1 << 60)  # ids of its own
        for _ in range(50):
            file_id = base + numbers.randrange(4)
            if numbers.random() < 0.4:
                # Any bytes but hex digits alone, which may count twice.
                checksum = b"|" + numbers.randbytes(numbers.randrange(60))
                entries[file_id] = b"%d|" % len(checksum) + checksum
                message = raw.be(file_id, checksum)
                message += numbers.choice([b"", b"\n", b"\r\n", b"\r"])
                answers += b"OK"
            else:
                message = f"KI|{file_id}".encode()
                message += numbers.choice([b"\n", b"\r\n", b"\r", b"\0"])
                answers += entries.get(file_id, b"0|")
            if numbers.random() < 0.5:
                messages.append(b"")
            messages[-1] += message  # so that a cut may join two messages as well
        return messages, answers

    def test_several_messages_in_one_segment_are_answered_in_order(self):
        self.ask(raw.be(1, HEX) + b"KI|1\nKI|2\n" + raw.be(2, "two") + b"KI|2\r\n" + raw.be(3, "x"),
                 b"OK32|" + HEX.encode() + b"0|OK3|twoOK")
        self.expect_nothing_more()

    def test_a_verb_ends_the_take_out_before_it(self):
        self.ask(raw.be(1, "one") + b"KI|1KI|1" + raw.be(2, "two") + b"KI|2KI|1\n",
                 b"OK3|one3|oneOK3|two3|one")

    def test_line_ends_behind_either_message_are_ignored(self):
        for end in (b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n"):
            with self.subTest(end=end):
                self.ask(raw.be(1, HEX) + end, b"OK")
                self.ask(b"KI|1" + end, b"32|" + HEX.encode())
        self.expect_nothing_more()

    def test_a_late_line_end_is_ignored(self):
        self.ask(raw.be(1, HEX), b"OK")
        self.say(b"\r", b"\n")
        self.ask(b"KI|1", b"32|" + HEX.encode())
        self.say(b"\r", b"\n")
        self.ask(b"KI|2\r", b"0|")
        self.ask(b"\nKI|1\n", b"32|" + HEX.encode())
        self.expect_nothing_more()

    def test_nul_ends_a_take_out(self):
        self.ask(raw.be(1, HEX), b"OK")
        start = time.monotonic()
        self.ask(b"KI|1\0KI|1\0", (b"32|" + HEX.encode()) * 2)
        self.assertLess(raw.elapsed(start), seconds(5))

    def test_a_half_close_ends_a_take_out(self):
        self.ask(raw.be(1, HEX), b"OK")
        self.peer.sendall(b"KI|1")
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(raw.read_to_end(self.peer), b"32|" + HEX.encode())

    def test_a_terminated_take_out_is_answered_without_a_pause(self):
        self.ask(raw.be(1, HEX), b"OK")
        start = time.monotonic()
        for _ in range(40):
            self.peer.sendall(b"KI|1\n")
            self.expect(b"32|" + HEX.encode())
        self.assertLess(raw.elapsed(start), seconds(1))  # 40 pauses of 50 ms would be 2 s

    def test_a_take_out_without_terminator_is_answered_after_a_short_pause(self):
        self.ask(raw.be(1, HEX), b"OK")
        pauses = []
        for _ in range(5):
            start = time.monotonic()
            self.peer.sendall(b"KI|1")
            self.expect(b"32|" + HEX.encode())
            pauses.append(raw.elapsed(start))
        self.assertGreater(min(pauses), 0.04)
        self.assertLess(min(pauses), seconds(0.3))

    def test_digits_within_the_pause_belong_to_the_id(self):
        self.ask(raw.be(12, "wrong"), b"OK")
        self.ask(raw.be(1234, "right"), b"OK")
        for _ in range(20):
            start = time.monotonic()
            self.say(b"KI|12")
            self.peer.sendall(b"34")
            if raw.elapsed(start) < 0.025:  # else the pause may have ended before the digits
                self.expect(b"5|right")
                return
            self.assertIn(raw.read_exactly(self.peer, 7), (b"5|right", b"5|wrong"))
            self.peer = self.connect()
        self.skipTest("this machine never sent two segments within 25 ms")

    def test_a_byte_at_a_time_without_terminator_works(self):
        self.ask(raw.be(12, "right"), b"OK")
        for byte in self.bytes_of(b"KI|12"):
            self.peer.sendall(byte)
        self.expect(b"5|right")

    def test_length_sixteen_with_thirty_two_hex_digits_takes_them_all(self):
        for digits in (HEX, HEX.upper()):
            with self.subTest(digits=digits):
                self.ask(raw.be(1, digits, length=16), b"OK")
                self.ask(b"KI|1", b"16|" + digits.encode())
        self.expect_nothing_more()

    def test_length_sixteen_with_thirty_two_hex_digits_and_a_line_end_takes_them_all(self):
        self.ask(raw.be(1, HEX, length=16) + b"\r\n", b"OK")
        self.ask(b"KI|1\n", b"16|" + HEX.encode())

    def test_length_sixteen_with_sixteen_bytes_takes_sixteen(self):
        for checksum in (HEX[:16].encode(), bytes(range(16))):
            with self.subTest(checksum=checksum):
                self.ask(raw.be(1, checksum), b"OK")
                self.ask(b"KI|1", b"16|" + checksum)

    def test_length_sixteen_followed_by_a_verb_takes_sixteen(self):
        self.ask(raw.be(1, HEX[:16]) + b"KI|1\n", b"OK16|" + HEX[:16].encode())
        self.ask(raw.be(1, HEX[:16]) + raw.be(2, "next"), b"OKOK")

    def test_an_insert_that_is_followed_by_a_close_at_once_is_kept(self):
        peer = self.connect()
        peer.sendall(raw.be(9, HEX))
        peer.close()
        self.assert_comes(9, b"32|" + HEX.encode())

    def test_an_insert_with_doubled_digits_and_a_close_at_once_is_kept(self):
        peer = self.connect()
        peer.sendall(raw.be(9, HEX, length=16))
        peer.close()
        self.assert_comes(9, b"16|" + HEX.encode())

    def assert_comes(self, file_id, answer):
        wait_until(lambda: raw.take(self.server, file_id) == answer, what=f"{answer!r}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
