"""File servers, clients and a master of other makes, written from the seed's document and the
habits that WIRE.md's survey found in programs for it; they share no code with the binary.

A file server says who it is, then each file's name in a send of its own, awaiting OK; its connection
is its sign of life. A client says CL and reads once.
"""

import threading

from clients import DEADLINE, dial, reset
from servers import Server

BUFFER_SIZE = 1024


class FileServer:
    """The document's kind. Registers when it is made; `close` is an orderly end, `crash` a reset."""

    def __init__(self, master, files, host="127.0.0.1", port=9000):
        self.peer = dial(master)
        self.answers = []
        self.register(f"FS, Listen client at {host}:{port}", list(files))

    def register(self, hello, files):
        for message in (hello, *files, "end"):
            self.say(message)

    def say(self, message):
        self.peer.sendall(message.encode())
        self.answers.append(self.peer.recv(BUFFER_SIZE))

    def close(self):
        self.peer.close()

    def crash(self):
        reset(self.peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class LineFileServer(FileServer):
    """Ends every message with a line end."""

    def say(self, message):
        super().say(message + "\n")


class HastyFileServer(FileServer):
    """Does not await OK between its names, but has a line end behind each."""

    def register(self, hello, files):
        self.peer.sendall("".join(f"{message}\r\n" for message in (hello, *files, "end")).encode())
        heard = b""
        while len(heard) < 2 * (len(files) + 2):
            heard += self.peer.recv(BUFFER_SIZE)
        self.answers.append(heard)


class JoiningFileServer(FileServer):
    """Awaits nothing and marks nothing: its names run together."""

    def register(self, hello, files):
        self.peer.sendall((hello + "".join(files) + "end").encode())
        heard = b""
        while len(heard) < 4:
            heard += self.peer.recv(BUFFER_SIZE)
        self.answers.append(heard)


KINDS = [FileServer, LineFileServer, HastyFileServer]


def ask(master):
    """What the document's client gets: one read."""
    with dial(master) as peer:
        peer.sendall(b"CL")
        return peer.recv(BUFFER_SIZE).decode()


def ask_for_all(master):
    """A client that reads until nothing more comes."""
    with dial(master) as peer:
        peer.sendall(b"CL")
        peer.shutdown(1)
        heard = b""
        while piece := peer.recv(65536):
            heard += piece
        return heard.decode()


def parse(text):
    """[(name, host, port)] of a list."""
    if text == "empty":
        return []
    return [tuple(entry.split(":")) for entry in text.split(";")[:-1]]


class Master(Server):
    """The document's: one `recv` for a message, a thread for each connection."""

    STAYS_SILENT = True  # towards what it does not know

    def __init__(self):
        self.files = {}  # connection number -> [(name, address)]
        self.heard = []  # messages of file servers, in their order
        self.ended = set()
        self._lock = threading.Lock()
        super().__init__()

    def _run(self):
        number = 0
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self._serve, args=(client, number), daemon=True).start()

    def _serve(self, client, number):
        with client:
            client.settimeout(DEADLINE)
            try:
                self.serve(client, number)
            except OSError:
                pass
        with self._lock:
            self.files.pop(number, None)
            self.ended.discard(number)

    def serve(self, client, number):
        address = None
        while message := client.recv(BUFFER_SIZE).decode():
            if message == "CL":
                self.list(client)
            elif message.startswith("FS, Listen client at "):
                address = message[21:]
                with self._lock:
                    self.files[number] = []
                self.answer(client, message)
            elif message == "end" and address:
                with self._lock:
                    self.ended.add(number)
                self.answer(client, message)
            elif address:
                if "\n" in message or message.startswith("NETCOPY"):
                    self.offences.append(f"no file's name: {message!r}")
                with self._lock:
                    self.files[number].append((message, address))
                self.answer(client, message)
            elif not self.STAYS_SILENT:
                return

    def answer(self, client, message):
        self.heard.append(message)
        client.sendall(b"OK")

    def list(self, client):
        client.sendall((self.text() or "empty").encode())

    def text(self):
        with self._lock:
            return "".join(f"{name}:{address};" for files in self.files.values()
                           for name, address in files)

    def whole_lists(self):
        """The files of those that have said `end`."""
        with self._lock:
            return [sorted(name for name, _ in files) for number, files in self.files.items()
                    if number in self.ended]


class ClosingMaster(Master):
    """Closes a connection whose first word it does not know, and each behind a list."""

    STAYS_SILENT = False

    def list(self, client):
        super().list(client)
        client.shutdown(1)
