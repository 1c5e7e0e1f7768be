"""What the tests of `send` and `receive` for files and trees share: a service, a sender, a proxy
between them, and the words of docs/cli.md."""

import json
import os
import re
import subprocess

import proxy
import trees
from harness import Case, endpoint_of, random_bytes, wait_until

# docs/protocol/copy.md: "The partial file"
RESUMABLE = 1 << 20
SENT_TWICE = 1 << 20  # the most that a break may cost, for each file

SUMMARY = re.compile(rb"netcopy send: ([0-9]+) files?, .* in [0-9:]+ .*to .*")


class CopyCase(Case):
    """A folder `source`, and a folder `target` for a service to fill."""

    def setUp(self):
        super().setUp()
        # Trees may be deeper than Python's own removal dares to go.
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)
        self.source = self.folder / "source"
        self.source.mkdir()
        self.target = self.folder / "target"

    def service(self, *options, target=None, listen="127.0.0.1:0", **settings):
        """A listening `receive`."""
        process = self.start("receive", target or self.target, "--listen", listen, *options,
                             **settings)
        process.listening()
        return process

    def between(self, service, *arguments, **settings):
        """A proxy in front of a service."""
        made = proxy.Proxy(service.address, *arguments, **settings)
        self.addCleanup(made.close)
        return made

    def start_copy(self, *words, to, environment=None, **settings):
        """Starts `send WORDS... ENDPOINT`. It insists on netcopy/1: on a machine that is very busy
        the receiver may need more than the half second after which another protocol is tried."""
        return self.start("send", *words, endpoint_of(to),
                          environment={"NETCOPY_PROTOCOL": "netcopy", **(environment or {})},
                          **settings)

    def copy(self, *words, to, status=0, deadline=60.0, **settings):
        """Runs `send WORDS... ENDPOINT` to the end, which must be `status`."""
        process = self.start_copy(*words, to=to, **settings)
        process.status = process.wait(deadline)
        self.assert_status(process, status)
        return process

    def write(self, name, data=b"", **attributes):
        """A file below the source; its path."""
        return os.fsdecode(trees.put(os.fsencode(self.source) + b"/" + os.fsencode(name), data,
                                     **attributes))

    def write_large(self, name="large", size=8 << 20, seed=3, **attributes):
        return self.write(name, random_bytes(size, seed), **attributes)

    def assert_copied(self, source=None, target=None, **what):
        """The source lies whole below the target, under its own name, and nothing else does."""
        source = source or self.source
        target = target or self.target / source.name
        story = trees.differences(source, target, **what)
        if story:
            self.fail(f"{len(story)} differences: " + "; ".join(story[:10]))

    def assert_no_temporaries(self, folder=None):
        self.assertEqual(trees.temporaries(folder or self.target), [])

    def assert_summary(self, process, *words):
        """The last line on stderr is the summary and has these words."""
        lines = process.stderr.splitlines()
        if not lines or not SUMMARY.fullmatch(lines[-1]):
            self.fail(f"no summary comes last: {process.describe()}")
        for word in words:
            self.assertIn(os.fsencode(word), lines[-1], process.describe())

    def assert_error(self, process, *words):
        """There is one error line with all of these words."""
        wanted = [os.fsencode(w) for w in words]
        if not any(line.startswith(b"netcopy ") and all(w in line for w in wanted)
                   for line in process.stderr.splitlines()):
            self.fail(f"no line says {wanted}: {process.describe()}")

    def outcomes(self, process):
        """With --json: {name: outcome} of the files."""
        return {event["name"]: event["outcome"] for event in self.events(process, "file")}

    def events(self, process, kind):
        lines = [json.loads(line) for line in process.stdout.decode().splitlines()]
        return [event for event in lines if event.get("event") == kind]

    def logged(self, process, *words, deadline=10.0):
        """Waits until a line of the process's stderr has all of these words; returns it."""
        wanted = [os.fsencode(w) for w in words]

        def line():
            return next((one for one in process.stderr.splitlines()
                         if all(w in one for w in wanted)), None)
        return wait_until(line, deadline, f"a line with {wanted}: {process.describe()}")


def peak_memory(process):
    """VmHWM of a running process, in KiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


class PeakMemory:
    """Watches a process that ends by itself: `kib` is the last VmHWM seen."""

    def __init__(self, process):
        self.process, self.kib = process, 0

    def look(self):
        """True when it has ended; for wait_until()."""
        try:
            self.kib = max(self.kib, peak_memory(self.process))
        except (OSError, StopIteration):
            pass
        return not self.process.running
