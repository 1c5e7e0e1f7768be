"""Progress of share and its clients on a terminal."""

import os
import re
import signal
import unittest

from harness import random_bytes, wait_until
from sharing import ShareCase
from test_progress import Terminal


class Progress(ShareCase):

    def on_terminal(self, *words):
        terminal = Terminal(words, {"NETCOPY_PROTOCOL": "netcopy"})
        self.addCleanup(terminal.end)
        return terminal

    def wait_shown(self, terminal, *patterns):
        wait_until(lambda: all(re.search(p, terminal.shown) for p in patterns), 25,
                   f"all of {patterns}")

    def test_a_share_shows_a_bar_while_it_hashes(self):
        with open(self.shared / "large", "wb") as file:
            file.truncate(64 << 30)  # a hole: nothing but work
        share = self.on_terminal("share", self.shared, "--listen", "127.0.0.1:0")
        self.wait_shown(share, rb"listening on", rb"hashing", rb"[KMG]iB/s", rb"\r|\x1b\[")
        share._process.send_signal(signal.SIGTERM)
        self.assertEqual(share.wait(), 143)

    def test_quiet_shows_no_bar(self):
        with open(self.shared / "large", "wb") as file:
            file.truncate(64 << 30)
        share = self.on_terminal("share", "-q", self.shared, "--listen", "127.0.0.1:0")
        self.wait_shown(share, rb"listening on")
        port = int(re.search(rb":(\d+)\r?\n", share.shown)[1])
        for _ in range(5):
            self.served(f"127.0.0.1:{port}")
        self.assertNotIn(b"hashing", share.shown)
        share._process.send_signal(signal.SIGTERM)
        self.assertEqual(share.wait(), 143)

    def test_uploads_and_downloads_show_a_bar_and_a_summary(self):
        data = random_bytes(6 << 20, 1)
        path = self.write("large", data)
        server = self.share()
        for words in (("upload", path), ("download", "-o", self.target, "large")):
            with self.subTest(words=words[0]):
                client = self.on_terminal(*words, server.endpoint, "--bwlimit", "3M")
                self.wait_shown(client, rb"large", rb"\d+ ?%", rb"[KMG]iB/s")
                self.assertEqual(client.wait(), 0)
                self.assertIn(b"netcopy %s: 1 file, 6 MiB in " % words[0].encode(), client.shown)
        self.assertTrue(os.path.exists(self.target / "large"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
