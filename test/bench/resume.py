"""The row about a large file that was broken off: how soon its next new byte is under way.

Sender and receiver talk through a proxy. The first time it breaks the connection after 90 % of the
file's bytes; the second time it notes when the first byte of the body came to it from the sender.
The clock starts with the second sender. The receiver runs on, as a service does.
"""

import contextlib
import pathlib
import re
import select
import socket
import threading
import time
from collections.abc import Iterator

import servers
import trees
from measure import MIB, Stopwatch, make_random_file
from processes import Failure, Process, Usage, cpu_seconds, wait_all
from report import Check, Metrics, Row
from transfers import Settings

PIECE = MIB
DATA = re.compile(rb"(?:^|\n)DATA \d+ (\d+) [^\n]*\n")  # docs/protocol/copy.md, one file only


class Proxy:
    """Carries connections to `port` on its own port. It reads what the client says before the body;
    of the body it only counts bytes."""

    def __init__(self, port: int, cut_after: int | None) -> None:
        self.target = (servers.HOST, port)
        self.cut_after = cut_after          # bytes of the body; none: never
        self.offset: int | None = None      # where in the file the body began
        self.began = 0.0                    # when its first byte was here, time.monotonic()
        self.body = 0                       # bytes of it that were passed on
        self._said = b""
        self._listener = socket.create_server((servers.HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._accepting.join(timeout=5)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), \
                socket.create_connection(self.target, timeout=10) as server:
            server.settimeout(None)
            buffer = bytearray(PIECE)
            other = {client: server, server: client}
            while True:
                for ready in select.select([client, server], [], [], 120)[0]:
                    size = ready.recv_into(buffer)
                    if size == 0:
                        return
                    piece = memoryview(buffer)[:size]
                    if ready is client and not self._count(piece):
                        return
                    other[ready].sendall(piece)

    def _count(self, piece: memoryview) -> bool:
        """False: the connection is to be broken before this piece."""
        if self.offset is None:
            self._said += piece
            if begin := DATA.search(self._said):
                if len(self._said) > begin.end():  # the line without a byte of the body is no body
                    self.began, self.offset = time.monotonic(), int(begin[1])
                    self.body = len(self._said) - begin.end()
            elif len(self._said) > 16 * MIB:
                raise OSError("16 MiB without a DATA line")
            return True
        if self.cut_after is not None and self.body >= self.cut_after:
            return False
        self.body += len(piece)
        return True


@contextlib.contextmanager
def proxy(port: int, cut_after: int | None = None) -> Iterator[Proxy]:
    opened = Proxy(port, cut_after)
    try:
        yield opened
    finally:
        opened.close()


def _send(settings: Settings, source: pathlib.Path, through: Proxy, *options: str) -> Process:
    sender = Process([settings.netcopy, "send", "-q", *options, str(source),
                      f"{servers.HOST}:{through.port}"])
    with servers.stopped_at_the_end(sender):
        wait_all([sender], 300)
    return sender


def _broken_and_resumed(settings: Settings, source: pathlib.Path,
                        folder: pathlib.Path) -> Metrics:
    received = folder / "received-resumed"
    received.mkdir()
    size = source.stat().st_size
    with servers.receive_service(settings.netcopy, received) as (service, port):
        with proxy(port, cut_after=size * 9 // 10) as cutting:
            broken = _send(settings, source, cutting, "--retry", "0")
        if broken.usage.status == 0 or cutting.body < size * 9 // 10:
            raise Failure(f"was not broken off: {broken.describe()}")
        with proxy(port) as whole:
            beside = cpu_seconds(service.pid) + time.process_time()
            watch = Stopwatch()
            sender = _send(settings, source, whole)
            watch.stop()
            beside = cpu_seconds(service.pid) + time.process_time() - beside
        service.sample()
    if sender.usage.status != 0 or whole.offset is None:
        raise Failure(f"did not resume: {sender.describe()}")
    trees.require_copy(source, received)
    trees.remove(received)
    ours = Usage(status=0, ended=0, cpu=beside, peak_kib=0)  # the service and this proxy
    return watch.metrics([sender], [ours]) | {
        "first byte s": whole.began - watch.started,
        "sent twice MiB": (cutting.body - whole.offset) / MIB,
        "sender MiB": sender.usage.peak_kib / 1024, "receiver MiB": service.usage.peak_kib / 1024}


def resume_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    source = make_random_file(folder / "file", settings.large_bytes)
    row = Row("copy-resume", f"{settings.large_bytes // MIB} MiB file broken off at 90 % and sent "
                             f"again, {where}")
    row.alternate(settings.runs,
                  {"netcopy": lambda: _broken_and_resumed(settings, source, folder)},
                  settings.repeat, settings.progress)
    row.checks = [Check("first new byte after", row.median("netcopy", "first byte s"), "<=", 1.5,
                        "s"),
                  Check("sent twice", row.median("netcopy", "sent twice MiB"), "<=", 1.0, "MiB")]
    return row
