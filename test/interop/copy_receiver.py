"""A receiver of netcopy/1 of another make. What it has is in memory. A breach of the protocol by
the sender is noted in `offences`, in words.
"""

import re
import socket
import threading
from collections import namedtuple

from copy_wire import (DEADLINE, DIGESTS, MODE, MTIME, OPENING_LIMIT, WORD, Offence, Wire, crc64,
                       digest_field, escape, matching, name_of, number, unescape)

File = namedtuple("File", "data mode mtime flags")
Put = namedtuple("Put", "n size mode mtime name flags")


class Receiver:
    """A service. `files`, `folders`, `links`, `partial` (name -> (size, mtime, bytes)) are what it
    has. Habits: `decide(put)` may return an answer's fields (without n) in place of the
    usual one, or None; with `patient` it confirms at SYNC and END only; `opening` is what it says
    first; `on_data(receiver, name, bytes so far)` may raise to break the connection; with `announces`
    it says KEPT before it offers a resume."""

    def __init__(self, patient=True, decide=lambda put: None, window=4096, window_bytes=1 << 20,
                 opening=None, on_data=lambda receiver, name, count: None, port=0, whole=True,
                 announces=False):
        self.announces = announces
        self.patient, self.decide, self.on_data, self.whole = patient, decide, on_data, whole
        self.window, self.window_bytes = window, window_bytes
        self.opening = opening or b"NETCOPY/1 ok put tls=maybe window=%d window-bytes=%d zstd" % (
            window, window_bytes)
        self.files, self.folders, self.links, self.partial = {}, {}, {}, {}
        self.offences, self.wires, self.received = [], [], 0
        self.stopping = False  # STOP was said: connections close after the body that comes in
        self.lock = threading.RLock()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.address = self.listener.getsockname()
        self.endpoint = "%s:%d" % self.address
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            wire = Wire(peer)
            self.wires.append(wire)
            threading.Thread(target=self._converse, args=(wire,), daemon=True).start()

    def _converse(self, wire):
        try:
            Reception(self, wire).run()
        except Offence as offence:
            self.offences.append(str(offence))
            try:
                wire.say(b"NO", 0, b"protocol", escape(str(offence).encode()))
            except OSError:
                pass
        except OSError:
            pass
        finally:
            wire.close()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for wire in self.wires:
            wire.close()


