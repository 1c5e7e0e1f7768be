"""A seeded sample of each campaign (test/campaign). The seed is printed with a failure and repeats
it; NETCOPY_SEED sets it."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from harness import SLOWNESS, binary, seconds

CAMPAIGNS = Path(__file__).resolve().parent.parent / "campaign"
SEED = os.environ.get("NETCOPY_SEED") or "7"


class Campaigns(unittest.TestCase):

    def run_sample(self, name, count):
        """`count` trials; fewer where a sanitizer makes each of them slow."""
        count = max(int(count / min(SLOWNESS, 3)), 1)
        run = subprocess.run([sys.executable, CAMPAIGNS / f"{name}.py", "--netcopy", binary(),
                              "--seed", SEED, "--count", str(count)], capture_output=True,
                             text=True, timeout=seconds(120), check=False)
        self.assertEqual(run.returncode, 0, run.stdout[-4000:] + run.stderr[-4000:])
        self.assertIn(" 0 failures;", run.stdout)

    def test_cut(self):
        self.run_sample("cut", 12)

    def test_kill(self):
        self.run_sample("kill", 9)

    def test_flip(self):
        self.run_sample("flip", 40)

    def test_share(self):
        self.run_sample("share", 6)  # seconds

    def test_fetch(self):
        self.run_sample("fetch", 5)

    def test_fault(self):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        self.run_sample("fault", 16)


if __name__ == "__main__":
    unittest.main(verbosity=2)
