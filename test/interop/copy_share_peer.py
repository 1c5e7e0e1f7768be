"""A share and a client of one, of another make: list, get and put of netcopy/1, written from
docs/protocol/copy.md and from nothing else.

Both keep what they have in memory. A breach of the protocol by the other side is noted in
`offences`, in words.
"""

import re
import socket
import threading

import copy_receiver
import copy_sender
import copy_wire
from copy_wire import Offence, Wire, checked, digest_field, escape, name_of, number

MTIME = b"1700000000.000000000"
ID = re.compile(rb"id=[0-9a-f]{32}")
BOTH = (b"sha256", b"md5")


def md5(data):
    return copy_wire.DIGESTS[b"md5"](data).encode()


def listing(files):
    """All lines of a list, in the order of the names' bytes."""
    lines = [b" ".join([b"FILE", b"%d" % len(data), MTIME, escape(name)]
                       + [digest_field(kind, data) for kind in (b"md5", b"sha256")])
             for name, data in sorted(files.items())]
    return lines + [b"END %d" % len(files)]


class Share(copy_receiver.Receiver):
    """A share of `files` (name -> bytes). Habits: `served` (name -> bytes) is what it sends in
    place of what it lists; `lacks` (name -> code) what it says it does not have; `cut` so many bytes
    of all bodies after which each connection breaks, one after the other; `listed` lines in place of
    its list."""

    def __init__(self, files, served=None, lacks=None, cut=(), listed=None, declines=None):
        self.stock = dict(files)
        self.served, self.lacks, self.cut = served or {}, lacks or {}, list(cut)
        self.listed, self.declines, self.sent, self.purposes = listed, declines, 0, []
        super().__init__()

    def _converse(self, wire):
        try:
            while Served(self, wire).run():
                wire.opened = False
        except Offence as offence:
            self.offences.append(str(offence))
        except OSError:
            pass
        finally:
            wire.close()


