#!/usr/bin/env python3
"""Fetches from one to three file servers, while the master, a server or the client is killed, hangs for
a while, or is started again, at random moments; then it goes on.

The invariants:
- whatever lies under a final name is the file that was offered, whole, at any time;
- exit status 0 comes only when every file is there;
- once nothing is disturbed any more, a fetch brings everything, and leaves nothing in the making.
"""

import os
import random
import signal
import time

from common import Broken, Place, Tally, harness, options, trees

BLOWS = ("kill server", "restart server", "hang server", "kill client", "kill master",
         "restart master", "hang client", "stop server")
SIZES = [0, 1, 1200, 70_000, 300_000, 1 << 20, 3 << 20, 6 << 20]


class Trial:

    def __init__(self, words, number):
        self.numbers = random.Random(f"{words.seed} {number}")
        self.servers = self.numbers.choice([1, 2, 2, 3])
        self.blows = [(self.numbers.choice(BLOWS), self.numbers.random() * 0.6,
                       self.numbers.randrange(self.servers))
                      for _ in range(self.numbers.choice([1, 1, 2, 3]))]
        self.rate = self.numbers.choice(["2M", "8M", "0"])
        self.place = Place(words.folder)
        self.running = {}

    def describe(self):
        return f"{self.servers} servers at {self.rate}: " + ", ".join(
            f"{what} {which} after {after:.3f} s" for what, after, which in self.blows)

    def start_master(self):
        listen = self.running["master"].endpoint if "master" in self.running else "127.0.0.1:0"
        self.running["master"] = self.place.start("master-server", "--listen", listen)
        self.running["master"].listening()

    def start_server(self, which):
        before = self.running.get(which)
        # The same port again, or another one.
        listen = before.endpoint if before and self.numbers.random() < 0.5 else "127.0.0.1:0"
        self.running[which] = self.place.start(
            "file-server", self.folders[which], "--master", self.running["master"].endpoint,
            "--listen", listen, "--bwlimit", self.rate)
        self.running[which].listening()

    def start_client(self):
        return self.place.start("fetch", "--all", "--master", self.running["master"].endpoint,
                                "-o", self.place.target, "--timeout", "2", "--connect-timeout", "1",
                                "--retry", "2", "-j", str(self.numbers.choice([1, 2, 4])))

    def run(self, tally):
        with self.place as place:
            self.make_files()
            self.start_master()
            for which in range(self.servers):
                self.start_server(which)
            self.wait_known()
            client = self.start_client()
            for what, after, which in self.blows:
                time.sleep(after)
                tally.add(what)
                self.strike(what, which, client)
                self.check_names(f"after {what}")
            self.judge(client)
            self.recover()
            self.wait_known()
            last = self.start_client()
            if last.wait(60) != 0:
                raise Broken(f"undisturbed, and fails: {last.describe()}\nthe first: "
                             f"{client.describe()}")
            self.check_names("at the end")
            self.check_all("at the end")
            left = trees.temporaries(place.target)
            if left:
                raise Broken(f"left in the making: {left}")

    def make_files(self):
        count = self.numbers.randrange(2, 6)
        self.files = {f"file{i}": self.numbers.randbytes(self.numbers.choice(SIZES))
                      for i in range(count)}
        self.folders = []
        for which in range(self.servers):
            folder = self.place.folder / f"served{which}"
            folder.mkdir()
            self.folders.append(folder)
            for name, data in self.files.items():
                (folder / name).write_bytes(data)

    def wait_known(self):
        def known():
            run = self.place.start("list", "--master", self.running["master"].endpoint, "--json")
            run.wait()
            listed = {event["name"] for event in run.events if event["event"] == "file"}
            self.place.done(run)
            return listed >= set(self.files)
        harness.wait_until(known, 30, "the catalogue")

    def strike(self, what, which, client):
        deed, whom = what.split()
        victim = {"server": self.running[which], "client": client,
                  "master": self.running["master"]}[whom]
        if not victim.running:
            return
        if deed == "hang":
            victim.signal(signal.SIGSTOP)
            time.sleep(self.numbers.random() * 3)
            victim.signal(signal.SIGCONT)
        elif deed == "stop":
            victim.signal(signal.SIGTERM)
        else:
            victim.kill()
        if deed == "restart":
            self.start_master() if whom == "master" else self.start_server(which)

    def judge(self, client):
        status = client.wait(90)
        if status not in (0, 3, 6, 7, 8, 9, -9):
            raise Broken(f"an unexpected end: {client.describe()}")
        self.check_names("after the blows")
        if status == 0:
            self.check_all("status 0")

    def recover(self):
        if not self.running["master"].running:
            self.start_master()
        for which in range(self.servers):
            if not self.running[which].running:
                self.start_server(which)

    def check_names(self, when):
        if not self.place.target.exists():
            return
        for name in os.listdir(self.place.target):
            if trees.TEMPORARY.fullmatch(os.fsencode(name)):
                continue
            data = (self.place.target / name).read_bytes()
            if self.files.get(name) != data:
                raise Broken(f"{when}: {name} holds {len(data)} other bytes")

    def check_all(self, when):
        missing = set(self.files) - set(os.listdir(self.place.target))
        if missing:
            raise Broken(f"{when}: missing {missing}")


def main():
    words = options(__doc__, 200, 6)
    tally = Tally(words, "fetch")
    for number in range(words.count):
        trial = Trial(words, number)
        tally.trial(f"trial {number}: {trial.describe()}", lambda t=trial: t.run(tally))
    tally.end()


if __name__ == "__main__":
    main()
