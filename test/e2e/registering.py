"""What the tests of `master-server` and `list --master` share: netcopy's registration and catalogue,
line by line, as docs/protocol/registry.md has them."""

import re
from hashlib import md5, sha256

import raw
from crc32c import crc32c
from harness import Case, endpoint_of, wait_until

BEAT_SECONDS = 2
SILENCE_SECONDS = 6


def sealed(line):
    """A line of netcopy/1 with its check."""
    return line + b" %08x\n" % crc32c(line)


def escaped(name):
    return b"".join(b"\\x%02x" % byte if byte <= 0x20 or byte in b"\\\x7f" else bytes([byte])
                    for byte in name)


def file_line(name, data=b"", mtime=b"1700000000.000000000"):
    """FILE of a name and its bytes."""
    digests = b"md5=%s sha256=%s" % (md5(data).hexdigest().encode(),
                                     sha256(data).hexdigest().encode())
    return sealed(b"FILE %d %s %s %s" % (len(data), mtime, escaped(name), digests))


BEAT = sealed(b"BEAT")
OPENING = b"NETCOPY/1 register\n"
ACCEPTED = b"NETCOPY/1 ok register\n"


class Registered:
    """A file server of netcopy's kind on a bare socket; it says no BEAT by itself."""

    def __init__(self, master, files=None, port=4433, host=None):
        self.peer = raw.connect(master.address)
        server = b"SERVER %d" % port + (b" " + host if host else b"")
        self.peer.sendall(OPENING + sealed(server))
        assert raw.read_exactly(self.peer, len(ACCEPTED)) == ACCEPTED
        self.put(files or {})

    def say(self, *lines):
        self.peer.sendall(b"".join(lines))

    def put(self, files):
        self.say(*(file_line(name, data) for name, data in files.items()))

    def close(self):
        self.peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def seed_list(master):
    """What CL brings, to its end."""
    with raw.connect(master.address) as peer:
        peer.sendall(b"CL")
        peer.shutdown(1)
        return raw.read_to_end(peer)


def memory_of(process):
    """Resident bytes of a running process."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


class MasterCase(Case):

    def master_server(self, *options, listen="127.0.0.1:0", **settings):
        process = self.start("master-server", "--listen", listen, *options, **settings)
        process.listening()
        return process

    def list_of(self, master, *words, status=0, deadline=30.0):
        process = self.start("list", "--master", endpoint_of(master), *words)
        process.status = process.wait(deadline)
        self.assert_status(process, status)
        return process

    def entries(self, master, *words):
        """[(digest, size, time, sources, name)], all text."""
        lines = self.list_of(master, *words).stdout.decode().splitlines()
        return [tuple(line.split("\t")) for line in lines]

    def names(self, master):
        return [entry[4] for entry in self.entries(master)]

    def wait_names(self, master, names, deadline=10.0):
        wait_until(lambda: self.names(master) == names, deadline, f"the names {names}")
