"""The share peers among themselves: what they cannot do without us, they cannot show about us."""

import unittest

import share_clients as clients
import share_servers as servers

DATA = bytes(range(256)) * 400


class Peers(unittest.TestCase):

    def server(self, kind=servers.ShareServer, files=None):
        server = kind(files)
        self.addCleanup(server.stop)
        return server

    def test_the_document_s_two_understand_each_other(self):
        server = self.server()
        with clients.Client(server.address) as client:
            self.assertEqual(client.list(), {})
            self.assertEqual(client.upload("a", DATA), clients.md5(DATA))
            self.assertEqual(client.list(), {clients.md5(DATA): ("a", len(DATA))})
            self.assertEqual(client.download(clients.md5(DATA), len(DATA)), DATA)
        self.assertEqual(server.files, {"a": DATA})
        self.assertEqual(server.offences, [])

    def test_a_line_end_is_an_offence(self):
        server = self.server()
        with clients.ClientWithLineEnds(server.address) as client:
            client.begin("LIST_FILES")
            self.assertEqual(client.peer.recv(1), b"")
        self.assertEqual(len(server.offences), 1)

    def test_what_is_flipped_has_another_md5(self):
        server = self.server(servers.ServerThatFlips, {"a": DATA})
        with clients.Client(server.address) as client:
            came = client.download(clients.md5(DATA), len(DATA))
        self.assertNotEqual(clients.md5(came), clients.md5(DATA))


if __name__ == "__main__":
    unittest.main(verbosity=2)
