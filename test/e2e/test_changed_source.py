"""A file that changes while it is sent is never vouched for."""

import os
import unittest

import raw
from harness import Case, OK, md5_hex, random_bytes

SIZE = 24 << 20  # far more than the kernel keeps for one connection


class ChangedSource(Case):

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE)
        self.source = self.make_file(self.data)
        self.checksums = self.checksum_server()

    def hold(self, *options, source=None):
        """A sender in mid-file, held by a receiver that does not read."""
        slow = raw.listener(receive_buffer=65536)
        self.addCleanup(slow.close)
        sender = self.start_sender(source or self.source, slow, self.checksums, *options, file_id=3)
        peer = slow.take_peer()
        self.addCleanup(peer.close)
        self.assertEqual(raw.read_exactly(peer, 100_000), self.data[:100_000])
        return sender, peer

    def assert_given_up(self, sender, peer):
        self.assertEqual(raw.ends(peer), "reset")
        self.assert_verdict(sender, b"", 11)
        self.assert_one_error_line(sender, "netcopy send: ", "source", "changed")
        self.assertEqual(raw.take(self.checksums, 3), b"0|")

    def test_an_unchanged_file_is_sent_by_the_same_arrangement(self):
        sender, peer = self.hold()
        rest = raw.read_to_end(peer)
        self.assertTrue(rest == self.data[100_000:])
        peer.close()
        self.assert_verdict(sender, b"", 0)
        self.assertEqual(raw.take(self.checksums, 3), b"32|" + md5_hex(self.data).encode())

    def test_an_appended_file_is_given_up(self):
        sender, peer = self.hold()
        with open(self.source, "ab") as file:
            file.write(b"more")
        self.assert_given_up(sender, peer)

    def test_a_truncated_file_is_given_up(self):
        sender, peer = self.hold()
        os.truncate(self.source, SIZE - 5)
        self.assert_given_up(sender, peer)

    def test_a_file_cut_to_nothing_is_given_up(self):
        sender, peer = self.hold()
        os.truncate(self.source, 0)
        self.assert_given_up(sender, peer)

    def test_a_byte_changed_in_place_is_given_up(self):
        sender, peer = self.hold()
        with open(self.source, "r+b") as file:
            file.write(b"\0" if self.data[0] else b"\1")
        self.assert_given_up(sender, peer)

    def test_a_changed_file_never_gets_its_name_at_the_receiver(self):
        target = self.folder / "target"
        receiver = self.receiver(target, self.checksums, file_id=3)
        held = False

        def change(total):
            nonlocal held
            if not held and total > SIZE // 8:
                held = True
                with open(self.source, "ab") as file:
                    file.write(b"more")

        relay = raw.Relay(receiver.address, change)
        self.addCleanup(relay.close)
        sender = self.sender(self.source, relay, self.checksums, file_id=3)
        self.assert_status(sender, 11)
        self.assertNotEqual(receiver.wait(), 0)
        self.assertNotEqual(receiver.stdout, OK)
        self.assertFalse(target.exists())

    def test_a_file_that_is_renamed_or_removed_meanwhile_is_still_the_same_file(self):
        sender, peer = self.hold()
        os.unlink(self.source)
        rest = raw.read_to_end(peer)
        self.assertTrue(rest == self.data[100_000:])
        peer.close()
        self.assert_status(sender, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
