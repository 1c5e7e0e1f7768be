"""Stands between sender and receiver: counts, meters, cuts, flips, delays."""

import re
import socket
import struct
import threading
import time
from collections import namedtuple

import raw

CHUNK = 64 << 10


class Treatment:
    """What is done to one connection. Positions count the bytes of one direction from 0; "up" goes
    to the receiver."""

    def __init__(self, cut_up=None, cut_down=None, reset=False, flip_up=None, flip_down=None,
                 rate=None, hold=None, hold_down=None):
        self.cut = {"up": cut_up, "down": cut_down}   # after so many bytes
        self.flip = {"up": flip_up, "down": flip_down}  # {position: mask}
        self.reset = reset  # cut with RST, not with FIN
        self.rate = rate    # bytes per second upwards
        # At most so many bytes wait unread at the one who is to read them.
        self.hold = {"up": hold, "down": hold_down}


class Proxy:
    """Serves until `close`. `target` (host, port) may change; `treat(number)` gives the treatment
    of connection 0, 1, ...; `on_bytes(proxy)` is called before bytes are passed on upwards.

    `sent` and `answered` count what was passed on, `cuts` the connections that were cut, `meter`
    has (time, bytes) of everything that came from below, `sniffer` knows whose bodies went up."""

    def __init__(self, target, treat=lambda number: Treatment(), on_bytes=lambda proxy: None):
        self.target = target
        self.treat = treat
        self.on_bytes = on_bytes
        self.sent = self.answered = self.cuts = self.connections = 0
        self.meter = []
        self.sniffer = Sniffer()
        self._lock = threading.Lock()
        self._sockets = []
        self._closed = False
        self._listener = raw.listener(backlog=256)
        self._listener.settimeout(None)
        self.address, self.endpoint = self._listener.address, self._listener.endpoint
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            threading.Thread(target=self._relay, args=(number, client), daemon=True).start()

    def _relay(self, number, client):
        try:
            server = socket.create_connection(self.target, 20)
        except OSError:
            raw.reset(client)
            return
        for peer in (client, server):
            peer.settimeout(None)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._sockets += [client, server]
            if self._closed:
                _shut(client, server)
        link = _Link(self, number, client, server, self.treat(number))
        back = threading.Thread(target=link.run, args=("down",), daemon=True)
        back.start()
        link.run("up")
        back.join()
        for peer in (client, server):
            if link.was_cut and link.treatment.reset:
                raw.reset(peer)
            peer.close()

    def count(self, number, direction, chunk):
        with self._lock:
            if direction == "up":
                self.sent += len(chunk)
                self.sniffer.feed(number, chunk)
            else:
                self.answered += len(chunk)

    def cut_all(self):
        """Ends every connection that is open now."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        _shut(*sockets)

    def close(self):
        self._closed = True
        _shut(self._listener)
        self._listener.close()
        self.cut_all()


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy, number, client, server, treatment):
        self.proxy, self.number, self.treatment = proxy, number, treatment
        self.ends = {"up": (client, server), "down": (server, client)}
        self.was_cut = False

    def run(self, direction):
        source, sink = self.ends[direction]
        if self.treatment.hold[direction]:
            source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        try:
            self._pass(direction, source, sink)
        except OSError:
            _shut(source, sink)

    def _pass(self, direction, source, sink):
        position, start = 0, time.monotonic()
        while chunk := source.recv(CHUNK):
            if direction == "up":
                self.proxy.meter.append((time.monotonic(), len(chunk)))
            whole = len(chunk)
            chunk = self._flipped(direction, position, chunk)
            limit = self.treatment.cut[direction]
            if limit is not None and position + whole >= limit:
                chunk = chunk[:max(limit - position, 0)]
            self._wait(direction, position, start, sink)
            if direction == "up":
                self.proxy.on_bytes(self.proxy)
            self.proxy.count(self.number, direction, chunk)
            sink.sendall(chunk)
            position += len(chunk)
            if limit is not None and position >= limit:
                self.was_cut = True
                self.proxy.cuts += 1
                if self.treatment.reset:
                    for peer in (source, sink):
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
                raise ConnectionAbortedError
        sink.shutdown(socket.SHUT_WR)

    def _flipped(self, direction, position, chunk):
        flips = self.treatment.flip[direction]
        for at, mask in (flips or {}).items():
            if position <= at < position + len(chunk):
                chunk = bytearray(chunk)
                chunk[at - position] ^= mask
        return bytes(chunk)

    def _wait(self, direction, position, start, sink):
        """Keeps the pace, and what the network holds below the limit."""
        hold = self.treatment.hold[direction]
        if self.treatment.rate and direction == "up":
            pause = start + position / self.treatment.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)  # the pace of the link that is played
        if hold:
            end = time.monotonic() + 20
            while raw.unread(sink) > hold and time.monotonic() < end:
                time.sleep(0.0005)


def _shut(*sockets):
    for peer in sockets:
        try:
            peer.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it
        except OSError:
            pass


Offer = namedtuple("Offer", "name size")


class Sniffer:
    """Reads netcopy/1 on its way to the receiver (docs/protocol/copy.md): who was offered, and how
    many bytes of each body were passed on."""

    def __init__(self):
        self.offers = []      # of all connections, in their order
        self.bodies = {}      # name -> bytes of DATA
        self.openings = []
        self.broken = None    # why it could not go on
        self._states = {}

    def feed(self, number, data):
        state = self._states.setdefault(number, {"text": b"", "skip": 0, "name": b"", "names": {},
                                                 "opened": False})
        try:
            self._feed(state, data)
        except (ValueError, KeyError, IndexError) as error:
            self.broken = self.broken or f"{error!r} in {state['text'][:100]!r}"
            state["skip"] = float("inf")

    def _feed(self, state, data):
        while data:
            if state["skip"]:
                taken = int(min(state["skip"], len(data)))
                self.bodies[state["name"]] = self.bodies.get(state["name"], 0) + taken
                state["skip"] -= taken
                data = data[taken:]
                continue
            line, end, data = data.partition(b"\n")
            state["text"] += line
            if end:
                text, state["text"] = state["text"], b""
                self._line(state, text)

    def _line(self, state, line):
        if not state["opened"]:
            state["opened"] = True
            self.openings.append(line)
            if not line.startswith(b"NETCOPY/1 "):
                raise ValueError("no netcopy/1")
            return
        verb, *fields = line.split(b" ")
        if verb == b"PUT":
            name = unescape(fields[4])
            state["names"][fields[0]] = name
            self.offers.append(Offer(name, None if fields[1] == b"-" else int(fields[1])))
        elif verb == b"DATA":
            state["name"] = state["names"][fields[0]]
            state["skip"] = int(fields[2])

    def body_bytes(self):
        return sum(self.bodies.values())


def unescape(text):
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text)


def seconds_of(meter, window=1.0, step=0.1):
    """Bytes per second in every window of that length that slides over a meter, `step` apart."""
    if not meter:
        return []
    begin, end = meter[0][0], meter[-1][0]
    sums, moment = [], begin
    while moment + window <= end:
        sums.append(sum(size for when, size in meter if moment <= when < moment + window) / window)
        moment += step
    return sums
