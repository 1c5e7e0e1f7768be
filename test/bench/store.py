"""Rows about the store of checksums: checksum-server beside redis, under one load generator."""

import contextlib
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import servers
from processes import (Failure, Process, cpu_seconds, machine_cpu_seconds, status_kib,
                       wait_all)
from report import OTHERS, Check, Metrics, Row

FILL_IN_FLIGHT = 16


@dataclasses.dataclass
class Settings:
    netcopy: str
    load: str
    runs: int
    repeat: int             # times that a disturbed run is repeated
    seconds: float          # of each measured load
    keys: int               # different ids under load
    entries: int            # of the memory row
    entries_validity: int   # seconds they live: enough to insert, read and weigh them
    quiet: float            # seconds without a fall after which memory counts as settled
    connections: int        # of the row with slow peers
    slow_seconds: float     # of each of its loads; more than the server's limit for one message
    folder: pathlib.Path
    progress: Callable[[str], None]


@dataclasses.dataclass
class Store:
    """A running server, as the load generator addresses it."""
    name: str
    process: Process
    port: int
    protocol: str

    def load(self, settings: Settings, *options: str, limit: float = 120) -> dict:
        """Runs the load generator; raises Failure if any reply was wrong or missing."""
        generator = Process([settings.load, "--server", f"{servers.HOST}:{self.port}",
                             "--protocol", self.protocol, *options])
        try:
            wait_all([generator], limit)
        finally:
            generator.stop()
        if generator.usage.status != 0:
            raise Failure(f"{self.name}: {generator.describe()}")
        result = json.loads(generator.output["stdout"])
        if result["failed"]:
            raise Failure(f"{self.name}: {result['failed']} failed requests: {result['error']}")
        return result

    def measure(self, settings: Settings, *options: str) -> Metrics:
        before, busy = cpu_seconds(self.process.pid), machine_cpu_seconds()
        result = self.load(settings, *options)
        used, busy = cpu_seconds(self.process.pid) - before, machine_cpu_seconds() - busy
        metrics = {
            "requests/s": result["rate"], "p99 us": result["p99_us"], "p50 us": result["p50_us"],
            "max us": result["max_us"], "server cpu us/request": used / result["requests"] * 1e6,
            # Near 1 the load generator, not the server, sets the rate.
            "generator busy": result["cpu_seconds"] / result["seconds"],
            "peak MiB": status_kib(self.process.pid, "VmHWM") / 1024,
            OTHERS: max(0.0, busy - used - result["cpu_seconds"]) / result["seconds"]}
        if "--trickling" in options:
            if not result["trickled_bytes"]:
                raise Failure("the trickling connections sent nothing")
            # A server may end them: their messages take longer than it has to wait.
            metrics["trickling ended"] = result["trickling_reopened"]
        return metrics


@contextlib.contextmanager
def both(settings: Settings):
    with servers.checksum_server(settings.netcopy) as (netcopy, netcopy_port), \
            servers.redis_server(settings.folder) as (redis, redis_port):
        yield (Store("netcopy", netcopy, netcopy_port, "checksum"),
               Store("redis", redis, redis_port, "redis"))


def request_rows(settings: Settings) -> list[Row]:
    """BE and KI, 50 connections, 1 and 16 in flight: rate at least redis's, p99 no worse."""
    rows = []
    with both(settings) as stores:
        for store in stores:
            # Long enough for all look-ups: an expired entry would be a wrong reply.
            store.load(settings, "--fill", str(settings.keys), "--in-flight", str(FILL_IN_FLIGHT),
                       "--validity", "3600")
        for verb, operation in (("KI", "lookup"), ("BE", "insert")):
            for in_flight in (1, 16):
                row = Row(f"requests-{verb}-{in_flight}",
                          f"{verb}, 50 connections, {in_flight} in flight, {settings.keys} ids")
                options = ("--op", operation, "--in-flight", str(in_flight), "--connections", "50",
                           "--seconds", str(settings.seconds), "--keys", str(settings.keys))
                row.alternate(settings.runs, {
                    store.name: (lambda store=store, options=options:
                                 store.measure(settings, *options))
                    for store in stores}, settings.repeat, settings.progress)
                row.checks = [
                    Check("rate of netcopy / redis", row.ratio("requests/s", "netcopy", "redis"),
                          ">=", 1.0),
                    Check("p99 of netcopy / redis", row.ratio("p99 us", "netcopy", "redis"),
                          "<=", 1.0),
                ]
                rows.append(row)
    return rows


