"""Trees of files to be copied: every kind of name and file, and an exact comparison of two trees.

Paths are bytes everywhere: a name may be anything that Linux allows.
"""

import hashlib
import os
import random
import re
import socket
import stat
from collections import namedtuple

from harness import random_bytes

# docs/protocol/copy.md: the form of netcopy's temporary files; 8 digits: those of other commands.
TEMPORARY = re.compile(rb"\..*\.netcopy-([0-9a-f]{16}|[0-9a-f]{8})(\.journal)?", re.S)

SECOND = 1_000_000_000  # nanoseconds
MTIMES = [0, 1, 999_999_999, -1, -1_500_000_000, 1_700_000_000 * SECOND + 123_456_789,
          4_102_444_800 * SECOND + 5]
MODES = [0o644, 0o600, 0o755, 0o444, 0o400, 0o666, 0o777, 0o640, 0o000]

Entry = namedtuple("Entry", "kind mode mtime size content blocks")


def names():
    """Components of every kind."""
    for byte in range(1, 256):
        if byte != ord("/"):
            yield b"byte" + bytes([byte])
    yield bytes(b for b in range(1, 256) if b != ord("/"))  # 254 bytes: all of them
    yield from [
        b"-", b"--", b"-rf", b"--help", b" ", b"  ", b" lead", b"trail ", b"two  spaces",
        b"new\nline", b"\n", b"\\", b"\\x20", b"back\\slash", b"...", b"..a", b"a..", b".hidden",
        b"~", b"*", b"?[a]", b"$(id)", b"`id`", b"%s%n", b"'quoted'", b'"quoted"',
        b"\x1b[31mred\x1b[0m", b"END", b"SYNC",
        b"PUT 1 0 644 0.000000000 x", b"a:b", b"a;b", b"con", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80",
        "Größe".encode(), "日本語".encode(), "e\u0301".encode(), "\u00e9".encode(), "🗄".encode(),
        b"x" * 255, b"\xff" * 255, b" " * 255, ("é" * 127 + "a").encode(), b"\\" * 255,
        # One byte away from the form of a temporary file.
        b".a.netcopy-0123456789abcde", b".a.netcopy-0123456789abcdef0",
        b"a.netcopy-0123456789abcdef", b".a.netcopy-0123456789abcdeg",
        b".a.netcopy-0123456789abcdef.journals",
    ]


