"""Sockets that play a peer: whole control over segments, resets and pace."""

import fcntl
import socket
import struct
import threading
import time

from harness import seconds, wait_until

_SIOCOUTQNSD = 0x894B  # bytes not sent; the others are delivered at once on loopback
_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY


def connect(address, deadline=10.0, source=None, receive_buffer=None):
    """A connected TCP socket without Nagle's delay and with a deadline on every call."""
    host, port = address[:2]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    peer = socket.socket(family, socket.SOCK_STREAM)
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        peer.bind((source, 0))
    peer.settimeout(seconds(deadline))
    try:
        peer.connect((host, port))
    except OSError:
        peer.close()
        raise
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def reset(peer):
    """Closes with RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def read_exactly(peer, size):
    """`size` bytes, or fewer if the peer closes."""
    data = b""
    while len(data) < size:
        chunk = peer.recv(size - len(data))
        if not chunk:
            break
        data += chunk
    return data


def read_to_end(peer):
    """All bytes until the peer closes; a reset raises."""
    chunks = []
    while chunk := peer.recv(1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def ends(peer):
    """Waits for FIN or RST; returns "closed" or "reset"."""
    try:
        while peer.recv(1 << 20):
            pass
        return "closed"
    except ConnectionResetError:
        return "reset"


def unread(peer):
    """Bytes that the other side of a loopback IPv4 connection has not read yet."""
    try:
        ours, theirs = peer.getsockname(), peer.getpeername()
    except OSError:
        return 0  # gone: nobody will read any more
    unsent = struct.unpack("i", fcntl.ioctl(peer, _SIOCOUTQNSD, bytes(4)))[0]
    queued = _receive_queue(theirs, ours)
    return unsent + (_receive_queue_of_table(theirs, ours) if queued is None else queued)


def _receive_queue(local, remote):
    """sock_diag(7), which takes microseconds however many sockets there are; None if it fails."""
    ports = struct.pack("!HH", local[1], remote[1])
    source, target = (socket.inet_aton(host) + bytes(12) for host, _ in (local, remote))
    any_interface, any_cookie, any_state = bytes(4), b"\xff" * 8, 0xFFFFFFFF
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, any_state)
    request += ports + source + target + any_interface + any_cookie
    request = struct.pack("=IHHII", 16 + len(request), _BY_FAMILY, 1, 0, 0) + request
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.send(request)
            answer = kernel.recv(65536)
    except OSError:
        return None
    if struct.unpack_from("=IH", answer)[1] != _BY_FAMILY:
        return None
    return struct.unpack_from("=I", answer, 16 + 4 + 48 + 4)[0]  # inet_diag_msg.idiag_rqueue


def _receive_queue_of_table(local, remote):
    """The same from /proc, where the kernel has no sock_diag, or no such socket any more."""
    key = f" {_hex(local)} {_hex(remote)} "
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            if key in line:  # the fifth field is tx_queue:rx_queue
                return int(line.split()[4].split(":")[1], 16)
    return 0


def _hex(address):
    host, port = address
    return f"{struct.unpack('<I', socket.inet_aton(host))[0]:08X}:{port:04X}"


def listens(address):
    """Whether an IPv4 address is listened on, without a connection that the server would see."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(f" {_hex(address)} 00000000:0000 0A " in line for line in table)


def wait_read(peer, deadline=10.0):
    """Waits until the other side has read all that was sent."""
    wait_until(lambda: unread(peer) == 0, deadline, "the peer to read what was sent")


def be(file_id, checksum, validity=60, length=None):
    """An insert message; `checksum` is bytes or text."""
    checksum = checksum.encode() if isinstance(checksum, str) else checksum
    length = len(checksum) if length is None else length
    return f"BE|{file_id}|{validity}|{length}|".encode() + checksum


def insert(server, file_id, checksum, validity=60, length=None):
    """One insert on a connection of its own."""
    with connect(server.address) as peer:
        peer.sendall(be(file_id, checksum, validity, length))
        answer = read_exactly(peer, 2)
        if answer != b"OK":
            raise AssertionError(f"the insert got {answer + peer.recv(1024)!r}")


def take(server, file_id):
    """One look-up on a connection of its own: the whole answer."""
    with connect(server.address) as peer:
        peer.sendall(f"KI|{file_id}".encode())
        peer.shutdown(socket.SHUT_WR)
        return read_to_end(peer)


def listener(host="127.0.0.1", receive_buffer=None, backlog=16):
    """A listening socket with a deadline on accept; `endpoint` as the binary wants it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = Listener(family, socket.SOCK_STREAM)
    if receive_buffer:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    server.bind((host, 0))
    server.settimeout(seconds(10))
    if backlog:
        server.listen(backlog)
    return server


class Listener(socket.socket):
    @property
    def address(self):
        return self.getsockname()[:2]

    @property
    def endpoint(self):
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def take_peer(self):
        """The next connection, with a deadline on every call."""
        peer, _ = self.accept()
        peer.settimeout(seconds(10))
        return peer


def message_from(server):
    """(peer, bytes) of the first connection that says something; others are only probes."""
    while True:
        peer = server.take_peer()
        message = peer.recv(65536)
        if message:
            return peer, message
        peer.close()


class Relay:
    """Stands between a client and a server; calls `on_bytes(total)` with the bytes passed
    towards the server, before they are passed on. Serves connections until `close`."""

    def __init__(self, target, on_bytes=lambda total: None):
        self._target = target
        self._on_bytes = on_bytes
        self._listener = listener()
        self._listener.settimeout(None)
        self.endpoint = self._listener.endpoint
        self.address = self._listener.address
        self.total = 0
        self._sockets = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                reset(client)
                continue
            self._sockets += [client, server]
            threading.Thread(target=self._pass_both, args=(client, server), daemon=True).start()

    def _pass_both(self, client, server):
        back = threading.Thread(target=self._pass, args=(server, client, False), daemon=True)
        back.start()
        self._pass(client, server, True)
        back.join()
        client.close()
        server.close()

    def _pass(self, source, sink, counted):
        try:
            while chunk := source.recv(65536):
                if counted:
                    self.total += len(chunk)
                    self._on_bytes(self.total)
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for peer in (source, sink):
                try:
                    peer.shutdown(socket.SHUT_RDWR)  # wakes the other direction's thread, too
                except OSError:
                    pass

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for peer in self._sockets:
            peer.close()


def trickle(peer, data, interval, stop):
    """Sends a byte each `interval` seconds until the peer goes or `stop` (an Event) is set."""
    for byte in data:
        try:
            peer.sendall(bytes([byte]))
        except OSError:
            return
        if stop.wait(interval):
            return


def elapsed(start):
    return time.monotonic() - start
