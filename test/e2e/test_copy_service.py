"""The service: many senders, --once, signals on both sides, logs, memory."""

import os
import re
import signal
import threading
import time
import unittest

import proxy
import raw
import trees
from copying import CopyCase, PeakMemory, peak_memory
from harness import SLOWNESS, random_bytes, seconds, wait_until

MOST_MEMORY = 48 << 10  # KiB, each side
SIGNALS = ((signal.SIGTERM, 143), (signal.SIGINT, 130))


class Many(CopyCase):

    def test_two_hundred_senders_at_once(self):
        """With a sanitizer it is forty: two hundred would take minutes."""
        count = 200 if SLOWNESS == 1 else 40
        service = self.service()
        senders = []
        for number in range(count):
            path = self.write(f"from{number}", random_bytes(20_000 + number, number + 1))
            senders.append(self.start_copy(path, "-j", 1, to=service))
        for sender in senders:
            self.assertEqual(sender.wait(120), 0, sender.describe())
        self.assert_copied(target=self.target, folders=False)
        self.assertTrue(service.running)

    def test_many_senders_with_the_same_tree_leave_one_whole_tree(self):
        trees.small_tree(self.source, files=60, large=1)
        service = self.service()
        senders = [self.start_copy("-r", self.source, to=service) for _ in range(6)]
        for sender in senders:
            self.assertIn(sender.wait(120), (0, 3, 9), sender.describe())
        self.copy("-r", self.source, to=service)
        self.assert_copied()
        self.assert_no_temporaries()

    def test_network_threads_serve_many_senders_too(self):
        service = self.service("--threads", 2)
        senders = []
        for number in range(16):
            path = self.write(f"from{number}", random_bytes(300_000, number + 1))
            senders.append(self.start_copy(path, to=service))
        for sender in senders:
            self.assertEqual(sender.wait(60), 0, sender.describe())
        self.assert_copied(target=self.target, folders=False)

    def test_one_connection_too_many_is_no_end_of_the_others(self):
        service = self.service("--max-connections", 2)
        holders = [raw.connect(service.address) for _ in range(2)]
        for holder in holders:
            self.addCleanup(holder.close)
        with raw.connect(service.address) as third:
            self.assertEqual(raw.ends(third), "reset")
        for holder in holders:
            holder.close()
        path = self.write("file", b"x")
        self.copy(path, "--retry", 5, to=service)
        self.assert_folder(self.target, {"file": b"x"})


class Once(CopyCase):

    def test_it_ends_after_the_first_client(self):
        service = self.service("--once")
        trees.small_tree(self.source, large=2)
        self.copy("-r", "-j", 4, self.source, to=service)
        self.assert_status(service, 0)
        self.assertEqual(service.stdout, b"")
        self.assert_copied()

    def test_a_client_whose_file_was_refused_was_a_client(self):
        trees.put(f"{self.target}/file", b"another")
        service = self.service("--once")
        self.copy(self.write("file", b"mine"), to=service, status=9)
        service.wait()

    def test_it_waits_for_a_client_that_comes_back_after_a_break(self):
        path = self.write_large()
        service = self.service("--once")
        way = self.between(service, lambda number: proxy.Treatment(
            cut_up=3 << 20 if number == 0 else None, hold=1 << 18))
        self.copy("-j", 1, path, to=way)
        self.assert_folder(self.target, {"large": random_bytes(8 << 20, 3)})
        self.assert_status(service, 0)


class Signals(CopyCase):

    def held(self, *options):
        """A service and a sender in the middle of a file, on a slow link."""
        path = self.write_large(size=6 << 20)
        service = self.service(*options)
        way = self.between(service, lambda number: proxy.Treatment(rate=4 << 20, hold=1 << 18))
        sender = self.start_copy("-j", 1, path, to=way)
        wait_until(lambda: way.sniffer.body_bytes() > 1 << 20, what="the middle of the file")
        return service, sender

    def test_an_idle_service_ends_with_the_status_of_the_signal(self):
        for number, status in SIGNALS:
            service = self.service()
            service.signal(number)
            self.assert_verdict(service, b"", status)

    def test_the_first_signal_lets_the_receiver_finish_the_file(self):
        for number, status in SIGNALS:
            with self.subTest(status=status):
                self.target = self.folder / f"target{status}"
                service, sender = self.held()
                service.signal(number)
                wait_until(lambda: not raw.listens(service.address), what="no listening socket")
                self.assert_status(service, status)
                self.assert_folder(self.target, {"large": random_bytes(6 << 20, 3)})
                sender.signal(signal.SIGTERM)  # it may still be looking for the receiver
                self.assertIn(sender.wait(), (0, 8, 6, 143), sender.describe())

    def test_the_second_signal_stops_the_receiver_at_once_and_keeps_what_is_there(self):
        service, sender = self.held()
        service.signal(signal.SIGTERM)
        wait_until(lambda: not raw.listens(service.address), what="no listening socket")
        service.signal(signal.SIGTERM)
        start = time.monotonic()
        self.assert_status(service, 143)
        self.assertLess(raw.elapsed(start), seconds(2))
        sender.signal(signal.SIGTERM)
        sender.wait()
        self.assertFalse((self.target / "large").exists())
        way = self.between(self.service())
        self.copy(self.source / "large", to=way)
        self.assertLess(way.sniffer.bodies[b"large"], 6 << 20)

    def test_a_sender_stops_within_moments_wherever_it_is(self):
        for number, status in SIGNALS:
            with self.subTest(status=status):
                self.target = self.folder / f"target{status}"
                _, sender = self.held()
                start = time.monotonic()
                sender.signal(number)
                self.assert_status(sender, status)
                self.assertLess(raw.elapsed(start), seconds(2))
        with raw.listener() as silent:  # it waits for an answer that does not come
            sender = self.start_copy(self.source / "large", "--protocol", "netcopy", to=silent)
            with silent.take_peer():
                sender.signal(signal.SIGINT)
                self.assert_status(sender, 130)

    def test_a_sender_that_waits_to_connect_again_stops_at_a_signal(self):
        closed = raw.listener()
        address = closed.address
        closed.close()
        sender = self.start_copy(self.write("file"), "--retry", 100, to=address)
        threading.Event().wait(seconds(0.5))  # nothing tells of the pause; it begins well before
        self.assertTrue(sender.running, sender.describe())
        sender.signal(signal.SIGTERM)
        self.assert_status(sender, 143)

    def test_a_sender_that_nobody_answers_cannot_connect(self):
        closed = raw.listener()
        address = closed.address
        closed.close()
        sender = self.copy(self.write("file"), to=address, status=6)
        self.assert_one_error_line(sender, "netcopy send: ", "%s:%d" % address)


