"""Talks to a checksum server, segment by segment."""

import socket

import raw
from harness import Case, md5_hex

HEX = md5_hex(b"some file")


class Conversation(Case):
    """A checksum server and one connection to it."""

    def setUp(self):
        super().setUp()
        self.server = self.checksum_server()
        self.peer = self.connect()

    def connect(self):
        peer = raw.connect(self.server.address)
        self.addCleanup(peer.close)
        return peer

    def say(self, *segments, peer=None):
        """Sends each segment once the server has read the one before."""
        peer = peer or self.peer
        for segment in segments:
            peer.sendall(segment)
            raw.wait_read(peer)

    def expect(self, answer, peer=None):
        """These bytes come next."""
        found = raw.read_exactly(peer or self.peer, len(answer))
        self.assertEqual(found, answer)

    def ask(self, message, answer, peer=None):
        self.say(message, peer=peer)
        self.expect(answer, peer)

    def expect_nothing_more(self, peer=None):
        """Half-closes; the server closes, too, without another byte."""
        peer = peer or self.peer
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(raw.read_to_end(peer), b"")

    def bytes_of(self, data):
        return [data[i:i + 1] for i in range(len(data))]

    def assert_alive(self):
        with raw.connect(self.server.address) as peer:
            self.ask(raw.be(4711, "alive"), b"OK", peer)
            self.ask(b"KI|4711\n", b"5|alive", peer)
