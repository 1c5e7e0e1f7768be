"""Small peers of the seed's third document (master and file servers), written from it and from what
its published programs put on the wire: names are announced one by one over TCP, files are sent by
bare datagrams over UDP."""

import socket
import threading

DATAGRAM = 1024


class SeedFileServer:
    """Announces files to a master and answers a bare name with the file's bytes."""

    def __init__(self, master, files, answers=True):
        self.files = files
        self.answers = answers
        self.offences = []
        self.asked = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.host, self.port = self._udp.getsockname()
        self.endpoint = f"{self.host}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()
        self._master = socket.create_connection(master)
        self._say(f"FS, Listen client at {self.host}:{self.port}")
        for name in files:
            self._say(name)
        self._say("end")

    def _say(self, text):
        self._master.sendall(text.encode())
        answer = self._master.recv(100)
        if answer != b"OK":
            self.offences.append(f"{text!r} was answered with {answer!r}")

    def _serve(self):
        while True:
            try:
                name, client = self._udp.recvfrom(2048)
            except OSError:
                return
            self.asked.append(name)
            if not self.answers:
                continue
            data = self.files.get(name.decode("utf-8", "replace"))
            if data is None:
                self._udp.sendto(b"ERR", client)
                continue
            for at in range(0, len(data), DATAGRAM):
                self._udp.sendto(data[at:at + DATAGRAM], client)
            self._udp.sendto(b"", client)

    def stop(self):
        self._master.close()
        self._udp.close()


def seed_list(master):
    """[(name, host, port)] as the seed's client asks for it."""
    with socket.create_connection(master, timeout=10) as connection:
        connection.sendall(b"CL")
        answer = connection.recv(65536).decode()
    if answer == "empty":
        return []
    rows = [entry.rsplit(":", 2) for entry in answer.split(";") if entry]
    return [(name, host, int(port)) for name, host, port in rows]


def seed_download(address, name, timeout=10):
    """The bytes as the seed's client takes them: until an empty datagram; None: there is no such
    file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        udp.settimeout(timeout)
        udp.sendto(name.encode(), address)
        pieces = []
        while True:
            piece, sender = udp.recvfrom(2048)
            if sender != address:
                continue
            if piece == b"ERR" and not pieces:
                return None
            if not piece:
                return b"".join(pieces)
            if len(piece) > DATAGRAM:
                raise AssertionError(f"a datagram of {len(piece)} bytes")
            pieces.append(piece)