class Reception:
    """One connection of a Receiver."""

    def __init__(self, receiver, wire):
        self.receiver, self.wire = receiver, wire
        self.kinds, self.last = [], 0
        self.open = {}        # n -> length of its line: without a final answer yet
        self.wanted = {}      # n -> (Put, offset)
        self.comparing = {}   # n -> Put
        self.complete = []    # n that wait to be confirmed
        self.body = None      # [n, Put, bytearray]

    def run(self):
        self.open_conversation()
        try:
            while True:
                line = self.wire.line()
                if line is None or self.take(line):
                    return
                if self.receiver.stopping and not self.body:
                    self.settle(asked=True)
                    self.receiver.stopping = False
                    return
        finally:
            self.keep_partial()

    def open_conversation(self):
        line = self.wire.line(OPENING_LIMIT)
        if line is None:
            return
        words = line.split(b" ")
        if words[:2] != [b"NETCOPY/1", b"put"]:
            raise Offence(f"no opening: {line!r}")
        options = dict(w.partition(b"=")[::2] for w in words[2:])
        if not re.fullmatch(rb"[0-9a-f]{32}", options.get(b"session", b"")):
            raise Offence(f"no session of 32 hex digits: {line!r}")
        self.kinds = options.get(b"digest", b"").split(b",")
        if not all(kind in DIGESTS for kind in self.kinds):
            raise Offence(f"digests: {line!r}")
        self.wire.peer.settimeout(0.05)
        try:
            if self.wire.buffer or self.wire.peer.recv(1):
                raise Offence("more was said before the answer to the opening")
        except TimeoutError:
            pass
        self.wire.peer.settimeout(DEADLINE)
        self.wire.say(self.receiver.opening)
        self.wire.opened = True

    def take(self, line):
        """One line of the sender; True at the end."""
        verb, *fields = line.split(b" ")
        if self.body and verb not in (b"DATA", b"SUM", b"DROP", b"BUSY"):
            raise Offence(f"{verb!r} within a body")
        method = {b"PUT": self.put, b"DIR": self.folder, b"LINK": self.link, b"DATA": self.data,
                  b"SUM": self.sum, b"DROP": self.drop, b"KEEP": self.judge, b"OTHER": self.judge,
                  b"SYNC": self.sync, b"END": self.end, b"BUSY": self.busy}.get(verb)
        if not method:
            raise Offence(f"no request: {line[:100]!r}")
        return method(line, fields)

    def begin(self, line, fields, least):
        if len(fields) < least:
            raise Offence(f"fields are missing: {line[:200]!r}")
        n = number(fields[0])
        if n != self.last + 1:
            raise Offence(f"request {n} after {self.last}")
        self.last = n
        self.open[n] = len(line) + 1
        if len(self.open) > self.receiver.window:
            raise Offence(f"{len(self.open)} requests wait")
        if len(self.open) > 1 and sum(self.open.values()) > self.receiver.window_bytes:
            raise Offence(f"requests of {sum(self.open.values())} bytes wait")
        return n

    def final(self, n, *fields):
        self.open.pop(n, None)
        self.wire.say(*fields)

    def put(self, line, fields):
        n = self.begin(line, fields, 5)
        size = None if fields[1] == b"-" else number(fields[1])
        put = Put(n, size, int(matching(MODE, fields[2]), 8), matching(MTIME, fields[3]),
                  name_of(fields[4]), [matching(WORD, f.partition(b"=")[0]) for f in fields[5:]])
        with self.receiver.lock:
            answer = self.receiver.decide(put) or self.usual(put)
        verb, *rest = answer
        if verb == b"WANT" and b"ask" in put.flags:
            self.final(n, b"WANT", n, *(rest or [0]))
        elif verb == b"WANT":
            offset = rest[0] if rest else 0
            self.wanted[n] = (put, offset)
            if offset and self.receiver.announces:
                self.wire.say(b"KEPT", n, offset)
            self.wire.say(b"WANT", n, *(rest or [0]))
        elif verb == b"HAVE":
            self.comparing[n] = put
            self.wire.say(b"HAVE", n, *rest)
        else:
            self.final(n, verb, n, *rest)

    def usual(self, put):
        there = self.receiver.files.get(put.name)
        if there is not None:
            if b"compare" in put.flags and len(there.data) == put.size:
                return [b"HAVE", digest_field(self.kinds[0], there.data)]
            if b"compare" not in put.flags and (len(there.data), there.mtime) == (put.size,
                                                                                put.mtime):
                return [b"SAME"]
            return [b"NO", b"exists", b"another\\x20file\\x20is\\x20there"]
        size, mtime, data = self.receiver.partial.get(put.name, (None, None, b""))
        if data and (size, mtime) == (put.size, put.mtime):
            return [b"WANT", len(data), b"crc64=" + crc64(data)]
        return [b"WANT", 0]

    def data(self, line, fields):
        n, offset, length = (number(f) for f in fields)
        if not self.body:
            if n not in self.wanted:
                raise Offence(f"nobody wants this: {line!r}")
            put, resume = self.wanted.pop(n)
            kept = b""
            if resume and offset not in (0, resume):
                raise Offence(f"{line!r} begins neither at 0 nor at {resume}")
            if resume and offset == resume:
                kept = self.receiver.partial[put.name][2]
            self.receiver.partial.pop(put.name, None)
            self.body = [n, put, bytearray(kept)]
        if n != self.body[0]:
            raise Offence(f"bodies interleave: {line!r}")
        _, put, content = self.body
        if offset < len(content):
            raise Offence(f"{line!r} goes back; {len(content)} bytes are here")
        if put.size is not None and offset + length > put.size:
            raise Offence(f"{line!r} goes beyond the end {put.size}")
        content.extend(bytes(offset - len(content)))
        while length:
            piece = self.wire.exactly(min(length, 1 << 18))
            content += piece
            length -= len(piece)
            self.receiver.received += len(piece)
            self.receiver.on_data(self.receiver, put.name, len(content))

    def sum(self, line, fields):
        n, size = number(fields[0]), number(fields[1])
        if self.body and n != self.body[0] or not self.body and n not in self.wanted:
            raise Offence(f"a sum of nothing: {line!r}")
        if self.body:
            _, put, content = self.body
        else:
            put, resume = self.wanted.pop(n)
            content = bytearray(self.receiver.partial.pop(put.name)[2] if resume else b"")
        self.body = None
        if put.size is not None and size != put.size or size < len(content):
            raise Offence(f"{line!r} for {len(content)} bytes of {put.size}")
        content.extend(bytes(size - len(content)))
        digests = dict(f.split(b"=") for f in fields[2:])
        if sorted(digests) != sorted(self.kinds):
            raise Offence(f"not the digests of the opening: {line!r}")
        for kind, value in digests.items():
            if self.receiver.whole and DIGESTS[kind](bytes(content)).encode() != value:
                self.final(n, b"NO", n, b"corrupted", kind + b"\\x20differs")
                return
        with self.receiver.lock:
            self.receiver.files[put.name] = File(bytes(content), put.mode, put.mtime, put.flags)
        self.complete.append(n)
        self.settle()

    def drop(self, line, fields):
        n, code, text = fields
        n = number(n)
        unescape(text)
        if code not in (b"changed", b"unreadable", b"gone", b"stopped"):
            raise Offence(f"no code: {line!r}")
        if not (self.body and self.body[0] == n or n in self.wanted or n in self.comparing):
            raise Offence(f"nothing to give up: {line!r}")
        if self.body and self.body[0] == n:
            if code == b"changed":
                self.body = None
            self.keep_partial()
        self.wanted.pop(n, None)
        self.comparing.pop(n, None)
        self.final(n, b"NO", n, code, text)

    def judge(self, line, fields):
        n = number(fields[0])
        if n not in self.comparing:
            raise Offence(f"nothing was compared: {line!r}")
        put = self.comparing.pop(n)
        if line.startswith(b"KEEP"):
            self.final(n, b"SAME", n)
        else:
            self.final(n, b"NO", n, b"exists", b"other\\x20content")
        self.receiver.files[put.name] = self.receiver.files[put.name]._replace(
            mode=put.mode, mtime=put.mtime)

    def folder(self, line, fields):
        n = self.begin(line, fields, 4)
        name = name_of(fields[3])
        with self.receiver.lock:
            self.receiver.folders[name] = (int(matching(MODE, fields[1]), 8),
                                           matching(MTIME, fields[2]))
        self.complete.append(n)
        self.settle()

    def link(self, line, fields):
        n = self.begin(line, fields, 4)
        matching(MTIME, fields[1])
        with self.receiver.lock:
            self.receiver.links[name_of(fields[2])] = unescape(fields[3])
        self.complete.append(n)
        self.settle()

    def settle(self, asked=False):
        """Confirms what is complete: it is as durable as memory can be."""
        if asked or not self.receiver.patient:
            for n in self.complete:
                self.final(n, b"DONE", n)
            self.complete = []

    def sync(self, line, _):
        if line != b"SYNC":
            raise Offence(f"no SYNC: {line!r}")
        self.settle(asked=True)

    def busy(self, line, _):
        if line != b"BUSY":
            raise Offence(f"no BUSY: {line!r}")

    def end(self, line, _):
        self.settle(asked=True)
        if line != b"END" or self.open:
            raise Offence(f"{line!r} while {sorted(self.open)[:5]} wait for an answer")
        self.wire.say(b"BYE")
        self.wire.peer.shutdown(socket.SHUT_WR)
        if self.wire.buffer or self.wire.peer.recv(1):
            raise Offence("more was said after END")
        return True

    def keep_partial(self):
        if self.body:
            _, put, content = self.body
            self.body = None
            if put.size is not None and put.size >= 1 << 20:
                self.receiver.partial[put.name] = (put.size, put.mtime, bytes(content))