def make_folders(path):
    """As os.makedirs does, but without recursion: trees may be deep."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        os.mkdir(folder)


def put(path, data=b"", mode=None, mtime=None):
    """Writes a file; makes the folders above. Returns the path."""
    path = os.fsencode(path)
    make_folders(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(data)
    if mode is not None:
        os.chmod(path, mode)
    if mtime is not None:
        os.utime(path, ns=(mtime, mtime))
    return path


def put_sparse(path, size, pieces, mtime=None):
    """A file of holes with `pieces` of data, offset -> bytes."""
    path = put(path)
    with open(path, "r+b") as file:
        file.truncate(size)
        for offset, data in pieces.items():
            file.seek(offset)
            file.write(data)
    if mtime is not None:
        os.utime(path, ns=(mtime, mtime))
    return path


def small_tree(root, seed=1, files=30, large=0, large_size=3 << 20):
    """Folders, small files of various sizes, `large` resumable ones; equal for equal seeds."""
    root = os.fsencode(root)
    numbers = random.Random(seed)
    sizes = [0, 1, 1000, 4096, 20_000, 65_537, 262_144]
    for number in range(files):
        folder = [b"", b"a/", b"a/b/", b"c d/"][number % 4]
        data = numbers.randbytes(sizes[number % len(sizes)])
        put(root + b"/" + folder + b"file%d" % number, data, MODES[number % 4],
            1_700_000_000 * SECOND + numbers.randrange(SECOND))
    for number in range(large):
        put(root + b"/large/big%d" % number,
            random_bytes(large_size + number * 1001, seed * 100 + number))
    os.makedirs(root + b"/empty/folder", exist_ok=True)
    settle_folders(root, numbers)


def settle_folders(root, numbers):
    """Gives every folder a time and mode of its own, from below upwards."""
    for folder, _, _ in os.walk(root, topdown=False):
        when = 1_600_000_000 * SECOND + numbers.randrange(SECOND)
        os.chmod(folder, numbers.choice([0o755, 0o700, 0o775]))
        os.utime(folder, ns=(when, when))


def hostile_tree(root, links=False):
    """Every kind of name, size, mode, time; empty folders, deep paths, holes; `links` on demand."""
    root = os.fsencode(root)
    for number, name in enumerate(names()):
        put(root + b"/names/" + name, name, MODES[number % len(MODES)],
            MTIMES[number % len(MTIMES)])
        os.makedirs(root + b"/folders/" + name)
    put(root + b"/folders/" + b"x" * 255 + b"/inside", b"x")
    # 255 bytes leave no room for what is put around the name of a large file in the making.
    put(root + b"/large names/" + b"l" * 255, random_bytes(1_500_000, 2))
    put(root + b"/large names/" + b"l" * 254 + b"m", random_bytes(1_500_001, 3))
    put(root + b"/large names/with \n in it", random_bytes(1 << 20, 4))
    put(root + b"/" + b"/".join([b"deep" + b"p" * 251] * 13) + b"/file", b"a long path ends here")
    put(root + b"/" + b"d/" * 300 + b"file", b"far down")
    for size in (0, 1, 4095, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000):
        put(root + b"/sizes/%d" % size, random_bytes(size, size))
    put_sparse(root + b"/sparse/middle", 8 << 20, {4 << 20: b"x" * 70_000})
    put_sparse(root + b"/sparse/start", 8 << 20, {0: b"start"})
    put_sparse(root + b"/sparse/end", (8 << 20) + 3, {(8 << 20): b"end"})
    put_sparse(root + b"/sparse/nothing", 8 << 20, {})
    put_sparse(root + b"/sparse/small", 100_000, {50_000: b"x"})
    put(root + b"/modes/set-uid", b"", 0o4755)
    if links:
        hostile_links(root + b"/links")
    settle_folders(root, random.Random(5))


def hostile_links(folder):
    """Links of every kind, and what lies beside them."""
    put(folder + b"/file", b"the target")
    for name, target in (
            (b"to file", b"file"), (b"to folder", b"../sizes"), (b"dangling", b"nowhere"),
            (b"absolute", b"/etc/hostname"), (b"up", b"../../../../../.."), (b"itself", b"itself"),
            (b"odd\nname", b"odd \\ \n\xff target"), (b"long", b"t" * 4000), (b"dot", b".")):
        os.symlink(target, folder + b"/" + name)
        when = 1_500_000_000 * SECOND + len(target)
        os.utime(folder + b"/" + name, ns=(when, when), follow_symlinks=False)


def special_files(folder):
    """What no copy takes: a fifo, a socket, and a device where that is allowed."""
    folder = os.fsencode(folder)
    os.mkfifo(folder + b"/fifo")
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(folder + b"/socket")
    if os.geteuid() == 0:
        os.mknod(folder + b"/null", stat.S_IFCHR | 0o600, os.makedev(1, 3))


def digest_of(path):
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry_of(path):
    """What there is to say of one file, folder or link."""
    status = os.lstat(path)
    kind, content = "other", None
    if stat.S_ISREG(status.st_mode):
        kind, content = "file", digest_of(path)
    elif stat.S_ISDIR(status.st_mode):
        kind = "folder"
    elif stat.S_ISLNK(status.st_mode):
        kind, content = "link", os.readlink(path)
    size = status.st_size if kind == "file" else None
    return Entry(kind, stat.S_IMODE(status.st_mode) & 0o777, status.st_mtime_ns, size, content,
                 status.st_blocks)


def snapshot(root, moving=False):
    """{path below root: Entry} of all there is; the root itself is b"". Needs no recursion. With
    `moving` somebody may still be at work there: what vanishes meanwhile is left out."""
    root = os.fsencode(root)
    found = {b"": entry_of(root)}
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root + b"/" + folder) as entries:
            for entry in entries:
                path = folder + b"/" + entry.name if folder else entry.name
                try:
                    found[path] = entry_of(root + b"/" + path)
                except FileNotFoundError:
                    if moving:
                        continue
                    raise
                if found[path].kind == "folder":
                    waiting.append(path)
    return found


def differences(expected, found, metadata=True, links=False, folders=True):
    """What is not equal between two trees, in words; both are paths or snapshots. What a copy
    leaves out is not expected: special files, and links without `links`."""
    expected, found = ((snapshot(t) if not isinstance(t, dict) else t) for t in (expected, found))
    wanted = {p: e for p, e in expected.items()
              if e.kind == "file" or e.kind == "folder" and folders or e.kind == "link" and links}
    story = [f"{path!r} is missing" for path in sorted(wanted.keys() - found.keys())]
    for path in sorted(found.keys() - wanted.keys()):
        if folders or found[path].kind != "folder":
            story.append(f"{path!r} ({found[path].kind}) is too much")
    for path in sorted(wanted.keys() & found.keys()):
        story += _differences_of(path, wanted[path], found[path], metadata)
    return story


def _differences_of(path, expected, found, metadata):
    fields = ["kind", "size", "content"]
    if metadata:
        fields += ["mtime"] if expected.kind == "link" else ["mode", "mtime"]
    for field in fields:
        one, other = getattr(expected, field), getattr(found, field)
        if one != other:
            shown = (oct(one), oct(other)) if field == "mode" else (one, other)
            yield f"{path!r}: {field} is {shown[1]}, should be {shown[0]}"


def temporaries(root):
    """netcopy's own files in the making that lie below."""
    return sorted(p for p in snapshot(root, moving=True) if TEMPORARY.fullmatch(os.path.basename(p)))


def wrong_names(source, target):
    """Files, folders and links below `target` that bear a name which does not belong to what they
    hold: not in the source's snapshot `source`, or of other content, mode or time. Temporary files
    do not count; folders and links may still wait for their mode and time."""
    story = []
    for path, entry in snapshot(target, moving=True).items():
        if TEMPORARY.fullmatch(os.path.basename(path)) or path == b"":
            continue
        if path not in source:
            story.append(f"{path!r} ({entry.kind}) is in no source")
        elif entry.kind != source[path].kind:
            story.append(f"{path!r} is a {entry.kind}, should be a {source[path].kind}")
        elif entry.kind != "folder":
            # A link gets its time after its name: no call does both.
            story += _differences_of(path, source[path], entry, entry.kind == "file")
    return story
