"""Servers of the share protocol of other makes, written from its document and from nothing else.

Each is a thread of the test that serves one connection after another; `stop` ends it. An `offence`
is what one found wrong with the client: the document's kind breaks when anything but the message
stands in its one `recv`.
"""

import hashlib
import time

from clients import DEADLINE, reset
from servers import Server

BUFFER_SIZE = 1024
NO_FILES = "No files available at the moment"


class ShareServer(Server):
    """The document's: one `recv` for each message, bare answers, many commands on a connection."""

    ASKS_DETAILS = "Please send the file name and size"
    READY = "ready to receive a file"
    ASKS_ID = "Please send a file ID"

    def __init__(self, files=None):
        self.files = dict(files or {})  # name -> bytes
        self.connections = 0
        self.commands = []
        super().__init__()

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                client.settimeout(DEADLINE)
                try:
                    self.serve(client)
                except (OSError, ValueError, KeyError) as error:
                    self.offences.append(f"{error!r}")

    def serve(self, client):
        while command := client.recv(BUFFER_SIZE).decode():
            self.commands.append(command)
            if command == "LIST_FILES":
                self.list(client)
            elif command == "UPLOAD":
                self.upload(client)
            elif command == "DOWNLOAD":
                self.download(client)
            else:
                raise ValueError(f"no command: {command!r}")

    def id_of(self, data):
        return hashlib.md5(data).hexdigest()

    def lines(self):
        return [f"{self.id_of(data)};{name};{len(data)}" for name, data in self.files.items()]

    def list(self, client):
        client.sendall(("\n".join(self.lines()) or NO_FILES).encode())

    def ask(self, client, words):
        client.sendall(words.encode())
        return client.recv(BUFFER_SIZE)

    def upload(self, client):
        name, size = self.ask(client, self.ASKS_DETAILS).decode().split(";")
        client.sendall(self.READY.encode())
        data = self.receive(client, int(size))
        self.files[name] = data
        client.sendall(self.answer_to(data).encode())

    def answer_to(self, data):
        return self.id_of(data)

    def receive(self, client, size):
        data = b""
        while len(data) < size:
            piece = client.recv(BUFFER_SIZE)
            if not piece:
                raise ValueError(f"{len(data)} of {size} bytes")
            data += piece
        if len(data) > size:
            raise ValueError("more than the size")
        return data

    def download(self, client):
        file_id = self.ask(client, self.ASKS_ID).decode()
        name, data = next((name, data) for name, data in self.files.items()
                          if self.id_of(data) == file_id)
        self.give(client, name, data)

    def give(self, client, name, data):
        client.sendall(data)


class ServerOfOneCommandEach(ShareServer):
    """Closes behind each command."""

    def serve(self, client):
        self.commands.append(client.recv(BUFFER_SIZE).decode())
        {"LIST_FILES": self.list, "UPLOAD": self.upload,
         "DOWNLOAD": self.download}[self.commands[-1]](client)


class ServerThatSaysTheLength(ShareServer):
    """The length of the list first; the list when something has been answered."""

    def list(self, client):
        text = ("\n".join(self.lines()) or NO_FILES).encode()
        if not self.ask(client, str(len(text))):
            raise ValueError("no answer to the length")
        client.sendall(text)


class ServerThatIsDone(ShareServer):
    """A send for each file of the list, and DONE."""

    def list(self, client):
        for line in self.lines():
            client.sendall(line.encode() + b"\n")
            time.sleep(0.05)
        client.sendall(b"DONE")


class ServerThatIsDoneAtOnce(ShareServer):

    def list(self, client):
        client.sendall("\n".join(self.lines() + ["DONE"]).encode())


class ServerThatRepeats(ShareServer):
    """name;size ahead of the file."""

    def give(self, client, name, data):
        client.sendall(f"{name};{len(data)}".encode())
        time.sleep(0.05)
        client.sendall(data)


