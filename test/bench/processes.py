"""Child processes: started, awaited by event, measured by wait4, stopped by pid."""

import dataclasses
import os
import queue
import resource
import select
import signal
import subprocess
import threading
import time

# A child begins with the parent's peak in ru_maxrss (Linux keeps it across exec), so a smaller
# peak than our own cannot be read there. VmHWM, sampled while the child runs, can.
SAMPLE_SECONDS = 0.02


class Failure(Exception):
    """Something that had to work did not: a transfer, a request, a start."""


@dataclasses.dataclass
class Usage:
    """What a finished process and the children it awaited used."""
    status: int         # exit status, negative for a signal
    ended: float        # time.monotonic()
    cpu: float          # seconds, user and system
    peak_kib: int       # peak resident memory of the largest of them


def status_kib(pid: int, field: str) -> int:
    """A memory field (VmRSS, VmHWM) of a live process in KiB; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system seconds that a live process has used so far (in ticks of 10 ms)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_cpu_seconds() -> float:
    """Seconds that all processors together have been busy since the start, whoever it was for."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class Process:
    """One child. Its output is drained by threads, so it never blocks on a full pipe."""

    def __init__(self, argv: list[str]) -> None:
        self.argv = argv
        self.usage: Usage | None = None
        self.output = {"stdout": "", "stderr": ""}
        self.error_lines: queue.Queue[str | None] = queue.Queue()
        self._peak_kib = 0
        self._child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace")
        self.pid = self._child.pid
        self.pidfd = os.pidfd_open(self.pid)
        self._drains = [threading.Thread(target=self._drain, args=(name,), daemon=True)
                        for name in self.output]
        for drain in self._drains:
            drain.start()

    def _drain(self, name: str) -> None:
        for line in getattr(self._child, name):
            self.output[name] += line
            if name == "stderr":
                self.error_lines.put(line)
        if name == "stderr":
            self.error_lines.put(None)

    def wait_for_line(self, text: str, seconds: float = 10) -> str:
        """The first line on stderr that contains `text`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.error_lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                raise Failure(f"{self.describe()}: no line with '{text}'")
            if text in line:
                return line

    def sample(self) -> None:
        self._peak_kib = max(self._peak_kib, status_kib(self.pid, "VmHWM"))

    def reap(self) -> Usage:
        """Waits without a limit; call it once the pidfd is readable."""
        if self.usage is None:
            _, status, used = os.wait4(self.pid, 0)
            ended = time.monotonic()
            self._child.returncode = os.waitstatus_to_exitcode(status)
            own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            peak = used.ru_maxrss if used.ru_maxrss > own_peak else self._peak_kib
            self.usage = Usage(self._child.returncode, ended, used.ru_utime + used.ru_stime, peak)
            os.close(self.pidfd)
            for drain in self._drains:
                drain.join(timeout=5)
            self._child.stdout.close()
            self._child.stderr.close()
        return self.usage

    def stop(self, sign: int = signal.SIGTERM) -> Usage:
        """Ends the process if it still runs: politely, after 10 seconds by SIGKILL."""
        if self.usage is None:
            signal.pidfd_send_signal(self.pidfd, sign)
            if not select.select([self.pidfd], [], [], 10)[0]:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        return self.reap()

    def describe(self) -> str:
        status = "running" if self.usage is None else f"status {self.usage.status}"
        said = (self.output["stderr"] + self.output["stdout"]).strip()[-300:]
        return f"{' '.join(self.argv)} ({status}): {said}"


def wait_all(processes: list[Process], seconds: float) -> None:
    """Waits until all have ended; stops them all and raises Failure after `seconds`."""
    deadline = time.monotonic() + seconds
    running = list(processes)
    while running:
        ready = select.select([p.pidfd for p in running], [], [], SAMPLE_SECONDS)[0]
        for process in [p for p in running if p.pidfd in ready]:
            running.remove(process)
            process.reap()
        for process in running:
            process.sample()
        if running and time.monotonic() > deadline:
            for process in running:
                process.stop(signal.SIGKILL)
            raise Failure(f"not finished after {seconds:.0f} s: {running[0].describe()}")
