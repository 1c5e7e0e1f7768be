"""Trees to be copied: made for a row, compared after each run."""

import os
import pathlib
import shutil
import stat
from collections.abc import Iterator

from measure import GIB, require_same
from processes import Failure

FILES_PER_FOLDER = 100
OLDEST = 1_600_000_000_123_456_789  # ns since 1970; a fraction, so that one cut off is seen


def make_tree(root: pathlib.Path, files: int, size: int) -> pathlib.Path:
    """`files` files of `size` random bytes, a hundred to a folder, each with a time of its own.
    Returns `root`."""
    root.mkdir()
    content = os.urandom(2 * size)
    for number in range(files):
        folder = root / f"folder-{number // FILES_PER_FOLDER:05}"
        if number % FILES_PER_FOLDER == 0:
            folder.mkdir()
        path = folder / f"file-{number:06}"
        start = number % (size + 1)  # no two neighbours are equal
        path.write_bytes(content[start:start + size])
        os.utime(path, ns=(OLDEST + number * 1_000_000_007,) * 2)
    # Last, because the files changed them. rsync leaves a folder's time when the second is right.
    for folder in (*root.iterdir(), root):
        os.utime(folder, ns=(OLDEST, OLDEST))
    return root


def room_for(path: pathlib.Path) -> int:
    """Bytes that a copy takes, with its pages and inodes; at most 1 GiB: for warm_memory()."""
    if path.is_file():
        return min(GIB, path.stat().st_size)
    files = sum(1 for _ in _entries(path))
    page = 4096
    return min(GIB, files * (page + -(-_any_file(path).stat().st_size // page) * page))


def _any_file(root: pathlib.Path) -> pathlib.Path:
    return next(root / name for name, status in _entries(root) if stat.S_ISREG(status.st_mode))


def _entries(root: pathlib.Path) -> Iterator[tuple[str, os.stat_result]]:
    """All below `root`, hidden ones included, with the path from there."""
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as folder:
            for entry in folder:
                status = entry.stat(follow_symlinks=False)
                yield os.path.relpath(entry.path, root), status
                if stat.S_ISDIR(status.st_mode):
                    pending.append(pathlib.Path(entry.path))


def require_copy(source: pathlib.Path, received: pathlib.Path) -> None:
    """`received` holds a copy of `source` and nothing else: names, bytes, times and modes."""
    wanted = {source.name: source.stat()}
    if source.is_dir():
        wanted |= {f"{source.name}/{name}": status for name, status in _entries(source)}
    there = dict(_entries(received))
    if different := sorted(wanted.keys() ^ there.keys()):
        raise Failure(f"{received}: {len(different)} names too many or too few, "
                      f"the first is {different[0]}")
    for name, status in wanted.items():
        for what in ("st_mode", "st_mtime_ns"):
            if (got := getattr(there[name], what)) != (right := getattr(status, what)):
                raise Failure(f"{received / name}: {what} is {got}, not {right}")
        if stat.S_ISREG(status.st_mode):
            require_same(source.parent / name, received / name)


def fingerprint(root: pathlib.Path) -> int:
    """Another one as soon as a file below `root` is written or replaced."""
    return hash(frozenset((name, status.st_ino, status.st_size, status.st_mtime_ns)
                          for name, status in _entries(root) if stat.S_ISREG(status.st_mode)))


def remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
