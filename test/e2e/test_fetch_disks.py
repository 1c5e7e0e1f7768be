"""fetch to disks that are full."""

import os
import subprocess
import unittest

from fetching import FetchCase
from harness import random_bytes


class Disks(FetchCase):

    def mount_target(self, size):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a tmpfs")
        self.target.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.target],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.target], check=True)

    def test_a_file_that_does_not_fit_is_11_and_the_others_come(self):
        self.mount_target("2m")
        self.offer({"large": random_bytes(4 << 20, 1), "small": b"x"})
        run = self.fetch("--all", status=3)
        self.assert_error(run, "'", "large", "No space left")
        self.assert_files(self.target, {"small": b"x"})

    def test_a_disk_that_fills_up_is_11_and_what_came_can_be_gone_on_with(self):
        self.mount_target("8m")
        data = random_bytes(6 << 20, 1)
        self.offer({"large": data})
        filler = self.target / "filler"
        filler.write_bytes(bytes(4 << 20))
        run = self.fetch("large", status=11)
        self.assert_error(run, "large", "No space left")
        os.unlink(filler)
        self.fetch("large")
        self.assert_files(self.target, {"large": data})


if __name__ == "__main__":
    unittest.main(verbosity=2)
