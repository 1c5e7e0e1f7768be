"""What the campaigns share: options, a place with a source and a target, and the invariants.

The invariants, after every blow and at the end:
- what lies under a final name is a file, folder or link of the source, whole, with its mode and
  time;
- exit status 0 comes only when the whole tree is there, and equal;
- a run that is not disturbed makes the tree equal and leaves no temporary file;
- no file's body is sent more than once, but for 1 MiB for each break.

Bytes are counted by a proxy that lets the network hold at most 128 KiB, so that what counts as sent
twice is what the programs lost, and not what the kernel's buffers lost.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test" / "e2e"))

import harness  # noqa: E402
import proxy  # noqa: E402
import trees  # noqa: E402

HOLD = 128 << 10
SENT_TWICE = 1 << 20


class Broken(AssertionError):
    """An invariant does not hold."""


def options(text, count, quick, more=()):
    """The command line of a campaign; `count` trials usually, `quick` with --quick. `more`: pairs of
    an option of its own, and its help."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--netcopy", default=os.environ.get("NETCOPY")
                        or str(ROOT / "build" / "release" / "app" / "netcopy"))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--count", type=int, help=f"trials (default {count})")
    parser.add_argument("--quick", action="store_true", help=f"a sample: {quick} trials")
    parser.add_argument("--folder", help="where temporary folders are made")
    parser.add_argument("--keep-going", action="store_true", help="count failures, do not stop")
    for name, help_text in more:
        parser.add_argument(name, help=help_text)
    words = parser.parse_args()
    words.count = words.count or (quick if words.quick else count)
    os.environ["NETCOPY"] = words.netcopy
    harness.binary()
    return words


class Place:
    """A temporary folder with `source` and `target`, and what runs there. Use with `with`."""

    def __init__(self, folder=None):
        self.folder = Path(tempfile.mkdtemp(prefix="netcopy-campaign-", dir=folder))
        self.source, self.target = self.folder / "source", self.folder / "target"
        self.source.mkdir()
        self.processes, self.proxies = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.running:
                process.kill()
        for process in self.processes:
            process.end()
        for each in self.proxies:
            each.close()
        subprocess.run(["chmod", "-R", "u+rwx", self.folder], check=False)
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def settled(self):
        """Call when the source is made."""
        found = trees.snapshot(self.source)
        self.expected = {b"source/" + p if p else b"source": e for p, e in found.items()
                         if e.kind != "other"}
        self.sizes = {p: e.size for p, e in self.expected.items() if e.kind == "file"}
        self.bytes = sum(self.sizes.values())

    def start(self, *words, **settings):
        process = harness.Process(*words, **settings)
        self.processes.append(process)
        return process

    def service(self, *words, **settings):
        process = self.start("receive", self.target, "--listen", "127.0.0.1:0", *words, **settings)
        process.listening()
        return process

    def proxy(self, target, **settings):
        made = proxy.Proxy(target, **settings)
        self.proxies.append(made)
        return made

    def sender(self, to, *words, **settings):
        return self.start("send", "-r", "--links", "--json", "--protocol", "netcopy", self.source,
                          harness.endpoint_of(to), *words, **settings)

    def run_sender(self, to, *words, deadline=120, **settings):
        process = self.sender(to, *words, **settings)
        process.wait(deadline)
        return process

    def done(self, *things):
        """Ends processes and proxies, so that a long campaign keeps no pipes open."""
        for thing in things:
            if thing in self.proxies:
                thing.close()
                self.proxies.remove(thing)
            else:
                thing.end()
                self.processes.remove(thing)

    def new_target(self):
        """Another, empty target for the services to come; the one before is removed."""
        subprocess.run(["rm", "-rf", self.target], check=True)
        self.target = self.folder / f"target{time.monotonic_ns()}"

    def check_names(self, when):
        if not self.target.exists():
            return
        story = trees.wrong_names(self.expected, self.target)
        if story:
            raise Broken(f"{when}: {len(story)} wrong: {story[:5]}")

    def check_equal(self, when, may_leave=False):
        """`may_leave`: nobody could have removed the temporary files that are there."""
        found = trees.snapshot(self.target / "source", moving=True)
        left = trees.temporaries(self.target)
        if may_leave:
            found = {path: entry for path, entry in found.items() if b"source/" + path not in left}
            left = []
        story = trees.differences(self.source, found, links=True)
        story += [f"{p!r} is left" for p in left]
        if story:
            raise Broken(f"{when}: {len(story)} differences: {story[:5]}")

    def check_word(self, sender, when, may_leave=False):
        """What the sender has said: each file that it calls sent or same is there, and status 0
        stands for the whole tree."""
        status = sender.wait()
        found = trees.snapshot(self.target, moving=True) if self.target.exists() else {}
        for line in sender.stdout.splitlines():
            event = json.loads(line) if line.endswith(b"}") else {}  # a killed one stops in a line
            if event.get("event") == "file" and event["outcome"] in ("sent", "same"):
                name = event["name"].encode()
                if name not in found:
                    raise Broken(f"{when}: {event['outcome']}, but missing: {sender.describe()}")
        if status == 0:
            self.check_equal(f"{when}, status 0", may_leave)

    def check_bytes(self, way, breaks, when):
        if way.sniffer.broken:
            raise Broken(f"{when}: the proxy understands no more: {way.sniffer.broken}")
        for name, count in way.sniffer.bodies.items():
            most = self.sizes[name] + breaks * SENT_TWICE
            if count > most:
                raise Broken(f"{when}: {count} bytes of {name!r} were sent, of {self.sizes[name]}"
                             f" with {breaks} breaks")


class Tally:
    """Counts trials and what came of them, and says so."""

    def __init__(self, words, name):
        self.words, self.name = words, name
        self.counts, self.failures, self.begin = {}, [], time.monotonic()
        signal.signal(signal.SIGTERM, lambda *_: self.end())  # stopped early: the counts so far
        print(f"{name}: seed {words.seed}, {words.count} trials, {words.netcopy}", flush=True)

    def add(self, outcome, number=1):
        self.counts[outcome] = self.counts.get(outcome, 0) + number

    def trial(self, story, run):
        """Runs one trial; a broken invariant is printed with the story that repeats it."""
        self.add("trials")
        try:
            return run()
        except AssertionError as error:
            self.failures.append(story)
            print(f"{self.name}: FAILED, seed {self.words.seed}, {story}: {error}", flush=True)
            if not self.words.keep_going:
                self.end()
            return None

    def end(self):
        """Prints the counts and ends the program."""
        shown = ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items())
        print(f"{self.name}: {shown}; {len(self.failures)} failures; seed {self.words.seed}; "
              f"{time.monotonic() - self.begin:.0f} s", flush=True)
        sys.exit(1 if self.failures else 0)
