"""What the tests of `share`, `list`, `upload` and `download` share: a served folder, its clients, and
the words of docs/cli.md."""

import os
import re
import time
from collections import namedtuple
from hashlib import md5

import trees
from copying import SENT_TWICE, CopyCase  # noqa: F401  (SENT_TWICE for the tests)
from harness import endpoint_of, wait_until

Listed = namedtuple("Listed", "id size time name")
NETCOPY = {"NETCOPY_PROTOCOL": "netcopy"}
SUMMARIES = re.compile(rb"netcopy (upload|download): ([0-9]+) files?, .* in [0-9:]+ .*(to|from) .*")


def id_of(data):
    return md5(data).hexdigest()


def unescape(text):
    """A name of `list` as bytes: docs/cli.md."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text)


def read_list(stdout):
    """The lines that `list` prints where stdout is no terminal."""
    found = []
    for line in stdout.split(b"\n")[:-1]:
        number, size, time, name = line.split(b"\t")
        found.append(Listed(number.decode(), int(size), time.decode(), unescape(name)))
    return found


def read_bytes_of(process):
    """Bytes that a running process has read so far, from wherever."""
    with open(f"/proc/{process.pid}/io", encoding="ascii") as counts:
        return next(int(line.split()[1]) for line in counts if line.startswith("rchar"))


class ShareCase(CopyCase):
    """Folders `shared` to be served, `source` to upload from, `target` to download to."""

    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        self.shared.mkdir()

    def share(self, *options, folder=None, listen="127.0.0.1:0", **settings):
        """A listening `share`."""
        process = self.start("share", folder or self.shared, "--listen", listen, *options,
                             **settings)
        process.listening()
        return process

    def put(self, name, data=b"", folder=None, **attributes):
        """A file in the served folder, as somebody copies it there: first under another name."""
        folder = os.fsencode(folder or self.shared)
        hidden = trees.put(os.fsencode(self.folder) + b"/in-the-making", data, **attributes)
        os.rename(hidden, folder + b"/" + os.fsencode(name))
        return folder + b"/" + os.fsencode(name)

    def serve(self, files, *options, **settings):
        """A share of these files, all of them listed."""
        for name, data in files.items():
            self.put(name, data)
        server = self.share(*options, **settings)
        self.wait_served(server, files)
        return server

    # As in CopyCase.start_copy: on a busy machine a peer may need longer than `auto` waits.
    def start_client(self, command, *words, to, environment=None, **settings):
        return self.start(command, *words, endpoint_of(to),
                          environment={**NETCOPY, **(environment or {})}, **settings)

    def client(self, command, *words, to, status=0, deadline=60.0, **settings):
        """Runs a client to its end, which must be `status`."""
        process = self.start_client(command, *words, to=to, **settings)
        process.status = process.wait(deadline)
        self.assert_status(process, status)
        return process

    def upload(self, *words, to, **settings):
        return self.client("upload", *words, to=to, **settings)

    def download(self, *words, to, output=None, **settings):
        return self.client("download", "-o", output or self.target, *words, to=to, **settings)

    def listed(self, server):
        """What `list` says, in its order."""
        return read_list(self.client("list", to=server).stdout)

    def served(self, server):
        """{name: (id, size)}"""
        return {line.name: (line.id, line.size) for line in self.listed(server)}

    def wait_served(self, server, files, deadline=20.0):
        """Waits until exactly these files are listed; `files` maps names to their bytes."""
        wanted = {os.fsencode(name): (id_of(data), len(data)) for name, data in files.items()}
        last = {}

        def as_wanted():
            last["found"] = self.served(server)
            if len(last["found"]) > 1000 and last["found"] != wanted:
                time.sleep(0.2)  # a long list costs the server what it needs to get on
            return last["found"] == wanted
        try:
            wait_until(as_wanted, deadline)
        except AssertionError:
            self.fail(f"listed {last.get('found')}, should be {wanted}: {server.describe()}")

    def lying_in(self, folder):
        """{name: bytes} of the files directly in a folder, netcopy's own left out."""
        with os.scandir(os.fsencode(folder)) as entries:
            paths = [entry.path for entry in entries if entry.is_file(follow_symlinks=False)
                     and not trees.TEMPORARY.fullmatch(entry.name)]
        found = {}
        for path in paths:
            with open(path, "rb") as file:
                found[os.path.basename(path)] = file.read()
        return found

    def assert_files(self, folder, expected):
        """Exactly these files lie directly in the folder, and nothing in the making."""
        expected = {os.fsencode(name): data for name, data in expected.items()}
        found = self.lying_in(folder)
        self.assertEqual(sorted(found), sorted(expected))
        wrong = [name for name, data in expected.items() if found[name] != data]
        self.assertEqual(wrong, [], "these hold other bytes")
        self.assertEqual([name for name in os.listdir(os.fsencode(folder))
                          if trees.TEMPORARY.fullmatch(name)], [])

    def assert_lines(self, process, *lines):
        """stdout has these lines, in any order, and no others."""
        found = sorted(process.stdout.splitlines())
        self.assertEqual(found, sorted(os.fsencode(line) for line in lines), process.describe())

    def assert_sums_up(self, process, *words):
        """The last line on stderr is the summary of upload or download and has these words."""
        lines = process.stderr.splitlines()
        if not lines or not SUMMARIES.fullmatch(lines[-1]):
            self.fail(f"no summary comes last: {process.describe()}")
        for word in words:
            self.assertIn(os.fsencode(word), lines[-1], process.describe())
