#!/usr/bin/env python3
"""Makes the fuzzers' first inputs from the golden transcripts: seeds.py FOLDER

FOLDER/TARGET gets, for each transcript, what one side says: each piece by itself and all of them together. To grow a
committed corpus from them, run a target on a scratch folder with these in it and merge what it found:
    fuzz_checksum_request -max_total_time=120 -max_len=2000 SCRATCH
    fuzz_checksum_request -merge=1 test/fuzz/corpus/fuzz_checksum_request SCRATCH
"""
import hashlib
import pathlib
import re
import sys

OPENING, REST = slice(0, 1), slice(1, None)

# The target, the transcripts' folder, the sides that it listens to, and which of their pieces.
SOURCES = [
    ("fuzz_checksum_request", "checksum", [b"C"], slice(None)),
    ("fuzz_checksum_answer", "checksum", [b"S"], slice(None)),
    ("fuzz_copy_opening", "copy", [b"C", b"S"], OPENING),
    ("fuzz_copy_request", "copy", [b"C"], REST),
    ("fuzz_copy_answer", "copy", [b"S"], REST),
    ("fuzz_copy_receiver", "copy", [b"C"], REST),
    ("fuzz_transfer_header", "transfer", [b"C", b"S"], slice(None)),
    ("fuzz_share_command", "share", [b"C", b"S"], slice(None)),
    ("fuzz_registry_lines", "registry", [b"C", b"S"], REST),
    ("fuzz_registry_seed", "registry", [b"C", b"S"], slice(None)),
]

# What the target wants before them: fuzz_copy_receiver its mode, here the rule for existing files.
PREFIXES = {"fuzz_copy_receiver": [b"@", b"A", b"B", b"C"]}


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text)


def spoken(path, side):
    prefix = side + b": "
    return [unescape(line[3:]) for line in path.read_bytes().split(b"\n") if line.startswith(prefix)]


def unchecked(text):
    """The lines of netcopy/1 without their checks: the targets add them."""
    return re.sub(rb" [0-9a-f]{8}(?=\n)", b"", text)


def main():
    target = pathlib.Path(sys.argv[1])
    golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
    for name, transcripts, sides, part in SOURCES:
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((golden / transcripts).glob("*.txt")):
            for side in sides:
                pieces = spoken(path, side)[part]
                if part == REST:
                    pieces = [unchecked(piece) for piece in pieces]
                for prefix in PREFIXES.get(name, [b""]):
                    for text in {*pieces, b"".join(pieces)}:
                        (folder / hashlib.sha1(prefix + text).hexdigest()).write_bytes(prefix + text)


if __name__ == "__main__":
    main()
