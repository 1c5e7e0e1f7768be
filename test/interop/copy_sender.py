"""A sender of netcopy/1 of another make."""

import socket

from copy_wire import DEADLINE, KEPT, Wire, crc64, digest_field, escape


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
