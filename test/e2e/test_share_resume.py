"""Uploads and downloads that break off: they go on where they stopped, by themselves and when they
are started again, and no wrong file ever has a name.

Bytes are counted by a proxy that lets the network hold at most 128 KiB, so that what counts as sent
twice is what the programs, and not the kernel's buffers, have lost.
"""

import os
import signal
import threading
import unittest

import proxy
import trees
from harness import random_bytes, wait_until
from sharing import SENT_TWICE, ShareCase

HOLD = 128 << 10
SIZE = 10 << 20
LINES = 10_000  # bytes that are no body


def whole(number=0):
    return proxy.Treatment(hold=HOLD, hold_down=HOLD)


class Uploads(ShareCase):

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE, 3)
        self.large = self.write("large", self.data)

    def assert_uploaded(self, way, breaks=1):
        self.assertLessEqual(way.sent, SIZE + breaks * SENT_TWICE + LINES)
        self.assertGreaterEqual(way.sent, SIZE)
        self.assert_files(self.shared, {"large": self.data})

    def test_cut_at_every_tenth_it_goes_on_by_itself(self):
        for tenth in range(10):
            with self.subTest(tenth=tenth):
                self.shared = self.folder / f"shared{tenth}"
                self.shared.mkdir()
                way = self.between(self.share(), self.cutting({1: tenth * SIZE // 10 + 2000}))
                self.upload("--force", "-j", 1, self.large, to=way)
                self.assertEqual((way.cuts, way.connections), (1, 2))
                self.assert_uploaded(way)

    @staticmethod
    def cutting(cuts):
        """Cuts connection n (1, 2, ...) after so many bytes upwards."""
        def treat(number):
            return proxy.Treatment(hold=HOLD, cut_up=cuts.get(number + 1), reset=number % 2 == 1)
        return treat

    def test_cut_ten_times_it_goes_on_ten_times(self):
        share = SIZE // 10
        way = self.between(self.share(), self.cutting({n: share + (1 << 20) for n in range(1, 9)}))
        self.upload("--force", "-j", 1, self.large, to=way)
        self.assertGreaterEqual(way.cuts, 5)
        self.assert_uploaded(way, way.cuts)

    def strike_at(self, server, half, strike):
        struck = threading.Event()

        def look(way):
            if not struck.is_set() and way.sent >= half:
                struck.set()
                strike()
        way = self.between(server, whole, look)
        way.struck = struck
        return way

    def test_the_next_one_goes_on_after_kill_9_of_the_first(self):
        server = self.share()
        way = self.strike_at(server, SIZE // 2, lambda: victim.kill())
        victim = self.start_client("upload", self.large, to=way)
        wait_until(way.struck.is_set, 30, "the kill")
        victim.wait()
        self.assertEqual(self.lying_in(self.shared), {})
        self.assertEqual(self.listed(server), [])
        self.upload(self.large, to=way)
        self.assert_uploaded(way)

    def test_it_goes_on_by_itself_after_kill_9_of_the_server_that_stores(self):
        first = self.share()

        def strike():
            first.kill()
            way.cut_all()
        way = self.strike_at(first, SIZE // 2, strike)
        run = self.start_client("upload", self.large, to=way)
        wait_until(way.struck.is_set, 30, "the kill")
        wait_until(lambda: not first.running, what="the end of the server")
        self.assertEqual(self.lying_in(self.shared), {})
        way.target = self.share().address
        self.assert_status(run, 0)
        self.assert_lines(run, "Success large")
        self.assert_uploaded(way)

    def test_an_interrupted_upload_is_130_and_the_next_one_goes_on(self):
        server = self.share()

        def strike():
            victim.signal(signal.SIGINT)
            victim.wait()
        way = self.strike_at(server, SIZE // 2, strike)
        victim = self.start_client("upload", self.large, to=way)
        self.assert_status(victim, 130)
        self.upload(self.large, to=way)
        self.assert_uploaded(way)

    def test_many_small_files_survive_a_server_that_is_killed(self):
        files = {f"file{number}": random_bytes(20_000 + number, number) for number in range(300)}
        paths = [self.write(name, data) for name, data in files.items()]
        first = self.share()

        def strike():
            first.kill()
            way.cut_all()
        way = self.strike_at(first, 2 << 20, strike)
        run = self.start_client("upload", *paths, to=way)
        wait_until(way.struck.is_set, 30, "the kill")
        wait_until(lambda: not first.running, what="the end of the server")
        there = self.lying_in(self.shared)
        self.assertEqual([n for n, data in there.items() if files[os.fsdecode(n)] != data], [])
        second = self.share()
        way.target = second.address
        self.assert_status(run, 0)
        self.assert_files(self.shared, files)
        self.wait_served(second, files)

    def test_when_nobody_comes_back_it_is_8_and_fail_is_said(self):
        first = self.share()
        way = self.strike_at(first, SIZE // 2, lambda: (first.kill(), way.cut_all()))
        run = self.start_client("upload", "--retry", 1, self.large, to=way)
        self.assert_status(run, (6, 8))
        self.assert_error(run, "lost the connection to")
        self.assertNotIn(b"Success", run.stdout)


class Downloads(ShareCase):

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE, 4)
        self.put("large", self.data)
        self.server = self.share()
        self.wait_served(self.server, {"large": self.data})

    def assert_downloaded(self, way, breaks=1):
        self.assertLessEqual(way.answered, SIZE + breaks * SENT_TWICE + LINES)
        self.assertGreaterEqual(way.answered, SIZE)
        self.assert_files(self.target, {"large": self.data})

    def test_cut_at_every_tenth_it_goes_on_by_itself(self):
        for tenth in range(10):
            with self.subTest(tenth=tenth):
                self.target = self.folder / f"target{tenth}"
                at = tenth * SIZE // 10 + 2000

                def treat(number, at=at):
                    return proxy.Treatment(hold_down=HOLD, cut_down=at if number == 0 else None)
                way = self.between(self.server, treat)
                self.download("-j", 1, "large", to=way)
                self.assertEqual((way.cuts, way.connections), (1, 2))
                self.assert_downloaded(way)

    def half_way(self, strike):
        """A proxy that calls strike() once, when half of the file has come down."""
        way = self.between(self.server, whole)

        def watch():
            wait_until(lambda: way.answered >= SIZE // 2, 30, "half of the file")
            strike()
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        self.addCleanup(watcher.join, 30)
        way.watcher = watcher
        return way

    def test_the_next_one_goes_on_after_kill_9_of_the_first(self):
        way = self.half_way(lambda: victim.kill())
        victim = self.start_client("download", "-o", self.target, "--bwlimit", "8M", "large",
                                   to=way)
        victim.wait()
        way.watcher.join(30)
        self.assertEqual(self.lying_in(self.target), {})
        self.download("large", to=way)
        self.assert_downloaded(way)

    def test_it_goes_on_by_itself_after_kill_9_of_the_server(self):
        def strike():
            self.server.kill()
            way.cut_all()
        way = self.half_way(strike)
        run = self.start_client("download", "-o", self.target, "--bwlimit", "8M", "large", to=way)
        way.watcher.join(30)
        wait_until(lambda: not self.server.running, what="the end of the server")
        again = self.share()
        self.wait_served(again, {"large": self.data})
        way.target = again.address
        self.assert_status(run, 0)
        self.assert_downloaded(way)

    def test_an_interrupted_download_is_143_and_the_next_one_goes_on(self):
        way = self.half_way(lambda: victim.signal(signal.SIGTERM))
        victim = self.start_client("download", "-o", self.target, "--bwlimit", "8M", "large",
                                   to=way)
        self.assert_status(victim, 143)
        self.assertEqual(self.lying_in(self.target), {})
        self.assertTrue(trees.temporaries(self.target))
        self.download("large", to=way)
        self.assert_downloaded(way)

    def test_when_nobody_comes_back_it_is_8_and_nothing_has_a_name(self):
        way = self.half_way(lambda: (self.server.kill(), way.cut_all()))
        run = self.start_client("download", "-o", self.target, "--retry", 1, "--bwlimit", "8M",
                                "large", to=way)
        self.assert_status(run, (6, 8))
        self.assert_error(run, "lost the connection to")
        self.assertEqual(self.lying_in(self.target), {})

    def test_flipped_bits_never_get_a_name(self):
        for at in (5_000, SIZE // 2, SIZE - 100):
            with self.subTest(at=at):
                self.target = self.folder / f"flip{at}"

                def treat(number, at=at):
                    return proxy.Treatment(flip_down={at: 1} if number == 0 else None)
                way = self.between(self.server, treat)
                run = self.start_client("download", "-o", self.target, "-j", 1, "large", to=way)
                self.assertIn(run.wait(60), (0, 4, 8))
                if run.wait() == 0:
                    self.assert_files(self.target, {"large": self.data})
                else:
                    self.assertEqual(self.lying_in(self.target), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
