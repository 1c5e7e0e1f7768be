"""Drives the real binary: temporary folder, port 0, deadlines, orderly ends.

The path of the binary comes from the environment variable NETCOPY; without it every test fails.
NETCOPY_TEST_SLOWNESS (a number, default 1) stretches every deadline, for sanitizer builds.
Each module runs alone (`python3 test/e2e/test_usage.py`) and beside the others: nothing is shared,
neither ports nor folders. Sockets that play a peer are in `raw`.
"""

import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import zlib
from hashlib import md5
from pathlib import Path

SLOWNESS = float(os.environ.get("NETCOPY_TEST_SLOWNESS", "1"))
COMMANDS = ["send", "receive", "verify", "share", "list", "upload", "download", "master-server",
            "file-server", "fetch", "checksum-server", "install-links", "completion", "help"]
SEED_NAMES = {
    "netcopy_cli": "usage: py netcopy_cli.py <upload_server_ip> <upload_server_port> "
                   "<checksum_server_ip> <checksum_server_port> <file_id> <file_path>",
    "netcopy_srv": "usage: py netcopy_srv.py <server_ip> <server_port> <checksum_server_ip> "
                   "<checksum_server_port> <file_id> <destination_file_path>",
    "checksum_srv": "usage: py checksum_srv.py <server_ip> <server_port>",
}
OK = b"CSUM OK\n"
CORRUPTED = b"CSUM CORRUPTED\n"

_LISTENING = re.compile(rb"netcopy ([a-z-]+): listening on (\[[0-9a-f:.]+\]|[0-9.]+):([0-9]+)\n")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def seconds(value):
    """A duration, stretched for slow builds."""
    return value * SLOWNESS


def wait_until(condition, deadline=10.0, what="the awaited state"):
    """Polls until `condition()` is true and returns its value; fails after `deadline` seconds."""
    end = time.monotonic() + seconds(deadline)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {seconds(deadline):g} s")
        time.sleep(0.01)


def binary():
    """The path of the binary under test."""
    path = os.environ.get("NETCOPY")
    if not path:
        raise AssertionError("set NETCOPY to the path of the netcopy binary under test")
    path = os.path.abspath(path)
    if not os.access(path, os.X_OK):
        raise AssertionError(f"NETCOPY={path} is no executable file")
    return path


