"""The peers among themselves: what they cannot do without us, they cannot show about us."""

import unittest

import clients
import servers

DATA = bytes(range(256)) * 400


class Peers(unittest.TestCase):

    def copy(self, client, checksum_server, **habits):
        receiver = servers.Receiver(checksum_server.address, 5, **habits)
        self.addCleanup(receiver.stop)
        answer = client(DATA, receiver.address, checksum_server.address, 5)
        self.assertEqual(receiver.wait(), "CSUM OK")
        self.assertEqual(receiver.contents, DATA)
        return answer

    def test_the_plain_three_understand_each_other(self):
        for kind in (servers.ChecksumServer, servers.ChecksumServerThatTakesOut,
                     servers.ChecksumServerThatHangsUp,
                     servers.ChecksumServerThatCountsAnew,
                     servers.ChecksumServerThatIgnoresTheUnknown,
                     servers.ChecksumServerThatTiresSoon, servers.ChecksumServerOneAtATime):
            with self.subTest(checksum_server=kind.__name__):
                checksums = kind()
                self.addCleanup(checksums.stop)
                self.assertEqual(self.copy(clients.sender_that_inserts_first, checksums), b"OK")
                self.assertEqual(checksums.offences, [])

    def test_the_plain_receiver_loses_the_race_that_ours_must_survive(self):
        checksums = servers.ChecksumServer()
        self.addCleanup(checksums.stop)
        receiver = servers.Receiver(checksums.address, 5)
        self.addCleanup(receiver.stop)
        clients.sender_that_closes_first(DATA, receiver.address, checksums.address, 5)
        self.assertEqual(receiver.wait(), "CSUM CORRUPTED")

    def test_a_message_in_pieces_or_with_a_newline_is_an_offence(self):
        for piece in (b"K", b"KI", b"KI|", b"KI|5\n", b"KI|5\0", b"BE|5|60|4|abc",
                      b"BE|5|60|4|abcd\n"):
            checksums = servers.ChecksumServer()
            self.addCleanup(checksums.stop)
            with clients.dial(checksums.address) as peer:
                peer.sendall(piece)
                peer.recv(1024)
            self.assertTrue(checksums.offences, piece)

    def test_a_well_formed_exchange_is_none(self):
        checksums = servers.ChecksumServer()
        self.addCleanup(checksums.stop)
        self.assertEqual(clients.ask_in_one_segment(checksums.address, 5), b"0|")
        with clients.dial(checksums.address) as peer:
            peer.sendall(clients.insert_message(5, b"a|b"))
            self.assertEqual(peer.recv(1024), b"OK")
        self.assertEqual(clients.ask_and_half_close(checksums.address, 5), b"3|a|b")
        self.assertEqual(checksums.offences, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
