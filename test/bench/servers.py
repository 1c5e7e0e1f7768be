"""The servers that are measured. All listen on 127.0.0.1, keep everything in a temporary folder,
and are stopped by pid at the end of their `with` block."""

import contextlib
import os
import pathlib
import signal
import socket
import time
from collections.abc import Iterator

from processes import Failure, Process

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _await_answer(server: Process, port: int, say: bytes, expect: bytes) -> None:
    """Connects until the server answers. It says nowhere that it is ready, so this has to poll."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((HOST, port), timeout=5) as probe:
                probe.sendall(say)
                if probe.recv(64).startswith(expect):
                    return
        except ConnectionRefusedError:
            time.sleep(0.01)
    server.stop()
    raise Failure(f"does not answer: {server.describe()}")


def _await_listening(server: Process, port: int) -> None:
    """Looks into the server's own network namespace, which may be another than ours."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{server.pid}/net/tcp", encoding="ascii") as sockets:
            next(sockets)
            for line in sockets:
                _, local, _, state = line.split()[:4]
                if state == "0A" and int(local.rpartition(":")[2], 16) == port:  # LISTEN
                    return
        time.sleep(0.01)  # there is no event for a listening socket
    server.stop()
    raise Failure(f"does not listen: {server.describe()}")


@contextlib.contextmanager
def stopped_at_the_end(server: Process) -> Iterator[Process]:
    try:
        yield server
    finally:
        server.stop()


def listening_port(process: Process) -> int:
    """The port in netcopy's line `netcopy COMMAND: listening on ADDRESS:PORT`."""
    line = process.wait_for_line(": listening on ")
    return int(line.rstrip().rpartition(":")[2])


@contextlib.contextmanager
def checksum_server(netcopy: str) -> Iterator[tuple[Process, int]]:
    server = Process([netcopy, "checksum-server", "--listen", f"{HOST}:0", "-q"])
    with stopped_at_the_end(server):
        yield server, listening_port(server)


@contextlib.contextmanager
def redis_server(folder: pathlib.Path) -> Iterator[tuple[Process, int]]:
    """Without persistence, as a store of short-lived entries would be run."""
    port = free_port()
    server = Process(["redis-server", "--bind", HOST, "--port", str(port), "--save", "",
                      "--appendonly", "no", "--daemonize", "no", "--dir", str(folder)])
    with stopped_at_the_end(server):
        _await_answer(server, port, b"PING\r\n", b"+PONG")
        yield server, port


@contextlib.contextmanager
def receive_service(netcopy: str, folder: pathlib.Path, host: str = HOST,
                    before: tuple[str, ...] = ()) -> Iterator[tuple[Process, int]]:
    """netcopy's, saving into `folder`. The words `before` bring the command to its place."""
    server = Process([*before, netcopy, "receive", str(folder), "--listen", f"{host}:0", "-q"])
    with stopped_at_the_end(server):
        yield server, listening_port(server)
    if server.usage.status not in (0, 128 + signal.SIGTERM):
        raise Failure(f"the service did not end as it should: {server.describe()}")


@contextlib.contextmanager
def share(netcopy: str, folder: pathlib.Path) -> Iterator[tuple[Process, int]]:
    """netcopy's, serving `folder`."""
    server = Process([netcopy, "share", str(folder), "--listen", f"{HOST}:0", "-q"])
    with stopped_at_the_end(server):
        yield server, listening_port(server)
    if server.usage.status not in (0, 128 + signal.SIGTERM):
        raise Failure(f"the share did not end as it should: {server.describe()}")


@contextlib.contextmanager
def nginx(folder: pathlib.Path, work: pathlib.Path) -> Iterator[tuple[Process, int]]:
    """One worker that serves the files of `folder`; its own files go to `work`."""
    port = free_port()
    config = work / "nginx.conf"
    paths = "".join(f"{name}_temp_path {work}/{name};\n" for name in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(f"daemon off;\nmaster_process off;\npid {work}/pid;\n"
                      f"error_log {work}/error;\nevents {{}}\n"
                      f"http {{\naccess_log off;\nsendfile on;\n{paths}"
                      f"server {{ listen {HOST}:{port}; root {folder}; }}\n}}\n",
                      encoding="utf-8")
    program = "/usr/sbin/nginx"  # which is not in everybody's PATH
    server = Process([program, "-e", f"{work}/error", "-c", str(config)])
    with stopped_at_the_end(server):
        _await_listening(server, port)
        yield server, port


@contextlib.contextmanager
def rsync_daemon(folder: pathlib.Path, work: pathlib.Path, host: str = HOST,
                 before: tuple[str, ...] = ()) -> Iterator[tuple[Process, int]]:
    """Serves `folder`, writable, as the module `bench`; its own files go to `work`."""
    port = free_port()
    config = work / "rsyncd.conf"
    config.write_text("use chroot = no\n"
                      f"uid = {os.getuid()}\ngid = {os.getgid()}\n"
                      f"lock file = {work / 'rsyncd.lock'}\nlog file = {work / 'rsyncd.log'}\n"
                      f"[bench]\npath = {folder}\nread only = no\n", encoding="utf-8")
    server = Process([*before, "rsync", "--daemon", "--no-detach", f"--address={host}",
                      f"--port={port}", f"--config={config}"])
    with stopped_at_the_end(server):
        _await_listening(server, port)
        yield server, port
        _await_no_children(server)


def _await_no_children(server: Process) -> None:
    """A child that the daemon has not reaped yet would be missing from its CPU seconds."""
    children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children")
    deadline = time.monotonic() + 10
    while children.read_text(encoding="ascii").strip():
        if time.monotonic() > deadline:
            raise Failure("the rsync daemon's child does not end")
        time.sleep(0.005)  # there is no event for a grandchild's end