def random_bytes(size, seed=1):
    """The same bytes for the same seed; cheap for large sizes."""
    block = random.Random(seed).randbytes(min(size, 1 << 20))
    return (block * (size // max(len(block), 1) + 1))[:size]


def md5_hex(data):
    return md5(data).hexdigest()


def crc32_hex(data):
    return f"{zlib.crc32(data):08x}"


def clean_environment(extra=None):
    """Ours without any setting that the binary would read."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("NETCOPY") and name != "NO_COLOR"}
    return {**kept, **(extra or {})}


def _end_with_parent():
    """In the child: a test that ctest kills leaves no server behind."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One run of the binary. `stdout` and `stderr` are what came so far, as bytes."""

    def __init__(self, *arguments, stdin=b"", environment=None, folder=None, executable=None):
        """`stdin` is bytes, or "pipe" to write to `self.stdin`."""
        self.arguments = [os.fsencode(str(a) if not isinstance(a, bytes) else a) for a in arguments]
        command = [os.fsencode(executable or binary()), *self.arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment(environment), cwd=folder, preexec_fn=_end_with_parent)
        self.pid = self._process.pid
        self.stdin = self._process.stdin
        self._chunks = {"stdout": [], "stderr": []}
        self._readers = [
            threading.Thread(target=self._collect, args=(name,), daemon=True)
            for name in self._chunks]
        for reader in self._readers:
            reader.start()
        if stdin != "pipe":
            self._feed(stdin)

    def _feed(self, data):
        def write():
            try:
                self.stdin.write(data)
                self.stdin.close()
            except BrokenPipeError:
                pass
        threading.Thread(target=write, daemon=True).start()

    def _collect(self, name):
        stream = getattr(self._process, name)
        while chunk := os.read(stream.fileno(), 65536):
            self._chunks[name].append(chunk)

    @property
    def stdout(self):
        return b"".join(self._chunks["stdout"])

    @property
    def stderr(self):
        return b"".join(self._chunks["stderr"])

    @property
    def events(self):
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.stdout.decode().splitlines()]

    @property
    def running(self):
        return self._process.poll() is None

    def describe(self):
        shown = " ".join(repr(os.fsdecode(a)) for a in self.arguments)
        stderr = self.stderr[-4000:].decode("utf-8", "backslashreplace")
        return (f"netcopy {shown}\nstatus {self._process.poll()}\n"
                f"stdout {self.stdout[-2000:]!r}\nstderr {stderr}")

    def wait(self, deadline=20.0):
        """Waits for the end and for all of the output; returns the exit status."""
        try:
            status = self._process.wait(seconds(deadline))
        except subprocess.TimeoutExpired:
            story = f"still running after {seconds(deadline):g} s: {self.describe()}"
            raise AssertionError(story) from None
        for reader in self._readers:
            reader.join(seconds(5))
        return status

    def listening(self, deadline=10.0):
        """Waits for the first line on stderr; returns (host, port) as it says them."""
        wait_until(lambda: b"\n" in self.stderr or not self.running, deadline,
                   f"a line on stderr: {self.describe()}")
        if not self.running:
            self.wait()
        first = self.stderr[:self.stderr.find(b"\n") + 1]
        match = _LISTENING.fullmatch(first)
        if not match:
            raise AssertionError(f"no listening line comes first: {self.describe()}")
        self.command = match[1].decode()
        self.host = match[2].decode().strip("[]")
        self.port = int(match[3])
        self.address = (self.host, self.port)
        self.endpoint = f"{match[2].decode()}:{self.port}"
        return self.address

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """kill -9, and wait."""
        self._process.kill()
        self._process.wait()

    def end(self):
        """Clean-up: an orderly stop for what still runs; fails on a hang or a sanitizer's word."""
        hung = False
        for attempt in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if not self.running:
                break
            hung = attempt == signal.SIGKILL
            self.signal(attempt)
            try:
                self._process.wait(seconds(3))
            except subprocess.TimeoutExpired:
                pass
        self.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        if hung:
            raise AssertionError(f"did not stop at two SIGTERM: {self.describe()}")
        if b"Sanitizer" in self.stderr:
            raise AssertionError(f"a sanitizer spoke: {self.describe()}")


class Case(unittest.TestCase):
    """A test with a temporary folder; everything it starts ends with it."""

    longMessage = True

    def setUp(self):
        binary()
        self.folder = Path(tempfile.mkdtemp(prefix="netcopy-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *arguments, **settings):
        process = Process(*arguments, **settings)
        self.addCleanup(process.end)
        return process

    def run_netcopy(self, *arguments, deadline=20.0, **settings):
        """Runs to the end; the returned process has `status`, `stdout` and `stderr`."""
        process = self.start(*arguments, **settings)
        process.status = process.wait(deadline)
        return process

    def checksum_server(self, *options, listen="127.0.0.1:0", **settings):
        server = self.start("checksum-server", "--listen", listen, *options, **settings)
        server.listening()
        return server

    def receiver(self, path, checksum_server, *options, file_id=1, listen="127.0.0.1:0",
                 **settings):
        """A listening `receive`; `checksum_server` is an endpoint or something that has one."""
        process = self.start(
            "receive", path, "--listen", listen, "--checksum-server", endpoint_of(checksum_server),
            "--id", file_id, *options, **settings)
        process.listening()
        return process

    def start_sender(self, path, receiver, checksum_server, *options, file_id=1, **settings):
        return self.start(
            "send", path, endpoint_of(receiver), "--checksum-server", endpoint_of(checksum_server),
            "--id", file_id, *options, **settings)

    def sender(self, path, receiver, checksum_server, *options, deadline=20.0, **settings):
        """Runs `send` to the end."""
        process = self.start_sender(path, receiver, checksum_server, *options, **settings)
        process.status = process.wait(deadline)
        return process

    def make_file(self, data, name="source"):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def assert_status(self, process, status):
        """Waits for the end; the whole story is in the message when the status is another."""
        found = process.wait()
        if found not in (status if isinstance(status, tuple) else (status,)):
            self.fail(f"exit status {found}, expected {status}: {process.describe()}")

    def assert_verdict(self, process, verdict, status):
        """`verdict` is all of stdout."""
        self.assert_status(process, status)
        if process.stdout != verdict:
            self.fail(f"stdout is not {verdict!r}: {process.describe()}")

    def assert_one_error_line(self, process, *words):
        """stderr is one line for the user (after the listening line) and has these words."""
        lines = [line for line in process.stderr.split(b"\n") if line]
        if lines and _LISTENING.fullmatch(lines[0] + b"\n"):
            lines = lines[1:]
        if len(lines) != 1 or not lines[0].startswith(b"netcopy "):
            self.fail(f"not one error line: {process.describe()}")
        for word in words:
            self.assertIn(os.fsencode(word), lines[0])

    def leftovers(self, folder=None):
        """Names of temporary files of ours."""
        return sorted(n for n in os.listdir(folder or self.folder)
                      if re.search(r"\.netcopy-[0-9a-f]{16}(\.journal)?$", n))

    def assert_folder(self, folder, expected):
        """The folder holds exactly these files; `expected` maps a name to its bytes."""
        found = {p.name: p.read_bytes() for p in Path(folder).iterdir()}
        self.assertEqual(sorted(found), sorted(expected))
        for name, data in expected.items():
            self.assertTrue(found[name] == data,
                            f"{name} holds other bytes ({len(found[name])} of them)")


def endpoint_of(something):
    """`HOST:PORT` of a string, a (host, port) or a thing with an `endpoint`."""
    if isinstance(something, str):
        return something
    if isinstance(something, tuple):
        host, port = something[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return something.endpoint
