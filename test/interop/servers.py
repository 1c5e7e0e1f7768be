"""Servers of other makes, written from the assignment's text and from nothing else.

They run in threads of the test; `stop` ends them. An `offence` is what one found wrong with the
messages of the other side: those of the assignment's kind break on a message in pieces or with a
line end.
"""

import socket
import threading
import time

from clients import DEADLINE, dial, md5


class Server:
    """A listening socket and a thread that serves it."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.offences = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def endpoint(self):
        return f"{self.address[0]}:{self.address[1]}"

    def _run(self):
        raise NotImplementedError

    def stop(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()


class Receiver(Server):
    """The netcopy server of the seed: one client, one `recv` of the checksum server's answer."""

    def __init__(self, checksum_server, file_id, hold_until_verdict=False):
        self._checksum_server = checksum_server
        self._file_id = file_id
        self._hold = hold_until_verdict
        self._done = threading.Event()
        self.contents = b""
        self.verdict = None
        super().__init__()

    def _run(self):
        client, _ = self._listener.accept()
        client.settimeout(DEADLINE)
        try:
            while piece := client.recv(1024):
                self.contents += piece
            if not self._hold:
                client.close()
            answer = self.ask()
            length, _, checksum = answer.partition(b"|")
            matches = length != b"0" and checksum == md5(self.contents)
            self.verdict = "CSUM OK" if matches else "CSUM CORRUPTED"
        except OSError:
            self.verdict = "CSUM CORRUPTED"
        finally:
            client.close()
            self._done.set()

    def ask(self):
        with dial(self._checksum_server) as checksums:
            checksums.sendall(f"KI|{self._file_id}".encode())
            return checksums.recv(1024)

    def wait(self):
        if not self._done.wait(DEADLINE):
            raise AssertionError("the receiving peer came to no verdict")
        return self.verdict


class ChecksumServer(Server):
    """The plain one: a thread per client, one `recv` per message, entries in a dictionary.

    It breaks, as those of the seed's kind do, on a message that comes in pieces or with a line
    end: that is the other side's `offence` here, since it was told to send one segment.
    """

    def __init__(self):
        self.entries = {}
        super().__init__()

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(DEADLINE)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client:
                while message := client.recv(2048):
                    self.check(message)
                    if not self.reply(client, message):
                        return
        except OSError:
            pass

    def check(self, message):
        if message.endswith((b"\n", b"\r", b"\0")):
            self.offences.append(f"a terminator behind the message {message!r}")
        fields = message.split(b"|", 4)
        if fields[0] == b"BE":
            if len(fields) != 5 or str(len(fields[4])).encode() != fields[3]:
                self.offences.append(f"an insert in pieces, or with another length: {message!r}")
        elif fields[0] != b"KI" or len(fields) != 2 or not fields[1].lstrip(b"-").isdigit():
            self.offences.append(f"no message at all: {message!r}")

    def reply(self, client, message):
        """False closes the connection."""
        verb, _, rest = message.partition(b"|")
        if verb == b"BE":
            file_id, validity, length, checksum = rest.split(b"|", 3)
            self.entries[file_id] = (length, checksum, time.time() + int(validity))
            self.say(client, b"OK")
        else:
            self.say(client, self.look_up(rest))
        return True

    def look_up(self, file_id):
        length, checksum, end = self.entries.get(file_id, (b"0", b"", 0))
        return length + b"|" + checksum if end > time.time() else b"0|"

    def say(self, client, answer):
        client.sendall(answer)


class ChecksumServerInPieces(ChecksumServer):
    """Answers a byte at a time, with pauses."""

    def say(self, client, answer):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in answer:
            client.sendall(bytes([byte]))
            time.sleep(0.002)


class ChecksumServerThatCountsAnew(ChecksumServer):
    """Announces the size of something else: Python's object, the hex digits' half, nothing."""

    lie = b"81"

    def look_up(self, file_id):
        answer = super().look_up(file_id)
        return answer if answer == b"0|" else self.lie + b"|" + answer.partition(b"|")[2]


class ChecksumServerWithNewlines(ChecksumServer):
    """Ends each answer with a line end."""

    def say(self, client, answer):
        client.sendall(answer + b"\r\n")


class ChecksumServerThatIgnoresTheUnknown(ChecksumServer):
    """Never answers when it has no such entry."""

    def look_up(self, file_id):
        answer = super().look_up(file_id)
        return b"" if answer == b"0|" else answer

    def say(self, client, answer):
        if answer:
            client.sendall(answer)


class ChecksumServerThatHangsUp(ChecksumServer):
    """Closes after each request."""

    def reply(self, client, message):
        super().reply(client, message)
        return False


class ChecksumServerOneAtATime(ChecksumServer):
    """No threads: one client after another, and one request from each."""

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(DEADLINE)
                try:
                    message = client.recv(2048)
                    if message:
                        self.check(message)
                        self.reply(client, message)
                except OSError:
                    pass


class ChecksumServerThatTiresSoon(ChecksumServer):
    """Hangs up on a client that says nothing for a moment."""

    patience = 0.3

    def _serve(self, client):
        client.settimeout(self.patience)
        super()._serve(client)


class ChecksumServerThatTakesOut(ChecksumServer):
    """Takes "take out" at its word: an entry is gone once it was asked for."""

    def look_up(self, file_id):
        answer = super().look_up(file_id)
        self.entries.pop(file_id, None)
        return answer


class ChecksumServerThatHoldsOn(ChecksumServer):
    """Never closes a connection, whatever the client does, until it is stopped itself."""

    def __init__(self):
        self._held = []
        super().__init__()

    def _serve(self, client):
        self._held.append(client.dup())
        super()._serve(client)

    def stop(self):
        super().stop()
        for client in self._held:
            client.close()


CHECKSUM_SERVERS = [
    ChecksumServer, ChecksumServerInPieces, ChecksumServerThatCountsAnew,
    ChecksumServerWithNewlines,
    ChecksumServerThatIgnoresTheUnknown, ChecksumServerThatHangsUp, ChecksumServerOneAtATime,
    ChecksumServerThatTiresSoon, ChecksumServerThatTakesOut, ChecksumServerThatHoldsOn,
]
