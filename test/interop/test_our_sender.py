"""`send` with receivers and checksum servers of other makes."""

import time
import unittest

from base import DATA, InteropCase
import clients
import servers


class OurSender(InteropCase):

    def setUp(self):
        super().setUp()
        self.source = self.make_file(DATA)

    def test_the_receiver_of_the_seed_takes_our_file_with_every_kind_of_checksum_server(self):
        for kind in servers.CHECKSUM_SERVERS:
            with self.subTest(checksum_server=kind.__name__):
                checksums = self.peer(kind)
                receiver = self.peer(servers.Receiver, checksums.address, -5)
                sender = self.sender(self.source, receiver, checksums, file_id=-5)
                self.assert_verdict(sender, b"", 0)
                receiver.wait()
                self.assertTrue(receiver.contents == DATA)
                self.assert_no_offence(checksums)
                if kind in (servers.ChecksumServer, servers.ChecksumServerThatHangsUp,
                            servers.ChecksumServerOneAtATime,
                            servers.ChecksumServerThatCountsAnew,
                            servers.ChecksumServerThatTakesOut):
                    # The others answer in a way that the seed's receiver itself does not survive.
                    self.assertEqual(receiver.verdict, "CSUM OK")

    def test_the_receiver_of_the_seed_finds_the_checksum_at_the_end_of_the_file(self):
        checksums = self.checksum_server()
        for hold in (False, True):
            with self.subTest(hold_until_verdict=hold):
                receiver = self.peer(servers.Receiver, checksums.address, 5,
                                     hold_until_verdict=hold)
                self.assert_verdict(self.sender(self.source, receiver, checksums, file_id=5), b"",
                                    0)
                self.assertEqual(receiver.wait(), "CSUM OK")
                self.assertTrue(receiver.contents == DATA)

    def test_an_empty_file_goes_to_the_receiver_of_the_seed(self):
        checksums = self.peer(servers.ChecksumServer)
        receiver = self.peer(servers.Receiver, checksums.address, 5)
        self.assert_verdict(self.sender(self.make_file(b""), receiver, checksums, file_id=5), b"",
                            0)
        self.assertEqual(receiver.wait(), "CSUM OK")
        self.assert_no_offence(checksums)

    def test_the_message_is_one_segment_as_the_seed_writes_it(self):
        checksums = self.peer(servers.ChecksumServer)
        receiver = self.peer(servers.Receiver, checksums.address, 5)
        self.assert_verdict(self.sender(self.source, receiver, checksums, "--validity", 77,
                                        file_id="005"), b"", 0)
        receiver.wait()
        self.assert_no_offence(checksums)
        self.assertEqual(list(checksums.entries), [b"5"])
        self.assertEqual(checksums.entries[b"5"][:2], (b"32", clients.md5(DATA)))

    def test_a_checksum_server_that_tires_meanwhile_gets_the_checksum_all_the_same(self):
        checksums = self.peer(servers.ChecksumServerThatTiresSoon)
        receiver = self.peer(servers.Receiver, checksums.address, 5)
        sender = self.start_sender("-", receiver, checksums, file_id=5, stdin="pipe")
        sender.stdin.write(DATA)
        sender.stdin.flush()
        time.sleep(3 * checksums.patience)
        sender.stdin.close()
        self.assert_verdict(sender, b"", 0)
        receiver.wait()
        self.assertEqual(checksums.entries[b"5"][1], clients.md5(DATA))


if __name__ == "__main__":
    unittest.main(verbosity=2)
