"""A file server in a flood of forged packets (test/bench/flood.cpp): honest downloads go on, and
nobody is sent more than came from there.

The flood's program comes from the environment variable NETCOPY_FLOOD; without it, the one in the
folder test beside NETCOPY's.
"""

import json
import os
import pathlib
import subprocess
import unittest

from fetching import FetchCase
from harness import binary, endpoint_of, random_bytes, wait_until


def flood_program():
    beside = pathlib.Path(binary()).parent.parent / "test/netcopy_flood"
    return os.environ.get("NETCOPY_FLOOD", str(beside))


class Flood(FetchCase):

    MOST_MEMORY = 128 << 20     # bytes; what a server without clients needs, and its socket buffers

    def start_flood(self, server, name):
        flood = subprocess.Popen([flood_program(), endpoint_of(server), "60", name],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(flood.wait)
        self.addCleanup(flood.kill)
        return flood

    def memory(self, server):
        """Bytes that are resident."""
        with open(f"/proc/{server.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_honest_downloads_go_on_in_a_flood_of_forged_packets(self):
        data = {"one": random_bytes(8 << 20, 1), "two": random_bytes(4 << 20, 2)}
        server = self.offer(data)
        flood = self.start_flood(server, "one")
        before = self.cpu_seconds(server)
        # It has arrived when it costs the server something.
        wait_until(lambda: self.cpu_seconds(server) > before + 0.1, what="the flood")
        self.fetch("one", "two", deadline=60)
        self.assertIsNone(flood.poll(), "the flood ended before the downloads did")
        self.assertLess(self.memory(server), self.MOST_MEMORY)
        flood.terminate()
        counts = json.loads(flood.communicate(timeout=20)[0])
        self.assert_files(self.target, data)
        self.assertGreater(counts["sent"], 5000, counts)
        self.assertGreater(counts["answers"], 0, counts)
        self.assertLessEqual(counts["answer_bytes"], counts["sent_bytes"], counts)
        self.assertTrue(server.running, server.describe())

    def cpu_seconds(self, server):
        with open(f"/proc/{server.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
