"""`checksum-server` with senders and receivers of other makes."""

import unittest

from base import DATA, InteropCase
import clients
import servers


class OurChecksumServer(InteropCase):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()

    def test_the_seed_s_sender_and_receiver_use_it(self):
        for client in (clients.sender_that_inserts_first,
                       clients.sender_that_keeps_its_checksum_connection,
                       clients.sender_that_never_waits,
                       clients.sender_that_resets_its_checksum_connection,
                       clients.sender_with_newlines, clients.sender_that_announces_sixteen,
                       clients.sender_in_pieces):
            with self.subTest(client=client.__name__):
                receiver = self.peer(servers.Receiver, self.checksums.address, 5)
                answer = client(DATA, receiver.address, self.checksums.address, 5)
                self.assertIn(answer, (b"OK", None))
                self.assertEqual(receiver.wait(), "CSUM OK")
                self.assertTrue(receiver.contents == DATA)

    def test_the_bytes_are_given_back_as_they_came(self):
        for client, digest in ((clients.sender_with_decimal_crc32, clients.crc32_decimal),
                               (clients.sender_with_0x_crc32, clients.crc32_0x),
                               (clients.sender_with_upper_case, lambda d: clients.md5(d).upper()),
                               (clients.sender_with_raw_md5,
                                lambda d: clients.hashlib.md5(d).digest())):
            with self.subTest(client=client.__name__):
                receiver = self.peer(servers.Receiver, self.checksums.address, 5)
                self.assertEqual(client(DATA, receiver.address, self.checksums.address, 5), b"OK")
                receiver.wait()
                expected = digest(DATA)
                self.assertEqual(clients.ask_in_one_segment(self.checksums.address, 5),
                                 str(len(expected)).encode() + b"|" + expected)

    def test_every_way_of_asking_is_answered_in_one_piece(self):
        for file_id in (5, -5, 12345678901234567890):
            with clients.dial(self.checksums.address) as peer:
                peer.sendall(clients.insert_message(file_id, clients.md5(DATA)))
                self.assertEqual(peer.recv(1024), b"OK")
            for ask in clients.ASKERS:
                with self.subTest(ask=ask.__name__, file_id=file_id):
                    self.assertEqual(ask(self.checksums.address, file_id), b"32|"
                                     + clients.md5(DATA))

    def test_every_way_of_asking_for_the_unknown_is_answered(self):
        for ask in clients.ASKERS:
            with self.subTest(ask=ask.__name__):
                self.assertEqual(ask(self.checksums.address, 404), b"0|")


if __name__ == "__main__":
    unittest.main(verbosity=2)
