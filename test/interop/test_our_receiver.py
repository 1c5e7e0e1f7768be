"""`receive` with senders and checksum servers of other makes."""

import unittest

from base import DATA, InteropCase
from harness import CORRUPTED, OK
import clients
import servers


class OurReceiver(InteropCase):

    def setUp(self):
        super().setUp()
        self.target = self.folder / "target"
        self.target.write_bytes(b"older")

    def receive(self, checksums, client, data=DATA, file_id=5):
        receiver = self.receiver(self.target, checksums, file_id=file_id)
        answer = client(data, receiver.address, checksums.address, file_id)
        self.assertIn(answer,
                      (b"OK", b"OK\r\n", b"O", None))  # one recv of an answer in pieces gets O
        return receiver

    def test_the_client_of_every_kind_gets_its_file_across(self):
        checksums = self.checksum_server()
        for file_id, client in enumerate(clients.GOOD_SENDERS):
            with self.subTest(client=client.__name__):
                data = DATA + client.__name__.encode()
                receiver = self.receive(checksums, client, data, file_id)
                self.assert_verdict(receiver, OK, 0)
                self.assert_folder(self.folder, {"target": data})

    def test_the_client_of_every_kind_gets_an_empty_file_across(self):
        for client in clients.GOOD_SENDERS:
            with self.subTest(client=client.__name__):
                receiver = self.receive(self.checksum_server(), client, data=b"")
                self.assert_verdict(receiver, OK, 0)
                self.assert_folder(self.folder, {"target": b""})

    def test_a_client_that_resets_its_file_connection_is_not_believed(self):
        receiver = self.receive(self.checksum_server(),
                                clients.sender_that_resets_its_file_connection)
        self.assert_verdict(receiver, CORRUPTED, 8)
        self.assertEqual(self.target.read_bytes(), b"older")

    def test_a_client_that_never_inserts_is_unverified(self):
        checksums = self.peer(servers.ChecksumServer)
        receiver = self.receiver(self.target, checksums, file_id=5)
        with clients.dial(receiver.address) as client:
            client.sendall(DATA)
        self.assert_verdict(receiver, CORRUPTED, 5)
        self.assert_folder(self.folder, {"target": b"older", "target.corrupted": DATA})
        self.assert_no_offence(checksums)

    def test_the_checksum_server_of_every_kind_is_understood(self):
        for kind in servers.CHECKSUM_SERVERS:
            with self.subTest(checksum_server=kind.__name__):
                checksums = self.peer(kind)
                receiver = self.receive(checksums, clients.sender_that_inserts_first)
                self.assert_verdict(receiver, OK, 0)
                self.assertTrue(self.target.read_bytes() == DATA)
                self.assert_no_offence(checksums)

    def test_the_checksum_server_of_every_kind_may_get_the_checksum_late(self):
        for kind in servers.CHECKSUM_SERVERS:
            with self.subTest(checksum_server=kind.__name__):
                checksums = self.peer(kind)
                receiver = self.receive(checksums, clients.sender_that_closes_first)
                self.assert_verdict(receiver, OK, 0)
                self.assert_no_offence(checksums)

    def test_a_checksum_server_that_never_answers_for_an_unknown_id_is_unverified_in_time(self):
        checksums = self.peer(servers.ChecksumServerThatIgnoresTheUnknown)
        receiver = self.receiver(self.target, checksums, "--idle-timeout", 3, file_id=5)
        with clients.dial(receiver.address) as client:
            client.sendall(DATA)
        self.assert_verdict(receiver, CORRUPTED, 5)
        self.assertEqual(self.target.read_bytes(), b"older")

    def test_a_lie_about_the_length_is_no_matter(self):
        for lie in (b"16", b"1", b"4096", b"99999999999999999999", b"-1", b"", b"x"):
            with self.subTest(lie=lie):
                checksums = self.peer(servers.ChecksumServerThatCountsAnew)
                checksums.lie = lie
                receiver = self.receive(checksums, clients.sender_that_inserts_first)
                self.assert_verdict(receiver, OK, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