class Served:
    """One conversation on a connection of a Share."""

    def __init__(self, share, wire):
        self.share, self.wire = share, wire
        self.asked, self.all_asked, self.last = [], False, 0

    def run(self):
        line = self.wire.line(copy_wire.OPENING_LIMIT)
        if line is None:
            return False
        words = line.split(b" ")
        if words[0] != b"NETCOPY/1" or words[1] not in (b"get", b"list", b"put"):
            raise Offence(f"no opening: {line!r}")
        options = dict(w.partition(b"=")[::2] for w in words[2:])
        self.share.purposes.append(words[1])
        if self.share.declines == words[1]:
            self.wire.say(b"NETCOPY/1 no purpose not\\x20here")
            return False
        self.kinds = options.get(b"digest", b"").split(b",")
        if words[1] == b"put":
            return self.put()
        self.wire.say(b"NETCOPY/1 ok " + words[1] + (b" window=64" if words[1] == b"get" else b""))
        self.wire.opened = True
        return self.list() if words[1] == b"list" else self.get()

    def list(self):
        for line in self.share.listed or listing(self.share.stock):
            self.wire.say(line)
        return True

    def put(self):
        """As any receiver does, but that DONE says what was stored."""
        reception = copy_receiver.Reception(self.share, self.wire)
        reception.kinds = self.kinds
        self.wire.say(b"NETCOPY/1 ok put window=4096 window-bytes=1048576")
        self.wire.opened = True
        names = {}
        settle = reception.final

        def final(n, *fields):
            if fields[0] == b"DONE":
                name = names[n]
                data = self.share.files[name].data
                self.share.stock[name] = data
                data = self.share.served.get(name, data)
                fields += (escape(name), digest_field(b"sha256", data), digest_field(b"md5", data))
            settle(n, *fields)

        reception.final = final
        while (line := self.wire.line()) is not None:
            fields = line.split(b" ")
            if fields[0] == b"PUT" and len(fields) > 5:
                names[number(fields[1])] = name_of(fields[5])
            if line == b"END":
                reception.settle(asked=True)
                if reception.open:
                    raise Offence("END while requests wait")
                self.wire.say(b"BYE")
                return True
            reception.take(line)
        return False

    def get(self):
        if sorted(self.kinds) != sorted(BOTH):
            raise Offence(f"digests of a get: {self.kinds!r}")
        while not self.all_asked or self.asked:
            if not self.asked:
                self.hear()
                continue
            name, wanted = self.asked.pop(0)
            self.serve(name, wanted)
        self.wire.say(b"END")
        if self.answer() != b"BYE":
            raise Offence("no BYE")
        return True

    def hear(self):
        """A line of the client's: an answer, or None for what it asks."""
        line = self.wire.line()
        if line is None:
            raise ConnectionError("the client went")
        fields = line.split(b" ")
        if fields[0] == b"GET":
            if self.all_asked or len(fields) < 3 or not ID.fullmatch(fields[2]):
                raise Offence(f"no GET: {line!r}")
            self.asked.append((name_of(fields[1]), fields[2][3:]))
            if len(self.asked) > 64:
                raise Offence("more GETs than the window")
            return None
        if line == b"LAST":
            self.all_asked = True
            return None
        return None if line == b"BUSY" or line.startswith(b"KEPT ") else line

    def answer(self):
        while (line := self.hear()) is None:
            pass
        return line

    def serve(self, name, wanted):
        data = self.share.served.get(name, self.share.stock.get(name))
        code = self.share.lacks.get(name, b"gone" if data is None else None)
        if code in (b"gone", b"changed"):
            self.wire.say(b"LACK", escape(name), code, b"so\\x20it\\x20is")
            return
        if md5(self.share.stock[name]) != wanted:
            raise Offence(f"an id that was not listed: {name!r} {wanted!r}")
        tries = 2
        while tries:
            tries -= 1
            answer = self.offer(name, data, code)
            if answer.startswith((b"DONE", b"SAME")):
                return
            if not re.match(rb"NO [0-9]+ [a-z]+ ", answer):
                raise Offence(f"no final answer: {answer!r}")
            if answer.split(b" ")[2] != b"corrupted":
                break
        fields = answer.split(b" ")
        self.wire.say(b"LACK", escape(name), fields[2], fields[3])

    def offer(self, name, data, code):
        self.last += 1
        n = self.last
        self.wire.say(b"PUT", n, len(data), b"644", MTIME, escape(name))
        answer = self.answer()
        if not answer.startswith(b"WANT "):
            return answer
        fields = answer.split(b" ")
        offset = int(fields[2])
        if offset and fields[3] != b"crc64=" + copy_wire.crc64(data[:offset]):
            offset = 0
        body = data[offset:len(data) // 2] if code == b"dropped" else data[offset:]
        if body:
            self.body(n, offset, body)
        if code == b"dropped":
            self.wire.say(b"DROP", n, b"changed", b"it\\x20changed")
            return self.answer()
        self.wire.say(b"SUM", n, len(data), *[digest_field(kind, data) for kind in self.kinds])
        self.wire.say(b"SYNC")
        return self.answer()

    def body(self, n, offset, data):
        if self.share.cut and len(data) >= self.share.cut[0]:
            data_sent = data[:self.share.cut.pop(0)]
            self.wire.peer.sendall(checked(b"DATA %d %d %d" % (n, offset, len(data))) + data_sent)
            self.share.sent += len(data_sent)
            raise ConnectionError("cut, as the test wants it")
        self.wire.say(b"DATA", n, offset, len(data))
        self.wire.peer.sendall(data)
        self.share.sent += len(data)


class Client:
    """One connection to a share, one conversation after the other."""

    def __init__(self, address):
        self.wire = Wire(socket.create_connection(address[:2], copy_wire.DEADLINE))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.wire.close()

    def open(self, purpose, *options):
        self.wire.opened = False
        self.wire.say(b"NETCOPY/1", purpose, *options)
        line = self.wire.line()
        self.wire.opened = True
        return line

    def line(self):
        while (line := self.wire.line()) == b"BUSY":
            pass
        return line

    def list(self):
        """name -> (size, md5, sha256), and the names in their order."""
        assert self.open(b"list").startswith(b"NETCOPY/1 ok list"), self.wire.heard
        files, order = {}, []
        while True:
            verb, *fields = self.line().split(b" ")
            if verb == b"END":
                assert number(fields[0]) == len(files), self.wire.heard[-3:]
                return files, order
            assert verb == b"FILE", self.wire.heard[-1]
            digests = dict(f.split(b"=") for f in fields[3:])
            name = name_of(fields[2])
            copy_wire.matching(copy_wire.MTIME, fields[1])
            files[name] = (number(fields[0]), digests[b"md5"], digests[b"sha256"])
            order.append(name)

    def get(self, wishes, kept=None, answer=None, cut_at=None):
        """Asks for all at once. (name, id) -> what arrived, or the code of LACK; `kept` (name ->
        bytes) is here from earlier; `answer` (name -> words) is said to its PUT; `cut_at` ends the
        connection in the middle of the first body."""
        kept, answer = kept or {}, answer or {}
        opened = self.open(b"get", b"digest=sha256,md5")
        assert opened.startswith(b"NETCOPY/1 ok get"), opened
        outcomes, names, body = {}, {}, {}
        for name, digest in wishes:
            self.wire.say(b"GET", escape(name), b"id=" + digest)
        said_last = False
        while True:
            if len(outcomes) == len(wishes) and not said_last:
                self.wire.say(b"LAST")
                said_last = True
            line = self.line()
            verb, *fields = line.split(b" ")
            if verb == b"END":
                self.wire.say(b"BYE")
                return outcomes
            if verb == b"LACK":
                outcomes[name_of(fields[0])] = fields[1]
            elif verb == b"PUT":
                n, name = number(fields[0]), name_of(fields[4])
                names[n] = name
                have = kept.get(name, b"")
                if name in answer:
                    self.wire.say(answer[name][0], n, *answer[name][1:])
                    if answer[name][0] == b"SAME":
                        outcomes[name] = b"SAME"
                elif have:
                    self.wire.say(b"WANT", n, len(have), b"crc64=" + copy_wire.crc64(have))
                else:
                    self.wire.say(b"WANT", n, 0)
            elif verb == b"DATA":
                n, offset, length = (number(f) for f in fields)
                content = body.setdefault(n, bytearray(kept.get(names[n], b"") if offset else b""))
                content.extend(bytes(offset - len(content)))
                if cut_at is not None:
                    return content + self.wire.exactly(cut_at)
                content += self.wire.exactly(length)
            elif verb == b"SUM":
                n, size = number(fields[0]), number(fields[1])
                content = bytes(body.get(n, kept.get(names[n], b"")))
                content += bytes(size - len(content))
                for digest in fields[2:]:
                    kind, _, value = digest.partition(b"=")
                    assert copy_wire.DIGESTS[kind](content).encode() == value, line
                outcomes[names[n]] = content
                self.wire.say(b"DONE", n)
            elif verb == b"DROP":
                self.wire.say(b"NO", *fields)
            else:
                assert verb == b"SYNC", line

    def put(self, name, data, kinds=BOTH, **attributes):
        """One file; the final answer."""
        opened = self.open(b"put", b"session=" + b"00" * 16, b"digest=" + b",".join(kinds))
        if not opened.startswith(b"NETCOPY/1 ok"):
            return opened
        sender = copy_sender.Sender.__new__(copy_sender.Sender)
        sender.wire, sender.kinds, sender.last, sender.kept = self.wire, list(kinds), 0, []
        answer = sender.file(name, data, **attributes)
        assert sender.end() == b"BYE", self.wire.heard
        return answer
