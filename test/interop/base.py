"""Joins the end-to-end harness to the peers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import Case, random_bytes  # noqa: E402

DATA = random_bytes(300_000, seed=7)


class InteropCase(Case):

    def peer(self, kind, *arguments, **habits):
        """Starts a serving peer and stops it after the test."""
        peer = kind(*arguments, **habits)
        self.addCleanup(peer.stop)
        return peer

    def assert_no_offence(self, peer):
        self.assertEqual(peer.offences, [])
