#!/usr/bin/env python3
"""Kills either side at every system call of a small transfer, and lets every call that touches
files fail, with strace.

First a run of each side is recorded; then there is one trial for each call of it, by name and
number (as strace counts them, for each thread). A killed side is followed by another. A call that
fails does so once, or from there on. What the receiver could not make durable must not be
confirmed: when one of its fsync, fdatasync, syncfs, or a write of file bytes failed, the sender's
status is not 0.

strace stands between: `strace -D`, so that the process that the harness knows is netcopy's own.
"""

import hashlib
import random
import re
import time

from common import Broken, Place, Tally, harness, options, trees

START = {"sender": "epoll_create1", "receiver": "listen"}  # calls before it are the loader's
# Ends of threads and the like cannot be stopped at; time is read too often and changes nothing.
PASSED_OVER = {"exit", "exit_group", "clock_gettime", "gettimeofday", "restart_syscall",
               "rt_sigreturn"}
# A sender tries what is busy 8 times within 32 s; files, and then each folder that they are in.
PATIENCE = 150  # seconds
CALL = re.compile(r"^(\d+)\s+([a-z_0-9]+)\(")

FAULTS = {
    "sender": {"openat": ("EIO", "EACCES", "EMFILE"), "pread64": ("EIO",), "read": ("EIO",),
               "getdents64": ("EIO",), "newfstatat": ("EIO", "ENOENT"), "fstat": ("EIO",),
               "statx": ("EIO",), "lseek": ("EIO",), "readlinkat": ("EIO",),
               "socket": ("EMFILE",), "connect": ("ECONNREFUSED",),
               "sendmsg": ("ECONNRESET",), "sendto": ("ECONNRESET",), "recvmsg": ("ECONNRESET",),
               "recvfrom": ("ECONNRESET",), "readv": ("ECONNRESET",), "writev": ("ECONNRESET",)},
    "receiver": {"openat": ("EIO", "EMFILE", "ENOSPC", "EACCES"),
                 "openat2": ("EIO", "EMFILE", "ENOSPC", "EACCES"), "pwrite64": ("EIO", "ENOSPC"),
                 # Not write(2): files are written by pwrite(2); it wakes threads and tells signals.
                 "writev": ("EIO", "ENOSPC"),
                 "pwritev": ("EIO", "ENOSPC"), "pread64": ("EIO",), "ftruncate": ("EIO", "ENOSPC"),
                 "fallocate": ("EIO", "ENOSPC"), "fsync": ("EIO", "ENOSPC"),
                 "fdatasync": ("EIO", "ENOSPC"), "syncfs": ("EIO", "ENOSPC"),
                 "linkat": ("EIO", "ENOSPC", "EMLINK"), "renameat2": ("EIO", "ENOSPC"),
                 "renameat": ("EIO", "ENOSPC"), "rename": ("EIO", "ENOSPC"), "unlinkat": ("EIO",),
                 "mkdirat": ("EIO", "ENOSPC"), "symlinkat": ("EIO", "ENOSPC"), "fchmod": ("EIO",),
                 "utimensat": ("EIO",), "flock": ("EIO",), "newfstatat": ("EIO",),
                 "fstat": ("EIO",), "statx": ("EIO",),
                 "accept4": ("ECONNABORTED", "EMFILE"),
                 "sendmsg": ("ECONNRESET",), "recvmsg": ("ECONNRESET",)},
}
# A failure of these on the receiving side may not end in status 0.
DURABLE = {"fsync", "fdatasync", "syncfs", "pwrite64", "pwritev", "linkat", "symlinkat"}


def make_source(place):
    trees.put(f"{place.source}/empty")
    trees.put(f"{place.source}/d/small", harness.random_bytes(5000, 1), 0o640)
    trees.put(f"{place.source}/d/medium", harness.random_bytes(200_000, 2))
    trees.put(f"{place.source}/large", harness.random_bytes(1_400_000, 3))
    (place.source / "link").symlink_to("empty")
    (place.source / "nothing").mkdir()
    trees.settle_folders(bytes(place.source), random.Random(1))
    place.settled()


