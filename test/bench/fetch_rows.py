"""Rows about `netcopy fetch`: on links that are slow, distant and lose packets, beside TCP and UDT4;
from two servers at once; over loopback, beside TCP."""

import os
import pathlib
from collections.abc import Callable, Iterator

import link
from fetches import GOODPUT, Fetches, Settings, missing_fetch
from measure import MIB, make_random_file
from report import Check, Metrics, Row
from transfers import Transfers

# Rate in Mbit/s, round trip in ms, loss in %, and what netcopy must reach of the rate.
LINKS = ((200, 20, 0, .90), (200, 20, 1, .90), (200, 20, 5, .85),
         (200, 100, 0, .82), (200, 100, 1, .82), (200, 100, 5, .75),
         (200, 300, 1, .50), (1000, 100, 1, .60))

Contenders = dict[str, Callable[[], Metrics]]


def link_rows(settings: Settings, folder: pathlib.Path, where: str) -> Iterator[Row]:
    if reason := link.missing(settings.slow_link):
        yield _skipped("fetch-links", f"slow links, {where}", reason)
        return
    source = _make_source(folder, settings.link_bytes)
    for rate, round_trip, loss, bound in LINKS[1:2] if settings.quick else LINKS:
        shape = link.Shape((rate, rate), round_trip, loss)
        row = Row("fetch-links", f"{settings.link_bytes / 1e6:.0f} MB, {shape}, {where}")
        with link.up(settings.slow_link, shape) as network:
            ways = Fetches(settings, source, folder, network, rate * 1e6)
            contenders = _peers(ways, row)
            if reason := missing_fetch(settings.netcopy):
                row.notes.append(reason)
            else:
                contenders = {"netcopy": ways.with_netcopy} | contenders
            row.alternate(settings.runs, contenders, settings.repeat, settings.progress)
        if "netcopy" in row.runs:
            row.checks.append(Check("goodput of netcopy, as a fraction of the rate",
                                    row.median("netcopy", GOODPUT), ">=", bound))
        yield row


def _peers(ways: Fetches, row: Row) -> Contenders:
    contenders: Contenders = {}
    known = pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text(
        encoding="ascii").split()
    for control in ("cubic", "bbr"):
        if control in known:
            contenders[f"TCP {control}"] = lambda control=control: ways.with_peer("tcp", control)
        else:
            row.notes.append(f"this kernel has no {control}")
    if os.access(ways.settings.tools / "netcopy_udt_copy", os.X_OK):
        contenders["UDT4"] = lambda: ways.with_peer("udt")
    else:
        row.notes.append("built without UDT4 (libudt-dev)")
    row.notes.append(f"peers were stopped after {ways.settings.peer_seconds:.0f} s and counted as far as they came")
    return contenders


def sources_rows(settings: Settings, folder: pathlib.Path, where: str) -> Iterator[Row]:
    """One file from two servers at once, whose lines are narrower than the client's."""
    shape = link.Shape((100, 100, 1000), round_trip=20)
    work = (f"{settings.link_bytes / 1e6:.0f} MB from servers behind 100 Mbit/s each, the client "
            f"has 1 Gbit/s, 20 ms there and back, {where}")
    if reason := link.missing(settings.slow_link) or missing_fetch(settings.netcopy):
        yield _skipped("fetch-sources", work, reason)
        return
    source = _make_source(folder, settings.link_bytes)
    row = Row("fetch-sources", work)
    with link.up(settings.slow_link, shape) as network:
        ways = Fetches(settings, source, folder, network, 100e6)
        row.alternate(settings.runs, {
            "two servers": lambda: ways.with_netcopy((1, 2), client=3),
            "one server": lambda: ways.with_netcopy((1,), client=3),
        }, settings.repeat, settings.progress)
    row.checks = [Check("rate of two servers / one",
                        row.ratio("wall s", "one server", "two servers"), ">=", 1.8)]
    yield row


def loopback_rows(settings: Settings, folder: pathlib.Path, where: str) -> Iterator[Row]:
    work = f"{settings.loopback_bytes // MIB} MiB, loopback, SHA-256, {where}"
    if reason := missing_fetch(settings.netcopy):
        yield _skipped("fetch-loopback", work, reason)
        return
    source = _make_source(folder, settings.loopback_bytes)
    ways = Fetches(settings, source, folder)
    copies = Transfers(settings, source, folder)
    row = Row("fetch-loopback", work)

    def over_tcp() -> Metrics:
        figures = copies.with_netcopy()
        return {"GB/s": settings.loopback_bytes / figures["wall s"] / 1e9} | figures

    row.alternate(settings.runs, {"netcopy fetch": ways.with_netcopy,
                                  "netcopy send, over TCP": over_tcp},
                  settings.repeat, settings.progress)
    row.checks = [
        Check("rate of fetch", row.median("netcopy fetch", "GB/s"), ">=", .7, "GB/s"),
        Check("rate of fetch / send", row.ratio("GB/s", "netcopy fetch", "netcopy send, over TCP"),
              ">=", 1.0)]
    yield row


def _make_source(folder: pathlib.Path, size: int) -> pathlib.Path:
    served = folder / "served"
    served.mkdir()
    return make_random_file(served / "file", size)


def _skipped(name: str, work: str, reason: str) -> Row:
    return Row(name, work, notes=[f"skipped: {reason}"])
