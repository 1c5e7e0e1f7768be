#!/usr/bin/env python3
"""Checks what the compiler does not: which folder may include which, who may use which library, and the format.

The arrows are those of the design (docs/architecture.md). Run with --fix to let clang-format rewrite the files.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A folder of lib/, or app, and the folders whose headers it may include beside its own.
BELOW = {"base": set()}
for leaf in ("wire", "rudp", "crypto", "file"):
    BELOW[leaf] = {"base"}
BELOW["net"] = {"base", "wire", "rudp", "crypto", "file"}
BELOW["store"] = BELOW["net"] | {"net"}
BELOW["session"] = BELOW["store"] | {"store"}
BELOW["app"] = BELOW["session"] | {"session"}

# A library's headers and the places (folders or file stems) that may use them.
LIBRARIES = [
    (r"boost/asio", {"net", "store", "session", "app"}),
    (r"cryptopp/|openssl/", {"crypto", "net/tls"}),
    (r"isa-l", {"crypto", "wire/copy_check", "file/crc64"}),
    (r"boost/program_options", {"app"}),
    (r"boost/json", {"app"}),
    (r"boost/log", {"base"}),
]

# Calls that touch the file system, and where they belong. Reading a symbolic name of /proc counts too.
FILE_CALLS = re.compile(
    r"((?<!\w)::(open|openat|pread|pwrite|fsync|rename|renameat|unlink|unlinkat|mkdir|symlink|symlinkat|fstat|stat)\("
    r"|std::(i|o)?fstream|#include <filesystem>|#include <fstream>)")
FILE_CALLS_ALLOWED = {"file", "base/log"}  # the log opens its own file

MAX_LINES = 400  # a file is one room; the aim is 300


def place_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "lib" else parts[0]


def allowed(path, places):
    folder = place_of(path)
    return folder in places or f"{folder}/{path.stem}" in places


def code_lines(text):
    """The lines with their numbers, comments taken out."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.split("//")[0]


def check_file(path):
    text = path.read_text(encoding="utf-8")
    place = place_of(path)
    for number, line in code_lines(text):
        where = f"{path.relative_to(ROOT)}:{number}"
        if own := re.match(r'#include "(\w+)/', line):
            folder = own.group(1)
            if folder != place and folder not in BELOW[place]:
                yield f"{where}: {place} must not know {folder}"
        if library := re.match(r"#include <(.+)>", line):
            for pattern, places in LIBRARIES:
                if re.match(pattern, library.group(1)) and not allowed(path, places):
                    yield f"{where}: <{library.group(1)}> belongs in {', '.join(sorted(places))}"
        if FILE_CALLS.search(line) and not allowed(path, FILE_CALLS_ALLOWED):
            if "#include <filesystem>" not in line:  # its path type is a word, not a call
                yield f"{where}: file system calls belong in file: {line.strip()}"
    if text.count("\n") > MAX_LINES:
        yield f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines; more than {MAX_LINES} is no one room"
    if not text.endswith("\n") or "\r" in text or "\t" in text:
        yield f"{path.relative_to(ROOT)}: needs LF line ends, spaces and a final newline"


def check_test_names(path):
    """CMake cuts a name at a semicolon, and CTest then selects nothing by its halves."""
    for name in re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")):
        if ";" in name or "\\" in name:
            yield f"{path.relative_to(ROOT)}: CTest cannot call a test '{name}'"


def check_format(files, fix):
    command = ["clang-format-14", "--style=file", *(["-i"] if fix else ["--dry-run", "--Werror"])]
    result = subprocess.run(command + [str(f) for f in files], capture_output=True, text=True, check=False)
    for line in result.stderr.splitlines():
        if "error:" in line:
            yield line.replace(str(ROOT) + "/", "")


def main():
    sources = [path for folder in ("lib", "app") for path in sorted((ROOT / folder).rglob("*.[ch]pp"))]
    tests = sorted((ROOT / "test").rglob("*.[ch]pp"))
    if not sources:
        sys.exit("tidy: no sources found below " + str(ROOT))
    problems = [problem for path in sources for problem in check_file(path)]
    problems += [problem for path in tests for problem in check_test_names(path)]
    problems += check_format(sources + tests, fix="--fix" in sys.argv)
    print("\n".join(problems))
    print(f"tidy: {len(sources) + len(tests)} files, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
