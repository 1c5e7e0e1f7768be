"""The netcopy/1 peers with each other: what they are used to judge, they must do themselves."""

import lzma
import unittest

import copy_receiver
import copy_sender
import copy_wire


class Peers(unittest.TestCase):

    def setUp(self):
        self.receiver = copy_receiver.Receiver()
        self.addCleanup(self.receiver.stop)

    def connect(self):
        sender = copy_sender.Sender(self.receiver.address, kinds=[b"sha256", b"crc32c"])
        self.addCleanup(sender.close)
        return sender

    def test_a_file_a_folder_and_a_link_get_across(self):
        sender = self.connect()
        name = bytes(b for b in range(1, 256) if b != ord("/"))
        self.assertEqual(sender.file(name, b"content"), b"DONE 1")
        self.assertEqual(sender.file(name, b"content"), b"SAME 2")
        self.assertEqual(sender.file(name, b"another"), b"SAME 3")  # size and time are equal
        sender.folder(b"a folder")
        sender.link(b"a link", b"a folder")
        sender.wire.say(b"SYNC")
        self.assertEqual([sender.answer(), sender.answer()], [b"DONE 4", b"DONE 5"])
        self.assertEqual(sender.end(), b"BYE")
        self.assertEqual(self.receiver.files[name].data, b"content")
        self.assertEqual(self.receiver.offences, [])

    def test_a_break_is_resumed_from_the_kept_beginning(self):
        data = bytes(range(256)) * 8192
        sender = self.connect()
        sender.put(b"large", len(data))
        sender.wire.say(b"SYNC")
        self.assertEqual(sender.answer(), b"WANT 1 0")
        sender.data(1, 0, data[:1_000_000])
        sender.wire.say(b"DROP", 1, b"stopped", b"x")
        self.assertRegex(sender.answer(), rb"^NO 1 stopped ")
        self.assertEqual(sender.file(b"large", data), b"DONE 2")
        self.assertEqual(self.receiver.received, len(data))
        self.assertEqual(self.receiver.offences, [])

    def test_breaches_are_noted(self):
        for line in (b"PUT 2 6 644 1.000000000 a", b"PUT 1 6 644 1.000000000 ../a", b"DATA 1 0 1",
                     b"PUT 1 6 644 1 a", b"SUM 1 0 sha256=00", b"KEEP 1", b"HELLO", b"SYNC now"):
            with self.subTest(line=line):
                before = len(self.receiver.offences)
                sender = self.connect()
                sender.wire.say(line)
                self.assertRegex(sender.answer(), rb"^NO 0 protocol ")
                self.assertEqual(len(self.receiver.offences), before + 1)

    def test_the_checks_are_those_of_their_standards(self):
        self.assertEqual(copy_wire.crc64(b"123456789"), b"995dc9bbdf1939fa")
        self.assertEqual(copy_wire.crc32c(b"123456789"), "e3069283")
        stream = lzma.compress(b"some data", check=lzma.CHECK_CRC64)  # XZ keeps it little-endian
        crc = bytes.fromhex(copy_wire.crc64(b"some data").decode())[::-1]
        self.assertIn(crc, stream)


if __name__ == "__main__":
    unittest.main(verbosity=2)
