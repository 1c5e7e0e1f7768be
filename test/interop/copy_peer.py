"""A receiver and a sender of netcopy/1 of another make, written from docs/protocol/copy.md and from
nothing else: they show that the document is enough, and hold our binary against it.

They share no code with the binary. Both keep what they have in memory. A breach of the protocol by
the other side is noted in `offences`, in words.
"""

import hashlib
import re
import socket
import threading
import zlib
from collections import namedtuple

DEADLINE = 20.0  # seconds, for every call
LINE_LIMIT, OPENING_LIMIT, NAME_LIMIT = 20_480, 1024, 4096
BELOW = 1 << 63
NUMBER = re.compile(rb"[0-9]{1,19}")
MODE = re.compile(rb"[0-7]{1,4}")
MTIME = re.compile(rb"-?[0-9]{1,19}\.[0-9]{9}")
WORD = re.compile(rb"[A-Za-z0-9_-]+")
ESCAPED = re.compile(rb"(?:[\x21-\x5b\x5d-\x7e\x80-\xff]|\\x[0-9a-f]{2})+")
KEPT = re.compile(rb"KEPT [1-9][0-9]{0,18} [1-9][0-9]{0,18}")
TEMPORARY = re.compile(rb"\..*\.netcopy-[0-9a-f]{16}(\.journal)?", re.S)


class Offence(Exception):
    """The other side did what the protocol does not allow."""


def escape(data):
    return b"".join(b"\\x%02x" % b if b <= 0x20 or b in (0x7f, 0x5c) else bytes([b]) for b in data)


def unescape(text):
    if not ESCAPED.fullmatch(text):
        raise Offence(f"not escaped as it should be: {text[:80]!r}")
    return re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), text)


def _tables():
    crc64, crc32c = [], []
    for byte in range(256):
        for table, polynomial in ((crc64, 0xC96C5795D7870F42), (crc32c, 0x82F63B78)):
            value = byte
            for _ in range(8):
                value = value >> 1 ^ (polynomial if value & 1 else 0)
            table.append(value)
    return crc64, crc32c


_CRC64, _CRC32C = _tables()


def _crc(table, value, data):
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def crc64(data):
    """ECMA-182, reflected, as in XZ: of b"123456789" it is 995dc9bbdf1939fa."""
    ones = (1 << 64) - 1
    return b"%016x" % (_crc(_CRC64, ones, data) ^ ones)


def crc32c(data):
    ones = (1 << 32) - 1
    return f"{_crc(_CRC32C, ones, data) ^ ones:08x}"


DIGESTS = {
    b"sha256": lambda data: hashlib.sha256(data).hexdigest(),
    b"sha1": lambda data: hashlib.sha1(data).hexdigest(),
    b"md5": lambda data: hashlib.md5(data).hexdigest(),
    b"crc32": lambda data: f"{zlib.crc32(data):08x}",
    b"crc32c": crc32c,
}


def checked(line):
    """As it goes over the wire: with its check and LF."""
    return line + b" " + crc32c(line).encode() + b"\n"


def digest_field(kind, data):
    return kind + b"=" + DIGESTS[kind](data).encode()


def one_file(name, data):
    """All that a sender says of one file behind the opening, to its END; nobody is waited for."""
    lines = [b"PUT 1 %d 644 1700000000.000000000 " % len(data) + escape(name), b"SYNC",
             b"DATA 1 0 %d" % len(data), b"SUM 1 %d " % len(data) + digest_field(b"sha256", data),
             b"SYNC", b"END"]
    texts = [checked(line) for line in lines]
    return b"".join(texts[:3] + [data] + texts[3:])


def number(field):
    if not NUMBER.fullmatch(field) or int(field) >= BELOW:
        raise Offence(f"no number below 2^63: {field[:40]!r}")
    return int(field)


def matching(pattern, field):
    if not pattern.fullmatch(field):
        raise Offence(f"not of the form {pattern.pattern!r}: {field[:80]!r}")
    return field


def name_of(field):
    """A path below the receiver's folder."""
    name = unescape(field)
    parts = name.split(b"/")
    if len(name) > NAME_LIMIT or b"\0" in name:
        raise Offence(f"no name: {name[:80]!r}")
    for part in parts:
        if part in (b"", b".", b"..") or len(part) > 255 or TEMPORARY.fullmatch(part):
            raise Offence(f"no name: {name[:80]!r}")
    return name


