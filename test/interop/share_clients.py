"""Clients of the share protocol of other makes, written from its document and from nothing else.

They share no code with the binary. Each kind has a habit that was seen, or that TCP may give it.
None looks at the words of a prompt: it awaits one `recv` and goes on.
"""

import hashlib
import socket
import time

from clients import DEADLINE, dial, reset, send_apart

BUFFER_SIZE = 1024
NO_FILES = "No files available at the moment"


def md5(data):
    return hashlib.md5(data).hexdigest()


class Client:
    """The document's: one connection, bare words, one `recv` for whatever comes that is short."""

    LIST = "LIST_FILES"

    def __init__(self, address):
        self.address = address
        self.peer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer = None

    # Each command begins and ends so; the kinds below do it in their own ways.

    def begin(self, command):
        if not self.peer:
            self.peer = dial(self.address)
        self.say(command)

    def end(self):
        pass

    def say(self, text):
        self.peer.sendall(text.encode())

    def say_bytes(self, data):
        for start in range(0, len(data), BUFFER_SIZE):
            self.peer.sendall(data[start:start + BUFFER_SIZE])

    def hear(self):
        """What one `recv` gives, which must be something."""
        words = self.peer.recv(BUFFER_SIZE)
        if not words:
            raise ConnectionError("the server has closed the connection")
        return words.decode()

    def hear_list(self):
        """One `recv`, large enough for any list of these tests: it comes in one send."""
        return self.peer.recv(65536).decode()

    # What a user can do.

    def list(self):
        """id -> (name, size), in the order of the list."""
        self.begin(self.LIST)
        text = self.hear_list()
        self.end()
        if text == NO_FILES:
            return {}
        files = {}
        for line in text.split("\n"):
            file_id, name, size = line.split(";")
            files[file_id] = (name, int(size))
        return files

    def upload(self, name, data):
        """The MD5 that the server answers with."""
        self.begin("UPLOAD")
        self.hear()
        self.say(f"{name};{len(data)}")
        self.hear()
        self.say_bytes(data)
        answer = self.hear()
        self.end()
        return answer

    def download(self, file_id, size):
        self.begin("DOWNLOAD")
        self.hear()
        self.say(file_id)
        data = b""
        while len(data) < size:
            piece = self.peer.recv(min(BUFFER_SIZE, size - len(data)))
            if not piece:
                break
            data += piece
        self.end()
        return data


class ClientWithLineEnds(Client):

    def say(self, text):
        self.peer.sendall(text.encode() + b"\n")


class ClientWithWindowsLineEnds(Client):

    def say(self, text):
        self.peer.sendall(text.encode() + b"\r\n")


class ClientWithNuls(Client):
    """`send(peer, text, strlen(text) + 1, 0)`"""

    def say(self, text):
        self.peer.sendall(text.encode() + b"\0")


class ClientThatSpellsItApart(Client):
    LIST = "LIST FILES"


class ClientThatSpellsItOther(Client):
    """The document's own other spelling."""
    LIST = "LIST FILE"


class ClientOfSingleBytes(Client):

    def say(self, text):
        send_apart(self.peer, text.encode())


class ClientOfOneCommandEach(Client):
    """A connection for each command."""

    def end(self):
        self.close()


class ClientThatDisconnects(Client):
    """Says so, and awaits the end."""

    def close(self):
        if self.peer:
            self.say("DISCONNECT")
            if self.peer.recv(1) != b"":
                raise AssertionError("words behind DISCONNECT")
        super().close()


class ClientThatEndsFiles(Client):
    """`EOF` behind the file, in a segment of its own, as the document's published program does."""

    def say_bytes(self, data):
        super().say_bytes(data)
        time.sleep(0.1)
        self.peer.sendall(b"EOF")


class ClientThatEndsFilesLate(Client):
    """The `EOF` comes when the answer has come."""

    def upload(self, name, data):
        answer = super().upload(name, data)
        if self.peer:
            self.peer.sendall(b"EOF")
        return answer


class ClientThatJoinsTheEnd(Client):

    def say_bytes(self, data):
        self.peer.sendall(data + b"EOF")


class ClientInOddSegments(Client):
    """Segments of three bytes: where the file is made of `EOF`s, each is a segment of its own."""

    def say_bytes(self, data):
        if len(data) > 300:
            super().say_bytes(data)
            return
        for start in range(0, len(data), 3):
            self.peer.sendall(data[start:start + 3])
            time.sleep(0.002)


class ClientInUpperCase(Client):

    def download(self, file_id, size):
        return super().download(file_id.upper(), size)


class ClientThatHalfCloses(ClientOfOneCommandEach):
    """Says that nothing more comes behind its file."""

    def say_bytes(self, data):
        super().say_bytes(data)
        self.peer.shutdown(socket.SHUT_WR)


class ClientThatIsSlow(Client):
    """Its user types."""

    def say(self, text):
        time.sleep(0.3)
        super().say(text)


KINDS = [
    Client, ClientWithLineEnds, ClientWithWindowsLineEnds, ClientWithNuls, ClientThatSpellsItApart,
    ClientThatSpellsItOther, ClientOfSingleBytes, ClientOfOneCommandEach, ClientThatDisconnects,
    ClientThatEndsFiles, ClientThatEndsFilesLate, ClientThatJoinsTheEnd, ClientInOddSegments,
    ClientInUpperCase, ClientThatHalfCloses, ClientThatIsSlow,
]


# Those that do not come to a good end.

def upload_in_part(address, name, data, ends=socket.socket.close):
    """Half of the file, and then the end of the connection."""
    client = Client(address)
    client.begin("UPLOAD")
    client.hear()
    client.say(f"{name};{len(data)}")
    client.hear()
    client.say_bytes(data[:len(data) // 2])
    ends(client.peer)


def upload_that_resets(address, name, data):
    upload_in_part(address, name, data, reset)


def converse(address, *messages):
    """What the server says in all to these, each a segment of its own, until it closes."""
    with dial(address) as peer:
        peer.settimeout(DEADLINE)
        for message in messages:
            peer.sendall(message)
            time.sleep(0.2)
        heard = b""
        try:
            while piece := peer.recv(BUFFER_SIZE):
                heard += piece
        except ConnectionResetError:
            heard += b"<reset>"
        return heard
