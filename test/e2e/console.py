"""Runs the `console` blocks of the documents and compares what is printed with what stands there.

A line `NAME$ COMMAND` is typed in a terminal called NAME, `$ COMMAND` in one without a name; each
terminal has a folder of its own, and the lines that follow are what that command prints. Servers
stay while the other terminals go on, and are stopped at the end of the block. `echo $?` tells the
exit status of the command before. The terminals that send find SOURCES in their folders.

The documents speak of three machines and of fixed ports. Here they are one machine and free ports:
addresses and ports are translated on the way in and out.
"""

import os
import random
import re
import signal

from harness import Process, binary, random_bytes, wait_until

PROMPT = re.compile(r"([a-z]*)\$ (.*)")
SENDERS = ("sender", "")  # terminals that have the files to send
SOURCES = {"big.iso": random.Random(7).randbytes(1_000_000),
           "photos/one.jpg": random_bytes(3000, 1), "photos/two.jpg": random_bytes(4000, 2)}
SERVERS = re.compile(r"(\./)?(netcopy (checksum-server|receive|share)|checksum_srv|netcopy_srv)\b")
# What the documents use: checksum server, receiver, service, share.
PORTS = ("9000", "5000", "5001", "9999")
MACHINES = re.compile(r"\b(10\.0\.0\.\d|0\.0\.0\.0)\b")
PLAIN = re.compile(r"netcopy [^|&;<>]*|\./[^|&;<>]*")  # one program, no work for the shell


class Step:
    """One command with the lines that should follow it."""

    def __init__(self, terminal, command):
        self.terminal = terminal
        self.command = command
        self.expected = []


def parse_block(text):
    steps = []
    for line in text.splitlines():
        match = PROMPT.fullmatch(line)
        if match:
            steps.append(Step(*match.groups()))
        elif steps:
            steps[-1].expected.append(line)
        else:
            raise AssertionError(f"a console block begins without a command: {line}")
    return steps


def comparable(line):
    """`line` without what differs from run to run."""
    line = re.sub(r'"(seconds|rate)":[-+.0-9E]+', r'"\1":N', line)
    line = re.sub(r" in [0-9:]+( \([0-9.]+ [KMGT]?i?B/s\))?", " in T", line)
    line = MACHINES.sub("127.0.0.1", line)
    ports = "|".join(PORTS)
    return re.sub(rf"127\.0\.0\.1:(?!({ports})\b)\d+", "PEER", line)


class Terminal:
    def __init__(self, folder):
        self.folder = folder
        self.step = None
        self.process = None

    def output(self):
        text = self.process.stdout.decode()
        # How fast it goes differs, and so do the lines that tell it.
        progress = r"('.*': [0-9.]+ ([KMGT]i)?B( in | of |, )|\d+/\d+\+? files, ).*"
        return [line for line in text.splitlines() if not re.fullmatch(progress, line)]


class Console:
    """The terminals of one block."""

    def __init__(self, case):
        self.case = case
        self.terminals = {}
        self.ports = {}  # of the documents -> real

    def run(self, block):
        for step in parse_block(block):
            self.type(step)
        for terminal in self.terminals.values():
            self.end(terminal)

    def terminal(self, name):
        if name not in self.terminals:
            folder = self.case.folder / f"at-{name}"
            folder.mkdir()
            self.terminals[name] = Terminal(folder)
            for path, data in SOURCES.items() if name in SENDERS else ():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_bytes(data)
        return self.terminals[name]

    def type(self, step):
        terminal = self.terminal(step.terminal)
        if step.command == "echo $?":
            step.expected = [f"status {line}" for line in step.expected]
            self.case.assertEqual([f"status {terminal.process.wait()}"], step.expected)
            return
        if terminal.process:
            self.end(terminal)
        terminal.step = step
        command = MACHINES.sub("127.0.0.1", step.command)
        for port in PORTS:
            command = re.sub(rf"\b{port}\b", str(self.ports.get(port, 0)), command)
        plain = "exec " if PLAIN.fullmatch(command) else ""
        terminal.process = self.case.start(
            "-o", "pipefail", "-c", f"exec 2>&1; {plain}{command}", executable="/bin/bash",
            folder=terminal.folder, environment={"PATH": f"{self.path()}:{os.environ['PATH']}"})
        if SERVERS.match(step.command):
            self.learn_port(terminal)
        else:
            terminal.process.wait()

    def path(self):
        """A folder where the program under test is `netcopy`."""
        folder = self.case.folder / "path"
        if not folder.exists():
            folder.mkdir()
            (folder / "netcopy").symlink_to(binary())
        return folder

    def learn_port(self, terminal):
        process = terminal.process
        wait_until(lambda: b"\n" in process.stdout or not process.running,
                   what="the listening line")
        found = re.search(rb": listening on \S+:(\d+)\n", process.stdout)
        if not found:
            raise AssertionError(f"no server: {process.describe()}")
        wanted = [port for port in PORTS if re.search(rf"\b{port}\b", terminal.step.expected[0])]
        self.ports[wanted[0]] = int(found[1])

    def end(self, terminal):
        """Waits for the command to have printed what it should, stops it if it stays, compares."""
        process, step = terminal.process, terminal.step
        wait_until(lambda: not process.running or len(terminal.output()) >= len(step.expected),
                   what=f"the output of: {step.command}")
        # The service stays, too: a receiver that does not know the checksum server (port 9000).
        service = "receive" in step.command and "9000" not in step.command
        stays = (service or "netcopy share" in step.command or "checksum" in step.command.split(" --")[0]
                 or "--keep-running" in step.command) and "--once" not in step.command
        if SERVERS.match(step.command) and stays and process.running:
            process.signal(signal.SIGTERM)
        process.wait()
        lines = terminal.output()
        for port, real in self.ports.items():
            lines = [re.sub(rf"(127\.0\.0\.1:|\"port\":){real}\b", rf"\g<1>{port}", line)
                     for line in lines]
        if stays and "--json" in step.command:
            lines = [line for line in lines if '"event":"end"' not in line]
        self.case.assertEqual([comparable(line) for line in lines],
                              [comparable(line) for line in step.expected], step.command)
