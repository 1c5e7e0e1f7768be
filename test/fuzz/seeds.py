#!/usr/bin/env python3
"""Makes the fuzzers' first inputs from the golden transcripts: seeds.py FOLDER

FOLDER/fuzz_checksum_request gets what the clients say, FOLDER/fuzz_checksum_answer what the servers say. To grow a
committed corpus from them, run a target on a scratch folder with these in it and merge what it found:
    fuzz_checksum_request -max_total_time=120 -max_len=2000 SCRATCH
    fuzz_checksum_request -merge=1 test/fuzz/corpus/fuzz_checksum_request SCRATCH
"""
import hashlib
import pathlib
import re
import sys


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text)


def spoken(path, side):
    """What this side says, each line by itself and all of them together."""
    prefix = side + b": "
    lines = [unescape(line[3:]) for line in path.read_bytes().split(b"\n") if line.startswith(prefix)]
    return lines + [b"".join(lines)]


def main():
    target = pathlib.Path(sys.argv[1])
    golden = pathlib.Path(__file__).resolve().parent.parent / "golden" / "checksum"
    for name, side in (("fuzz_checksum_request", b"C"), ("fuzz_checksum_answer", b"S")):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(golden.glob("*.txt")):
            for text in spoken(path, side):
                (folder / hashlib.sha1(text).hexdigest()).write_bytes(text)


if __name__ == "__main__":
    main()
