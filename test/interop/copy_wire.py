"""What copy_receiver.py and copy_sender.py have in common: a receiver and a sender of netcopy/1 of
another make, written from docs/protocol/copy.md and from nothing else. They show that the document
is enough, hold our binary against it, and share no code with it.
"""

import hashlib
import re
import socket
import threading
import zlib

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
