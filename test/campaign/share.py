#!/usr/bin/env python3
"""50 clients of one share that upload, list and download at random, by either protocol, while others
copy files into the folder by hand; every file is checked, on the way and at the end.

The invariants:
- what lies in the folder is one of the files that somebody gave, whole; all that were confirmed lie
  there, and nothing is in the making when all is over;
- whatever is listed has the id and size of such a file; the list at the end is the folder;
- each download that is confirmed holds the bytes of its id, and what was listed can be downloaded.

--count is the number of seconds.
"""

import os
import random
import subprocess
import threading
import time
from hashlib import md5

from common import Broken, Place, Tally, harness, options, trees

from sharing import read_list  # noqa: E402  (common has set the path)

CLIENTS = 50
NAMES = 60  # few enough that many clients want the same one
SIZES = [0, 1, 1000, 16_384, 65_537, 300_000, 1_200_000]


class Client(threading.Thread):
    """One of the clients: a sequence of commands that its seed decides."""

    def __init__(self, campaign, number):
        super().__init__(daemon=True, name=f"client {number}")
        self.campaign = campaign
        self.numbers = random.Random(f"{campaign.words.seed} {number}")
        self.folder = campaign.place.folder / f"client{number}"
        self.folder.mkdir()
        self.error = None
        self.done = {}

    def run(self):
        try:
            while time.monotonic() < self.campaign.end and not self.campaign.broken:
                work = self.numbers.choice([self.upload, self.upload, self.list, self.download,
                                            self.download, self.copy_in])
                work()
                self.done[work.__name__] = self.done.get(work.__name__, 0) + 1
        except (Broken, OSError, subprocess.TimeoutExpired) as error:
            self.error = error
            self.campaign.broken = True

    def netcopy(self, *words):
        """(status, stdout, the whole story); by the seed's protocol once in a while."""
        protocol = self.numbers.choice(["netcopy", "netcopy", "netcopy", "seed"])
        command = [self.campaign.words.netcopy, *map(str, words), self.campaign.endpoint,
                   "--protocol", protocol, "--retry", "3"]
        run = subprocess.run(command, capture_output=True, timeout=120, check=False,
                             env=harness.clean_environment())
        return run.returncode, run.stdout, f"{command}: {run.returncode} {run.stdout[-500:]!r} " \
                                           f"{run.stderr[-1000:]!r}"

    def new_file(self):
        """A file of our own; its name is one that others use as well."""
        data = self.numbers.randbytes(self.numbers.choice(SIZES))
        path = self.folder / f"name {self.numbers.randrange(NAMES)}.bin"
        path.write_bytes(data)
        return path, self.campaign.give(data)

    def upload(self):
        path, number = self.new_file()
        status, stdout, story = self.netcopy("upload", path)
        if (status, stdout) != (0, b"Success " + os.fsencode(path.name) + b"\n"):
            raise Broken(f"an upload failed: {story}")
        self.campaign.confirm(number)

    def copy_in(self):
        path, number = self.new_file()
        # Under a name of its own: what is replaced is not listed until it is hashed again.
        os.rename(path, self.campaign.shared / f"by hand {self.name} {time.monotonic_ns()}")
        self.campaign.confirm(number)

    def list(self):
        status, stdout, story = self.netcopy("list")
        if status != 0:
            raise Broken(f"a list failed: {story}")
        found = read_list(stdout)
        for line in found:
            if self.campaign.given.get(line.id) != line.size:
                raise Broken(f"listed, but nobody gave it: {line}")
        return found

    def download(self):
        found = self.list()
        if not found:
            return
        line = self.numbers.choice(found)
        target = self.folder / "target"
        words = self.numbers.choice([(line.id,), (line.id[:20],), (line.id, "-j", 2)])
        status, _, story = self.netcopy("download", "-o", target, "--overwrite", "always", *words)
        if status != 0:
            raise Broken(f"a download failed: {story}")
        path, = target.iterdir()
        if md5(path.read_bytes()).hexdigest() != line.id:
            raise Broken(f"a download holds other bytes: {story}")
        path.unlink()


class Campaign:

    def __init__(self, words, place, seconds):
        self.words, self.place = words, place
        self.shared = place.folder / "shared"
        self.shared.mkdir()
        self.server = place.start("share", self.shared, "--listen", "127.0.0.1:0")
        self.server.listening()
        self.endpoint = self.server.endpoint
        self.end = time.monotonic() + seconds
        self.given, self.confirmed = {}, set()  # id -> size
        self.lock = threading.Lock()
        self.broken = False

    def give(self, data):
        number = md5(data).hexdigest()
        with self.lock:
            self.given[number] = len(data)
        return number

    def confirm(self, number):
        with self.lock:
            self.confirmed.add(number)

    def run(self, tally):
        clients = [Client(self, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        for client in clients:
            for what, count in client.done.items():
                tally.add(what, count)
        errors = [str(client.error) for client in clients if client.error]
        if errors:
            raise Broken("; ".join(errors[:3]) + f"; the server: {self.server.describe()}")
        self.check()
        tally.add("files", len(self.confirmed))

    def check(self):
        found = {}
        for path in self.shared.iterdir():
            if trees.TEMPORARY.fullmatch(os.fsencode(path.name)):
                raise Broken(f"{path.name} is left")
            if path.is_file():
                data = path.read_bytes()
                found[os.fsencode(path.name)] = (md5(data).hexdigest(), len(data))
        wrong = [name for name, (number, _) in found.items() if number not in self.given]
        if wrong:
            raise Broken(f"in the folder, but nobody gave it: {wrong[:5]}")
        missing = self.confirmed - {number for number, _ in found.values()}
        if missing:
            raise Broken(f"confirmed, but not there: {sorted(missing)[:5]}")
        self.wait_listed(found)
        if not self.server.running:
            raise Broken(f"the server has ended: {self.server.describe()}")

    def wait_listed(self, found):
        """The last files that were copied in by hand may still be hashed."""
        limit = time.monotonic() + 30
        while True:
            run = subprocess.run([self.words.netcopy, "list", self.endpoint], capture_output=True,
                                 timeout=60, check=False, env=harness.clean_environment())
            listed = {line.name: (line.id, line.size) for line in read_list(run.stdout)}
            if listed == found:
                return
            if time.monotonic() > limit:
                wrong = sorted(set(listed.items()) ^ set(found.items()))
                raise Broken(f"the list is not the folder: {wrong[:5]}, {run.stderr!r}")
            time.sleep(0.1)


def main():
    words = options(__doc__, 60, 3)
    tally = Tally(words, "share")

    def trial():
        with Place(words.folder) as place:
            Campaign(words, place, words.count).run(tally)
    tally.trial(f"{CLIENTS} clients for {words.count} s", trial)
    tally.end()


if __name__ == "__main__":
    main()
