"""Rows about netcopy/1: files and trees, beside the rsync daemon (`rsync -a`, xxh128)."""

import pathlib

import link
from measure import GIB, MIB, make_random_file
from report import Check, Row
from transfers import Place, Settings, Transfers
from trees import make_tree, remove

KIB = 1 << 10
MOST_MEMORY = 48  # MiB, of either side


def file_row(settings: Settings, folder: pathlib.Path, where: str, disk: bool = False) -> Row:
    """One large file, digest on the way. On disk rsync syncs too (--fsync), as netcopy always
    does, and the figures are for the record."""
    source = make_random_file(folder / "file", settings.file_bytes)
    copies = Transfers(settings, source, folder)
    name = "copy-file-disk" if disk else "copy-file"
    row = Row(name, f"{settings.file_bytes // MIB} MiB file, loopback, {where}")
    peer = ("-W", "--fsync") if disk else ("-W",)
    rsync = " ".join(("rsync", *peer))
    row.alternate(settings.runs, {
        "netcopy sha256": copies.with_netcopy,
        rsync: lambda: copies.with_rsync(*peer),
        "netcopy crc32c": lambda: copies.with_netcopy("--checksum", "crc32c"),
    }, settings.repeat, settings.progress)
    bounds = ("", "", "") if disk else ("<=", "<=", ">=")
    row.checks = [
        Check("sha256: wall of netcopy / rsync", row.ratio("wall s", "netcopy sha256", rsync),
              bounds[0], 1.35),
        Check("sha256: CPU of netcopy / rsync", row.ratio("cpu s", "netcopy sha256", rsync),
              bounds[1], 2.0),
        Check("crc32c: wall of rsync / netcopy", row.ratio("wall s", rsync, "netcopy crc32c"),
              bounds[2], 1.5),
    ]
    return row


def small_row(settings: Settings, folder: pathlib.Path, where: str, disk: bool = False) -> Row:
    source = make_tree(folder / "tree", settings.small_files, 16 * KIB)
    copies = Transfers(settings, source, folder)
    row = Row("copy-small-disk" if disk else "copy-small",
              f"{settings.small_files:,} files of 16 KiB, loopback, {where}")
    peer = ("-W", "--fsync") if disk else ("-W",)
    rsync = " ".join(("rsync", *peer))
    row.alternate(settings.runs, {
        "netcopy": copies.with_netcopy,
        rsync: lambda: copies.with_rsync(*peer),
    }, settings.repeat, settings.progress)
    row.checks = [Check("wall of rsync / netcopy", row.ratio("wall s", rsync, "netcopy"), ">=",
                        2.0 if disk else 1.5),
                  Check("CPU of netcopy / rsync", row.ratio("cpu s", "netcopy", rsync))]
    return row


def unchanged_row(settings: Settings, folder: pathlib.Path, where: str, disk: bool = False) -> Row:
    """Both find by size and time that everything is there."""
    source = make_tree(folder / "tree", settings.unchanged_files, KIB)
    copies = Transfers(settings, source, folder)
    row = Row("copy-unchanged-disk" if disk else "copy-unchanged",
              f"tree of {settings.unchanged_files:,} files, nothing changed, loopback, {where}")
    settings.progress(f"{row.name}: the first copies")
    copies.keep = True
    copies.with_netcopy()
    copies.with_rsync()
    row.alternate(settings.runs, {"netcopy": copies.with_netcopy, "rsync": copies.with_rsync},
                  settings.repeat, settings.progress)
    row.checks = [Check("wall of netcopy / rsync", row.ratio("wall s", "netcopy", "rsync"),
                        "" if disk else "<=", 1.0),
                  Check("CPU of netcopy / rsync", row.ratio("cpu s", "netcopy", "rsync"))]
    return row


def link_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    shape = link.Shape((200, 200), round_trip=100)
    row = Row("copy-link", f"{settings.link_files:,} files of 4 KiB, {shape}, {where}")
    if reason := link.missing(settings.slow_link):
        row.notes.append(f"skipped: {reason}")
        return row
    source = make_tree(folder / "tree", settings.link_files, 4 * KIB)
    with link.up(settings.slow_link, shape) as network:
        copies = Transfers(settings, source, folder,
                           Place(network.address(2), network.inside(1), network.inside(2)))
        row.alternate(settings.runs, {"netcopy": copies.with_netcopy, "rsync": copies.with_rsync},
                      settings.repeat, settings.progress)
    row.checks = [Check("wall of netcopy / rsync", row.ratio("wall s", "netcopy", "rsync"), "<=",
                        1.0)]
    return row


def memory_row(settings: Settings, folder: pathlib.Path, where: str) -> Row:
    """Peak memory of each side; once for each work, because a peak does not vary as time does."""
    row = Row("copy-memory", f"peak memory of sender and receiver, {where}")
    file = f"{settings.large_bytes / GIB:.3g} GiB file"
    tree = f"{settings.unchanged_files:,} files"

    def measure(copies: Transfers, work: str) -> None:
        settings.progress(f"copy-memory: {work}")
        run = copies.with_netcopy()
        row.runs[work] = [{side: run[side] for side in ("sender MiB", "receiver MiB")}]
        for side, peak in row.runs[work][0].items():
            if peak == 0:  # nobody looked while it ran; with --quick only
                row.notes.append(f"{work}: {side} not seen, the run was too short")
            else:
                row.checks.append(Check(f"{work}: {side}", peak, "<=", MOST_MEMORY, "MiB"))

    source = make_random_file(folder / "file", settings.large_bytes)
    measure(Transfers(settings, source, folder), file)
    remove(source)
    copies = Transfers(settings, make_tree(folder / "tree", settings.unchanged_files, KIB), folder)
    copies.keep = True
    measure(copies, tree)
    measure(copies, f"{tree}, nothing changed")
    return row
