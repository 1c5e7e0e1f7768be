"""Receivers of the transfer protocol of other makes, written from its document and nothing else.

Each is a thread of the test that serves one connection after another; `stop` ends it. An `offence`
is what one found wrong with the sender: those of the document's kind break when anything stands
behind the header in its first read.
"""

import hashlib
import os
import time

from clients import DEADLINE, reset
from servers import Server

SEPARATOR = "<SEPARATOR>"
BUFFER_SIZE = 4096
VERIFIED = "File received successfully - MD5 verified"
INCOMPLETE = "File transfer failed: Incomplete transfer"
MISMATCH = "File transfer failed: MD5 mismatch"


class Receiver(Server):
    """The document's: one read for the header, then the size, then one sentence."""

    def __init__(self):
        self.files = {}
        super().__init__()

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(DEADLINE)
                try:
                    self.receive(client)
                except (OSError, ValueError) as error:
                    self.offences.append(f"{error!r}")

    def read_header(self, client):
        """The name as the document has it: without the path. ValueError for another form."""
        first = client.recv(BUFFER_SIZE)
        path, size, md5 = first.decode().split(SEPARATOR)
        if len(md5) != 32:
            raise ValueError(f"something stands behind the header: {first!r}")
        if os.path.basename(path) != path:
            self.offences.append(f"a path instead of a name: {path!r}")
        return os.path.basename(path), int(size), md5

    def read_body(self, client, size):
        data = b""
        while len(data) < size:
            piece = client.recv(BUFFER_SIZE)
            if not piece:
                break
            data += piece
        if len(data) > size:
            self.offences.append("more than the size")
        return data

    def receive(self, client):
        name, size, md5 = self.read_header(client)
        data = self.read_body(client, size)
        self.files[name] = data
        if len(data) != size:
            self.answer(client, INCOMPLETE)
        else:
            self.answer(client, VERIFIED if hashlib.md5(data).hexdigest() == md5 else MISMATCH)

    def answer(self, client, sentence):
        client.sendall(sentence.encode())


class ReceiverInPieces(Receiver):
    """Its answer comes in pieces."""

    def answer(self, client, sentence):
        for start in range(0, len(sentence), 10):
            client.sendall(sentence[start:start + 10].encode())
            time.sleep(0.005)


class ReceiverWithNewlines(Receiver):

    def answer(self, client, sentence):
        client.sendall(sentence.encode() + b"\r\n")


class ReceiverThatHoldsOn(Receiver):
    """Answers, and waits for the sender to close."""

    def answer(self, client, sentence):
        super().answer(client, sentence)
        client.recv(1)


class ReceiverWithOtherWords(Receiver):

    def answer(self, client, sentence):
        client.sendall(b"ok: stored successfully" if sentence == VERIFIED else b"checksum mismatch")


class ReceiverThatReadsSlowly(Receiver):

    def read_body(self, client, size):
        time.sleep(0.5)
        return super().read_body(client, size)


GOOD_RECEIVERS = [
    Receiver, ReceiverInPieces, ReceiverWithNewlines, ReceiverThatHoldsOn, ReceiverWithOtherWords,
    ReceiverThatReadsSlowly,
]


class ReceiverThatFlips(Receiver):
    """A bit flips on the way."""

    def read_body(self, client, size):
        data = super().read_body(client, size)
        return data[:-1] + bytes([data[-1] ^ 1])


class ReceiverThatLoses(Receiver):
    """Some of it gets lost on the way."""

    def read_body(self, client, size):
        return super().read_body(client, size)[:-1]


class ReceiverThatIsSilent(Receiver):
    """Closes without a word."""

    def answer(self, client, sentence):
        pass


class ReceiverThatResets(Receiver):
    """Takes all of it and leaves with RST."""

    def answer(self, client, sentence):
        reset(client)


class ReceiverThatRefuses(Receiver):
    """Says no behind the header and closes with the file's bytes unread."""

    def read_body(self, client, size):
        client.recv(1)
        client.sendall(b"File transfer failed: disk full")
        client.close()
        return b""


class ReceiverThatSaysNothingOfUse(Receiver):

    def answer(self, client, sentence):
        client.sendall(b"ACK")


class ReceiverThatNeverAnswers(Receiver):
    """Takes all of it and then only waits."""

    def answer(self, client, sentence):
        client.recv(1)


class ReceiverThatHangsUp(Receiver):
    """Closes as soon as it is connected to."""

    def receive(self, client):
        client.close()
