"""A hand-made peer of docs/protocol/rudp.md, for what no honest client does."""

import random
import socket
import struct

from crc32c import crc32c

REQUEST, COOKIE, ACCEPT, DATA, PROBE, PING, ACK, CLOSE, PATH = range(0xF1, 0xFA)
ANY = (1 << 64) - 1


def seal(packet):
    return packet + struct.pack(">I", crc32c(packet))


class Client:
    """One connection; says what it is told to say."""

    def __init__(self, server, name, connection=None, receive_timeout=2.0):
        self.server, self.name = server, name.encode()
        self.connection = random.getrandbits(64) if connection is None else connection
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(receive_timeout)
        self.number = 0
        self.sent = self.received = 0

    def close(self):
        self.socket.close()

    def header(self, kind):
        self.number += 1
        return struct.pack(">BQQ", kind, self.connection, self.number - 1)

    def send_raw(self, datagram):
        self.sent += len(datagram)
        self.socket.sendto(datagram, self.server)

    def send(self, packet):
        self.send_raw(seal(packet))

    def request(self, *arguments, **fields):
        self.send_raw(self.request_datagram(*arguments, **fields))

    def request_datagram(self, cookie=b"", wish=(0, 1 << 20), size=ANY, tag=bytes(32),
                         datagram=1200):
        fields = (b"NETCOPY1" + struct.pack(">HIQ", datagram, 1 << 20, size) + tag
                  + struct.pack(">QQB", *wish, len(cookie)) + cookie
                  + struct.pack(">H", len(self.name)) + self.name)
        packet = self.header(REQUEST) + fields
        return seal(packet + bytes(1196 - len(packet)))

    def ack(self, largest, first, gaps=(), wishes=()):
        packet = self.header(ACK) + struct.pack(">BQIQIB", 0, 0, 0, largest, first, len(gaps))
        for gap in gaps:
            packet += struct.pack(">II", *gap)
        packet += struct.pack(">IB", 1, len(wishes))
        for wish in wishes:
            packet += struct.pack(">QQ", *wish)
        self.send(packet)

    def close_connection(self, code=0):
        self.send(self.header(CLOSE) + struct.pack(">HB", code, 0))

    def answer(self):
        """(kind, the fields behind the header) of the next packet; None: nothing comes."""
        try:
            datagram, _ = self.socket.recvfrom(65536)
        except socket.timeout:
            return None
        self.received += len(datagram)
        packet, crc = datagram[:-4], struct.unpack(">I", datagram[-4:])[0]
        assert crc == crc32c(packet), "a wrong seal"
        kind, connection, _ = struct.unpack(">BQQ", packet[:17])
        assert connection == self.connection
        return kind, packet[17:]

    def cookie(self):
        self.request()
        kind, fields = self.answer()
        assert kind == COOKIE and len(fields) == 24, (kind, fields)
        return fields

    def close_code(self, tries=50):
        """The code of the CLOSE that comes within so many packets."""
        for _ in range(tries):
            got = self.answer()
            if got is None:
                return None
            if got[0] == CLOSE:
                return struct.unpack(">H", got[1][:2])[0]
        return None
