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


def datagrams(path):
    """The packets of a file of datagrams in hex, without their seals."""
    packets = []
    for line in path.read_text().split("\n"):
        if line.startswith(("C: ", "S: ")):
            packets.append(b"")
        elif line.startswith(" "):
            for word in line.split(";")[0].split():
                packets[-1] += bytes(int(word[3:])) if word.startswith("00*") else bytes.fromhex(word)
    return [packet[:-4] for packet in packets]


# A pause, twice; then what the targets of the two state machines make of a kind and a body.
STEPS = {"fuzz_rudp_sender": b"\x00\x03\xe8\xff\xff\xff\x05\xdc\x04\x00\x00\x00\x10",
         "fuzz_rudp_receiver": b"\x00\x03\xe8\x00\x00\x03\xe8"}


def rudp_seeds(target, golden):
    packets = datagrams(golden / "rudp" / "packets.txt")
    inputs = {"fuzz_rudp_packet": packets}
    for name, opening in STEPS.items():
        steps = [b"\x02" + bytes([packet[0] - 0xf1]) + (b"\x01" if name.endswith("receiver") else b"")
                 + bytes([len(packet[17:])]) + packet[17:] for packet in packets if len(packet) < 250]
        acks = b"\x00\x01\x00\x00\x10\x00\x20\x00\x01\x08\x01\x01\x01" * 8
        inputs[name] = [opening + step for step in steps] + [opening + b"".join(steps), opening + acks]
    for name, texts in inputs.items():
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            (folder / hashlib.sha1(text).hexdigest()).write_bytes(text)


def main():
    target = pathlib.Path(sys.argv[1])
    golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
    rudp_seeds(target, golden)
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