class ServerThatRepeatsAndJoins(ShareServer):

    def give(self, client, name, data):
        client.sendall(f"{name};{len(data)}".encode() + data)


class ServerThatEndsFiles(ShareServer):
    """EOF and the file's MD5 behind it."""

    def give(self, client, name, data):
        client.sendall(data)
        time.sleep(0.1)
        client.sendall(b"EOF")
        client.sendall(self.id_of(data).encode())


class ServerThatDoesItAll(ServerThatRepeats, ServerThatSaysTheLength):
    """name;size ahead, EOF and the MD5 right behind, the length before the list."""

    def give(self, client, name, data):
        super().give(client, name, data)
        client.sendall(b"EOF" + self.id_of(data).encode())


class ServerInPieces(ShareServer):
    """Its answers come in pieces: nothing else holds a segment together."""

    def ask(self, client, words):
        for start in range(0, len(words), 8):
            client.sendall(words[start:start + 8].encode())
            time.sleep(0.005)
        return client.recv(BUFFER_SIZE)

    def list(self, client):
        text = "\n".join(self.lines()) or NO_FILES
        for start in range(0, len(text), 19):
            client.sendall(text[start:start + 19].encode())
            time.sleep(0.005)

    def answer_to(self, data):
        return self.id_of(data) + "\n"


class ServerInUpperCase(ShareServer):

    def id_of(self, data):
        return super().id_of(data).upper()

    def download(self, client):
        file_id = self.ask(client, self.ASKS_ID).decode().upper()
        self.give(client, "", next(data for data in self.files.values()
                                   if self.id_of(data) == file_id))


class ServerOfOtherWords(ShareServer):
    ASKS_DETAILS = "SEND_NAME;SEND_SIZE"
    READY = "OK"
    ASKS_ID = "0"

    def list(self, client):
        client.sendall(("\n".join(self.lines()) or "The folder is empty.").encode())


class ServerWithLineEnds(ShareServer):
    """A line end behind everything that it says."""
    ASKS_DETAILS = "name and size?\r\n"
    READY = "go on\r\n"
    ASKS_ID = "id?\r\n"

    def list(self, client):
        client.sendall(("\r\n".join(self.lines() or [NO_FILES]) + "\r\n").encode())

    def answer_to(self, data):
        return self.id_of(data) + "\r\n"


KINDS = [
    ShareServer, ServerOfOneCommandEach, ServerThatSaysTheLength, ServerThatIsDone,
    ServerThatIsDoneAtOnce, ServerThatRepeats, ServerThatRepeatsAndJoins, ServerThatEndsFiles,
    ServerThatDoesItAll, ServerInPieces, ServerInUpperCase, ServerOfOtherWords, ServerWithLineEnds,
]


# Those that do harm.

class ServerThatHashesNothing(ShareServer):
    """The document's published program: every MD5 is that of the empty string."""

    def id_of(self, data):
        return hashlib.md5(b"").hexdigest()


class ServerThatFlips(ShareServer):
    """A bit flips on the way."""

    def give(self, client, name, data):
        client.sendall(data[:-1] + bytes([data[-1] ^ 1]))

    def answer_to(self, data):
        return self.id_of(data[:-1] + bytes([data[-1] ^ 1]))


class ServerThatLeaves(ShareServer):
    """Closes in the middle of a file."""

    def give(self, client, name, data):
        client.sendall(data[:len(data) // 2])
        client.close()

    def receive(self, client, size):
        data = client.recv(1)
        client.close()
        return data


class ServerThatResets(ServerThatLeaves):

    def give(self, client, name, data):
        client.sendall(data[:len(data) // 2])
        time.sleep(0.1)
        reset(client)


class ServerThatRefuses(ShareServer):
    """In its own words, where a prompt is awaited."""

    def upload(self, client):
        client.sendall(b"Nothing is taken here.")
        client.close()

    download = upload


class ServerThatIsSilent(ShareServer):

    def upload(self, client):
        client.recv(1)

    download = upload
