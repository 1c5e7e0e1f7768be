"""A file server and people who mean no good: forged addresses, lies, floods, garbage."""

import os
import random
import unittest

import rudp_raw
from fetching import FetchCase
from harness import random_bytes

SIZE = 2 << 20


class Hostile(FetchCase):

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE, 3)

    def serve(self, *options):
        self.server = self.offer({"file": self.data}, *options)
        return self.server

    def client(self, name="file", **settings):
        made = rudp_raw.Client(self.server.address, name, **settings)
        self.addCleanup(made.close)
        return made

    def assert_serves(self):
        self.fetch("file", output=self.folder / f"out{random.getrandbits(32)}")

    def test_without_a_cookie_less_comes_back_than_was_sent(self):
        self.serve()
        client = self.client(receive_timeout=0.3)
        for _ in range(20):
            client.request()
        kinds = set()
        while (got := client.answer()) is not None:
            kinds.add(got[0])
        self.assertEqual(kinds, {rudp_raw.COOKIE})
        self.assertLess(client.received, client.sent // 10)

    def test_a_cookie_is_good_for_its_address_and_request_only(self):
        self.serve()
        one = self.client()
        cookie = one.cookie()
        another = self.client(connection=one.connection)
        another.request(cookie)
        self.assertEqual(another.answer()[0], rudp_raw.COOKIE)
        one.request(cookie, wish=(0, 99))
        self.assertEqual(one.answer()[0], rudp_raw.COOKIE)
        one.request(bytes(24))
        self.assertEqual(one.answer()[0], rudp_raw.COOKIE)
        one.request(cookie)
        self.assertIn(one.answer()[0], (rudp_raw.ACCEPT, rudp_raw.DATA))

    def test_an_unknown_connection_is_told_so_in_less_than_was_sent(self):
        self.serve()
        client = self.client(receive_timeout=0.5)
        client.ack(1, 1)
        self.assertEqual(client.close_code(), 9)
        self.assertLess(client.received, client.sent)
        client.close_connection()
        self.assertIsNone(client.answer())

    def test_whoever_acknowledges_what_was_never_sent_is_thrown_out(self):
        self.serve()
        client = self.client()
        client.request(client.cookie())
        self.assertIsNotNone(client.answer())
        client.ack(1_000_000, 1_000_001)
        self.assertEqual(client.close_code(100_000), 6)

    def test_another_content_than_expected_is_refused(self):
        self.serve()
        client = self.client()
        client.request(size=5)
        kind, cookie = client.answer()
        self.assertEqual(kind, rudp_raw.COOKIE)
        client.request(cookie, size=5)
        self.assertEqual(client.close_code(), 2)

    def test_names_that_lead_out_of_the_folder_are_no_files(self):
        self.serve()
        (self.folder / "secret").write_bytes(b"secret")
        os.symlink(self.folder / "secret", self.shared / "link")
        for name in ("../secret", "/etc/passwd", "link", ".netcopy/index.db", "file\0", "."):
            with self.subTest(name=name):
                client = self.client(name)
                client.request(client.cookie())
                self.assertEqual(client.close_code(), 1)

    def test_one_connection_too_many_is_busy(self):
        for option in ("--max-connections", "--max-connections-per-address"):
            with self.subTest(option=option):
                server = self.serve(option, "1")
                client = self.client()
                client.request(client.cookie())
                self.assertIsNotNone(client.answer())
                run = self.fetch("file", "--retry", "0", status=9)
                self.assert_error(run, "'file'", "busy")
                server.end()

    def test_garbage_disturbs_nobody(self):
        self.serve()
        client = self.client()
        numbers = random.Random(5)
        known = self.client()
        known.request(known.cookie())
        for _ in range(3000):
            packet = numbers.randbytes(numbers.randrange(0, 300))
            if numbers.random() < 0.7:
                head = bytes([numbers.randrange(0xF0, 0xFB)])
                connection = numbers.choice([known.connection, numbers.getrandbits(64)])
                packet = head + connection.to_bytes(8, "big") + packet
            client.send_raw(packet if numbers.random() < 0.2 else rudp_raw.seal(packet))
        self.assert_serves()
        self.assertTrue(self.server.running)


if __name__ == "__main__":
    unittest.main(verbosity=2)
