"""`--json`: one object per event on stdout, and a last one that says it all."""

import signal
import unittest
import zlib

import raw
from harness import Case, md5_hex, random_bytes, wait_until

DATA = random_bytes(3_000_000)


class Json(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.target = self.folder / "target"

    def assert_end(self, process, command, verdict, status, size=None, error=False):
        self.assert_status(process, status)
        for event in process.events:
            self.assertIn(event["event"],
                          ("listening", "accepted", "connected", "progress", "verdict", "end"))
        end = process.events[-1]
        end.pop("peer", None)
        self.assertEqual(set(end),
                         {"event", "command", "bytes", "seconds", "digests", "verdict",
                          "exit_status", "error"})
        self.assertEqual((end["event"], end["command"], end["verdict"], end["exit_status"]),
                         ("end", command, verdict, status))
        self.assertEqual(isinstance(end["error"], str), error, end)
        self.assertGreaterEqual(end["seconds"], 0)
        if size is not None:
            self.assertEqual(end["bytes"], size)
        self.assertEqual([e["event"] for e in process.events].count("end"), 1)
        self.assertNotIn(b"CSUM", process.stdout)
        return end

    def test_a_good_copy_is_told_by_both_sides(self):
        receiver = self.receiver(self.target, self.checksums, "--json")
        sender = self.sender(self.make_file(DATA), receiver, self.checksums, "--json")
        end = self.assert_end(receiver, "receive", "ok", 0, len(DATA))
        self.assertEqual(end["digests"], {"md5": md5_hex(DATA), "crc32": f"{zlib.crc32(DATA):08x}"})
        self.assertIsNone(end["error"])
        end = self.assert_end(sender, "send", "sent", 0, len(DATA))
        self.assertEqual(end["digests"]["md5"], md5_hex(DATA))

    def test_events_come_in_order(self):
        receiver = self.receiver(self.target, self.checksums, "--json")
        wait_until(lambda: receiver.stdout, what="the listening event")
        self.assertEqual(receiver.events,
                         [{"event": "listening", "command": "receive", "address": "127.0.0.1",
                           "port": receiver.port}])
        sender = self.sender(self.make_file(DATA), receiver, self.checksums, "--json")
        self.assert_status(receiver, 0)
        kinds = [event["event"] for event in receiver.events if event["event"] != "progress"]
        self.assertEqual(kinds, ["listening", "accepted", "end"])
        self.assertRegex(receiver.events[1]["peer"], r"^127\.0\.0\.1:\d+$")
        kinds = [event["event"] for event in sender.events if event["event"] != "progress"]
        self.assertEqual(kinds, ["connected", "end"])

    def test_progress_counts_bytes(self):
        source = self.make_file(random_bytes(24 << 20))
        with raw.listener(receive_buffer=65536) as slow:
            sender = self.start_sender(source, slow, self.checksums, "--json")
            peer = slow.take_peer()
            raw.read_exactly(peer, 1 << 20)
            wait_until(lambda: b'"progress"' in sender.stdout, 25, "a progress event")
            raw.read_to_end(peer)
            peer.close()
        self.assert_end(sender, "send", "sent", 0, 24 << 20)
        for event in (e for e in sender.events if e["event"] == "progress"):
            self.assertEqual(set(event), {"event", "bytes", "total", "rate"})
            self.assertEqual(event["total"], 24 << 20)
            self.assertLessEqual(event["bytes"], event["total"])

    def receive(self, checksum, *options):
        if checksum:
            raw.insert(self.checksums, 1, checksum)
        receiver = self.receiver(self.target, self.checksums, "--json", *options)
        with raw.connect(receiver.address) as peer:
            peer.sendall(DATA)
        return receiver

    def test_a_mismatch_is_corrupted(self):
        end = self.assert_end(self.receive(md5_hex(b"other")), "receive", "corrupted", 4, len(DATA),
                              error=True)
        self.assertEqual(end["digests"]["md5"], md5_hex(DATA))

    def test_a_missing_checksum_is_unverified(self):
        self.assert_end(self.receive(None), "receive", "unverified", 5, len(DATA), error=True)

    def test_a_named_digest_is_the_only_one(self):
        end = self.assert_end(self.receive(md5_hex(DATA), "--checksum", "md5"), "receive", "ok", 0)
        self.assertEqual(end["digests"], {"md5": md5_hex(DATA)})

    def test_a_reset_is_failed(self):
        receiver = self.receiver(self.target, self.checksums, "--json")
        peer = raw.connect(receiver.address)
        peer.sendall(b"some")
        raw.wait_read(peer)
        raw.reset(peer)
        self.assert_end(receiver, "receive", "failed", 8, 4, error=True)

    def test_a_sender_that_fails_ends_in_an_event_too(self):
        with raw.listener() as gone:
            endpoint = gone.endpoint
        sender = self.sender(self.make_file(b"x"), endpoint, self.checksums, "--json")
        end = self.assert_end(sender, "send", "failed", 6, 0, error=True)
        self.assertIn(endpoint, end["error"])
        self.assertIn(end["error"].encode(), sender.stderr)

    def test_a_service_tells_a_verdict_per_client_and_one_end(self):
        receiver = self.receiver(self.target, self.checksums, "--json", "--keep-running")
        raw.insert(self.checksums, 1, md5_hex(b"good"))
        for number, data in enumerate((b"good", b"bad!", b"good")):
            with raw.connect(receiver.address) as peer:
                peer.sendall(data)
            wait_until(lambda n=number: receiver.stdout.count(b'"verdict":"') > n
                       or receiver.stdout.count(b'"event":"verdict"') > n, what="a verdict event")
        receiver.signal(signal.SIGTERM)
        self.assert_status(receiver, 143)
        verdicts = [event for event in receiver.events if event["event"] == "verdict"]
        self.assertEqual([(v["verdict"], v["exit_status"], v["bytes"]) for v in verdicts],
                         [("ok", 0, 4), ("corrupted", 4, 4), ("ok", 0, 4)])
        self.assertEqual(verdicts[0]["digests"]["md5"], md5_hex(b"good"))
        self.assertEqual(receiver.events[-1]["event"], "end")
        self.assertEqual(receiver.events[-1]["exit_status"], 143)

    def test_an_odd_name_makes_no_invalid_json(self):
        target = bytes(self.folder) + b'/"quote\\ \xff\n'
        receiver = self.receiver(target, self.checksums, "--json")
        raw.insert(self.checksums, 1, md5_hex(b"other"))
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"x")
        self.assert_end(receiver, "receive", "corrupted", 4, 1, error=True)

    def test_a_checksum_server_tells_where_it_listens_and_how_it_ended(self):
        server = self.checksum_server("--json")
        wait_until(lambda: server.stdout, what="the listening event")
        self.assertEqual(server.events,
                         [{"event": "listening", "command": "checksum-server",
                           "address": "127.0.0.1",
                           "port": server.port}])
        server.signal(signal.SIGTERM)
        self.assert_status(server, 143)
        self.assertEqual((server.events[-1]["event"], server.events[-1]["exit_status"]),
                         ("end", 143))


if __name__ == "__main__":
    unittest.main(verbosity=2)