class Log(CopyCase):

    def test_every_connection_and_file_is_logged(self):
        """Peer, bytes, seconds, rate, digest, outcome."""
        log = self.folder / "service.log"
        service = self.service("--log-file", log, "--log-level", "info")
        trees.put(f"{self.target}/refused", b"another")
        self.copy(self.write("taken", b"hello\n"), to=service)
        self.copy(self.write("refused", b"mine"), to=service, status=9)
        self.copy(self.source / "taken", to=service)

        def lines(*words):
            text = log.read_bytes() if log.exists() else b""
            return [line for line in text.splitlines() if all(w in line for w in words)]
        digest = b"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        wait_until(lambda: lines(b"taken", digest), what="a line with the digest")
        taken, = lines(b"taken", digest)
        self.assertRegex(taken, rb"127\.0\.0\.1:[0-9]+")
        self.assertRegex(taken, rb"\b6 (B|bytes)\b")
        self.assertRegex(taken, rb"[0-9.]+ s\b")
        self.assertRegex(taken, rb"B/s")
        wait_until(lambda: lines(b"refused", b"127.0.0.1:"), what="a line of the refused one")
        service.signal(signal.SIGTERM)
        service.wait()
        ports = {m for line in lines(b"127.0.0.1:")
                 for m in re.findall(rb"127\.0\.0\.1:([0-9]+)", line)}
        ports.discard(b"%d" % service.port)
        self.assertGreaterEqual(len(ports), 3, log.read_text())
        for port in ports:
            self.assertTrue(lines(b":" + port, b"B/s") or lines(b":" + port, b" s"), port)

    def test_json_of_the_service_is_an_event_for_each_file(self):
        service = self.service("--json")
        self.copy(self.write("taken", b"hello\n"), self.write("empty"), to=service)
        wait_until(lambda: service.stdout.count(b'"file"') == 2, what="two events")
        events = self.events(service, "file")
        self.assertEqual({e["name"]: e["bytes"] for e in events}, {"taken": 6, "empty": 0})

    def test_names_of_peers_cannot_forge_a_line_of_the_log(self):
        log = self.folder / "service.log"
        service = self.service("--log-file", log, "--log-level", "info")
        self.copy(self.write(b"\x1b[31mred\nforged line", b"x"), to=service)
        wait_until(lambda: log.exists() and b"red" in log.read_bytes(), what="a line in the log")
        self.assertNotIn(b"\x1b", log.read_bytes())
        self.assertNotRegex(log.read_bytes(), rb"(?m)^forged")

    def test_json_of_the_sender_tells_of_each_file_and_the_end(self):
        service = self.service()
        self.write("one", b"1")
        self.write("two", b"22")
        sender = self.copy("-r", self.source, "--json", to=service)
        self.assertEqual(self.outcomes(sender), {"source/one": "sent", "source/two": "sent"})
        [end] = self.events(sender, "end")
        self.assertEqual((end["files"], end["sent"], end["same"], end["failed"], end["bytes"],
                          end["exit_status"]), (2, 2, 0, 0, 3, 0))


class Memory(CopyCase):

    def setUp(self):
        super().setUp()
        if SLOWNESS != 1:
            self.skipTest("a sanitizer's own memory is no measure")

    def measure(self, *words, to=None):
        """Peak KiB of (sender, receiver)."""
        service = self.service()
        sender = self.start_copy(*words, to=service)
        memory = PeakMemory(sender)
        wait_until(memory.look, 100, "the end of the sender")
        self.assert_status(sender, 0)
        return memory.kib, peak_memory(service)

    def test_a_large_file_needs_no_more_than_a_small_one(self):
        path = f"{self.source}/large"
        trees.put_sparse(path, 2 << 30, {0: random_bytes(256 << 20)})
        for kib in self.measure(path):
            self.assertLess(kib, MOST_MEMORY)
        self.assertEqual(os.stat(self.target / "large").st_size, 2 << 30)

    def test_many_files_need_no_more_than_few(self):
        for number in range(10_000):
            self.write(f"d{number // 1000}/a file with a name of some length {number}", b"x")
        for kib in self.measure("-r", self.source):
            self.assertLess(kib, MOST_MEMORY)
        self.assert_copied()


if __name__ == "__main__":
    unittest.main(verbosity=2)