class Wire:
    """Lines and bodies over a socket; `said` and `heard` are the lines of either side, without
    their checks. Lines have checks once `opened` is set: behind both openings."""

    def __init__(self, peer):
        peer.settimeout(DEADLINE)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer, self.buffer = peer, b""
        self.said, self.heard, self.opened = [], [], False
        self.sending = threading.Lock()

    def line(self, limit=LINE_LIMIT):
        """Without its LF; None at the end of the stream."""
        while b"\n" not in self.buffer[:limit]:
            if len(self.buffer) >= limit:
                raise Offence(f"a line of more than {limit} bytes")
            chunk = self.peer.recv(1 << 16)
            if not chunk:
                if self.buffer:
                    raise ConnectionError("the stream ends within a line")
                return None
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        if self.opened:
            line, _, check = line.rpartition(b" ")
            if check != crc32c(line).encode():
                raise Offence(f"the check {check!r} is wrong: {line[:200]!r}")
        self.heard.append(line)
        return line

    def exactly(self, size):
        parts = [self.buffer[:size]]
        self.buffer = self.buffer[size:]
        size -= len(parts[0])
        while size:
            chunk = self.peer.recv(min(size, 1 << 20))
            if not chunk:
                raise ConnectionError("the stream ends within a body")
            parts.append(chunk)
            size -= len(chunk)
        return b"".join(parts)

    def say(self, *fields):
        line = b" ".join(f if isinstance(f, bytes) else str(f).encode() for f in fields)
        self.said.append(line)
        with self.sending:
            self.peer.sendall(checked(line) if self.opened else line + b"\n")

    def close(self):
        try:
            self.peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.peer.close()


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


class Sender:
    """One connection to a receiver, line by line."""

    def __init__(self, address, kinds=(b"sha256",), session=b"000102030405060708090a0b0c0d0e0f",
                 options=(), opening=True):
        self.kinds, self.last, self.kept = list(kinds), 0, []
        self.wire = Wire(socket.create_connection(address[:2], DEADLINE))
        if opening:
            self.wire.say(b"NETCOPY/1 put", b"session=" + session,
                          b"digest=" + b",".join(self.kinds), *options)
            self.accepted = self.wire.line()
            self.wire.opened = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.wire.close()

    def answer(self):
        """The next line that answers something; None at the end."""
        while (line := self.wire.line()) is not None:
            if KEPT.fullmatch(line):
                self.kept.append(line)
            elif line != b"BUSY":
                break
        return line

    def put(self, name, size, mode=b"644", mtime=b"1700000000.000000000", flags=()):
        self.last += 1
        self.wire.say(b"PUT", self.last, b"-" if size is None else size, mode, mtime, escape(name),
                      *flags)
        return self.last

    def folder(self, name, mode=b"755", mtime=b"1700000000.000000000", flags=()):
        self.last += 1
        self.wire.say(b"DIR", self.last, mode, mtime, escape(name), *flags)
        return self.last

    def link(self, name, target, mtime=b"1700000000.000000000"):
        self.last += 1
        self.wire.say(b"LINK", self.last, mtime, escape(name), escape(target))
        return self.last

    def data(self, n, offset, data):
        self.wire.say(b"DATA", n, offset, len(data))
        self.wire.peer.sendall(data)

    def sum(self, n, data, size=None):
        """`data` is the whole of it, holes as zeros."""
        self.wire.say(b"SUM", n, len(data) if size is None else size,
                      *[digest_field(kind, data) for kind in self.kinds])

    def file(self, name, data, **attributes):
        """A whole file in lockstep: offers, sends what is wanted, and returns the final answer."""
        n = self.put(name, len(data), **attributes)
        self.wire.say(b"SYNC")
        answer = self.answer()
        if answer is None or not answer.startswith(b"WANT "):
            return answer
        fields = answer.split(b" ")
        offset = int(fields[2])
        if offset and fields[3] != b"crc64=" + crc64(data[:offset]):
            offset = 0
        if data[offset:]:
            self.data(n, offset, data[offset:])
        self.sum(n, data)
        self.wire.say(b"SYNC")
        return self.answer()

    def end(self):
        self.wire.say(b"END")
        return self.answer()