def _resident_mib(store: Store) -> float:
    return status_kib(store.process.pid, "VmRSS") / 1024


def _settled_mib(store: Store, quiet: float, deadline: float) -> float:
    """Resident memory once it has not fallen for `quiet` seconds, or at the deadline."""
    least, least_at = _resident_mib(store), time.monotonic()
    while time.monotonic() < min(deadline, least_at + quiet):
        time.sleep(0.2)  # memory has no event to wait for
        now = _resident_mib(store)
        if now < least - 0.5:
            least, least_at = now, time.monotonic()
    return least


def entries_row(settings: Settings) -> Row:
    """Memory of many live entries of 32 bytes, and that it goes back when they expire."""
    row = Row("entries", f"{settings.entries:,} live entries of 32 bytes")
    count, validity = str(settings.entries), settings.entries_validity
    with both(settings) as stores:
        for store in stores:
            settings.progress(f"entries: {store.name}")
            before = _resident_mib(store)
            store.load(settings, "--fill", count, "--in-flight", str(FILL_IN_FLIGHT),
                       "--validity", str(validity))
            filled_at = time.monotonic()
            # Any entry that is gone already fails the look-up.
            store.load(settings, "--op", "lookup", "--keys", count, "--in-flight",
                       str(FILL_IN_FLIGHT), "--requests", str(settings.entries // 5))
            live = _resident_mib(store)
            if time.monotonic() - filled_at > validity:
                raise Failure(f"entries: {store.name} took longer than the entries live")
            peak = status_kib(store.process.pid, "VmHWM") / 1024
            settings.progress(f"entries: {store.name}, waiting for expiry")
            time.sleep(max(0.0, filled_at + validity - time.monotonic()))
            after = _settled_mib(store, settings.quiet, time.monotonic() + 60)
            row.runs[store.name] = [{"before MiB": before, "live MiB": live, "peak MiB": peak,
                                     "expired MiB": after}]
    ours = row.runs["netcopy"][0]
    kept = (ours["expired MiB"] - ours["before MiB"]) / max(1, ours["live MiB"]
                                                            - ours["before MiB"])
    row.checks = [Check("netcopy, resident with all live", ours["live MiB"], "<=", 200, "MiB"),
                  Check("netcopy, peak", ours["peak MiB"], "<=", 200, "MiB"),
                  Check("netcopy, part of the growth kept after expiry", kept, "<=", 0.5)]
    return row


def slow_peers_row(settings: Settings) -> Row:
    """Nine tenths of the connections work; the other tenth trickles, or is not there."""
    slow = settings.connections // 10
    working = settings.connections - slow
    row = Row("slow-peers", f"{working} connections that insert, beside {slow} that trickle")
    options = ("--op", "insert", "--connections", str(working), "--seconds",
               str(settings.slow_seconds), "--keys", str(settings.keys))
    with both(settings) as stores:
        contenders = {}
        for store in stores:
            contenders[f"{store.name} without"] = (
                lambda store=store: store.measure(settings, *options))
            contenders[f"{store.name} with"] = (
                lambda store=store: store.measure(settings, *options, "--trickling", str(slow)))
        row.alternate(settings.runs, contenders, settings.repeat, settings.progress)
    row.checks = [
        Check("netcopy, p99 with / without", row.ratio("p99 us", "netcopy with", "netcopy without"),
              "<=", 2.0),
        Check("redis, p99 with / without", row.ratio("p99 us", "redis with", "redis without")),
    ]
    return row