class Run:
    """One transfer with strace at one side."""

    def __init__(self, place, side, *strace, once=False):
        self.place, self.side, self.strace = place, side, strace
        self.log = place.folder / "strace.log"
        self.log.unlink(missing_ok=True)
        place.new_target()
        words = ["--once"] if once else []
        self.service = self.start("receiver", "receive", place.target, "--listen", "127.0.0.1:0",
                                  *words)
        self.listening = True
        try:
            self.service.listening()
        except AssertionError:
            self.listening = False

    def start(self, side, *words):
        if side != self.side:
            return self.place.start(*words)
        command = ["-D", "-f", "-q", "-y", "-o", self.log, *self.strace, harness.binary()]
        # The leak sanitizer does not work under ptrace, and says so.
        return self.place.start(*command, *words, executable="strace",
                                environment={"ASAN_OPTIONS": "detect_leaks=0"})

    def send(self, to, *words):
        return self.start("sender", "send", "-r", "--links", "--json", "--protocol",
                          "netcopy", "-j", 1, *words, self.place.source, harness.endpoint_of(to))

    def recorded(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def injected(self):
        return "INJECTED" in self.recorded()

    def injected_into_file(self):
        """The journal is a hint, checked before it is used: what fails there costs nothing."""
        return any("INJECTED" in line and ".journal>" not in line
                   for line in self.recorded().splitlines())


def record(words, side):
    """{call: (first, last)}: the numbers of each system call that are worth a trial."""
    with Place(words.folder) as place:
        make_source(place)
        run = Run(place, side, once=True)
        sender = run.send(run.service.address)
        if sender.wait() != 0 or run.service.wait() != 0:
            raise Broken(f"{sender.describe()}\n{run.service.describe()}")
        place.check_equal("recorded")
        harness.wait_until(lambda: "+++ exited" in run.recorded().rpartition("\n")[0][-200:]
                           or "+++ exited" in run.recorded()[-200:], 5, "the end of the record")
        return count_calls(run.recorded(), START[side])


def count_calls(text, start):
    """{call: (first, last)}; a number that the main thread reaches before `start` is no trial for
    the others either: it would strike there."""
    counts, before = {}, {}
    for line in text.splitlines():
        if match := CALL.match(line):
            thread, name = match[1], match[2]
            counts[thread, name] = counts.get((thread, name), 0) + 1
            if name == start and not before:
                before = {call: count for (one, call), count in counts.items() if one == thread}
    found = {}
    for (_, name), count in counts.items():
        first = before.get(name, 0) + 1
        if name not in PASSED_OVER and first <= count:
            found[name] = (first, max(found.get(name, (0, 0))[1], count))
    return found


def trials(words):
    """(side, call, number, what) of every trial, or of a sample. A call may be made once more or
    less from run to run: so that a seed means the same trials all the same, each has a rank of its
    own in the sample."""
    if words.trial:
        return [tuple(words.trial.split())]
    every = []
    for side in ("sender", "receiver"):
        for call, (first, last) in sorted(record(words, side).items()):
            for number in range(first, last + 1):
                every.append((side, call, number, "KILL"))
                for error in FAULTS[side].get(call, ()):
                    every.append((side, call, number, error))
            for error in FAULTS[side].get(call, ()):
                every.append((side, call, f"{first}+", error))
    return sorted(every, key=lambda each: rank(words.seed, each))[:words.count]


def rank(seed, each):
    return hashlib.sha256(f"{seed} {' '.join(map(str, each))}".encode()).digest()


def trial(place, side, call, number, what, tally):
    kind = "signal=KILL" if what == "KILL" else f"error={what}"
    run = Run(place, side, "-e", f"trace={call}", "-e", f"inject={call}:{kind}:when={number}")
    service = run.service
    if not run.listening:
        tally.add("before listening")
        place.done(service)
        return
    way = place.proxy(service.address)
    sender = run.send(way, "--retry", 3, "--timeout", 10)
    service = follow(place, run, sender, way) or service
    status = sender.wait(PATIENCE)
    tally.add("struck" if run.injected() or "killed by SIGKILL" in run.recorded()
              else "not reached")
    place.check_names("after the fault")
    place.check_word(sender, "after the fault", may_leave=call == "unlinkat" and what != "KILL")
    if ((side, status) == ("receiver", 0) and call in DURABLE and what != "KILL"
            and run.injected_into_file()):
        raise Broken(f"status 0 although {call} failed: {sender.describe()}")
    if what != "KILL":
        place.done(service)
    elif service is run.service and service.running:
        service.kill()  # by us: strace must not strike in the next run
    if not service.running:
        service = place.service()
        way.target = service.address
    again = place.run_sender(way)
    if again.wait() != 0:
        raise Broken(f"the next run fails: {again.describe()}\nthe first: {sender.describe()}")
    place.check_equal("at the end")
    place.done(*place.processes[:], way)


def follow(place, run, sender, way):
    """While the sender runs: a receiver that dies is followed by another, which is returned."""
    follower, end = None, time.monotonic() + PATIENCE
    while sender.running:
        if time.monotonic() > end:
            raise Broken(f"the sender does not end: {sender.describe()}")
        if not run.service.running and not follower:
            follower = place.service()
            way.target = follower.address
        time.sleep(0.005)
    if not run.service.running and not follower:
        follower = place.service()
        way.target = follower.address
    return follower


def main():
    words = options(__doc__, 1_000_000, 16,
                    [("--trial", 'one only, for instance "receiver fsync 2 EIO"')])
    tally = Tally(words, "fault")
    for each in trials(words):
        with Place(words.folder) as place:
            make_source(place)
            tally.add(each[0])
            tally.add("kills" if each[3] == "KILL" else "errors")
            tally.trial(" ".join(map(str, each)), lambda e=each: trial(place, *e, tally))
    tally.end()


if __name__ == "__main__":
    main()
