"""fetch from several file servers: one file in ranges from all, some that fail, some that lie."""

import signal
import unittest

from fetching import FetchCase, slowly
from harness import random_bytes, wait_until


class Several(FetchCase):

    SIZE = 40 << 20

    def offer_twice(self, *options, data=None):
        self.data = data or random_bytes(self.SIZE, 5)
        self.other_folder = self.another_folder()
        one = self.offer({"large": self.data}, *options)
        other = self.offer({"large": self.data}, *options, folder=self.other_folder)
        self.wait_known({"large": self.data}, sources=2)
        return one, other

    def test_one_entry_with_two_sources_arrives_from_both(self):
        one, other = self.offer_twice("--json", *slowly("16M"))
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})
        for server in (one, other):
            sent = wait_until(lambda s=server: self.events(s, "file"), what="the server's word")
            self.assertEqual([event["outcome"] for event in sent], ["sent"], server.describe())

    def test_the_faster_server_sends_more(self):
        self.data = random_bytes(self.SIZE, 5)
        slow = self.offer({"large": self.data}, "--json", *slowly("2M"))
        fast = self.offer({"large": self.data}, "--json", *slowly("20M"),
                          folder=self.another_folder())
        self.wait_known({"large": self.data}, sources=2)
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})
        sent = [wait_until(lambda s=server: self.events(s, "file"), what="the server's word")
                for server in (slow, fast)]
        self.assertGreater(sent[1][0]["bytes"], 3 * sent[0][0]["bytes"])

    def test_a_server_that_hangs_does_not_hold_up_the_other(self):
        one, _ = self.offer_twice(*slowly("8M"))
        run = self.start_fetch("large", "--timeout", "20")
        wait_until(lambda: self.journalled() > 200, what="a part of the file")
        one.signal(signal.SIGSTOP)
        try:
            self.assertEqual(run.wait(15), 0, run.describe())
        finally:
            one.signal(signal.SIGCONT)
        self.assert_files(self.target, {"large": self.data})

    def test_a_server_that_is_killed_is_replaced_by_the_other(self):
        one, _ = self.offer_twice(*slowly("8M"))
        run = self.start_fetch("large", "--timeout", "2", "--retry", "0")
        wait_until(lambda: self.journalled() > 200, what="a part of the file")
        one.kill()
        self.assert_status(run, 0)
        self.assert_files(self.target, {"large": self.data})

    def test_a_server_that_is_not_there_any_more_is_no_hindrance(self):
        one, _ = self.offer_twice()
        one.signal(signal.SIGSTOP)  # and is in the catalogue for some seconds yet
        try:
            self.fetch("large", "--connect-timeout", "30")
        finally:
            one.signal(signal.SIGCONT)
        self.assert_files(self.target, {"large": self.data})

    def test_files_of_different_servers_come_in_one_run(self):
        self.offer({"one": b"1" * 100_000})
        self.offer({"two": b"2" * 100_000}, folder=self.another_folder())
        self.wait_known({"one": b"1" * 100_000})
        self.fetch("--all")
        self.assert_files(self.target, {"one": b"1" * 100_000, "two": b"2" * 100_000})


class Liars(FetchCase):

    SIZE = 20 << 20

    def setUp(self):
        super().setUp()
        self.data = random_bytes(self.SIZE, 9)
        self.wrong = random_bytes(self.SIZE, 10)

    def test_a_server_that_lies_is_found_named_and_left_out(self):
        liar = self.make_liar("large", self.data, self.wrong, self.another_folder(),
                              listen="127.0.0.1:0")
        self.offer({"large": self.data}, *slowly("40M"))
        self.wait_known({"large": self.data}, sources=2)
        run = self.fetch("large")
        self.assert_files(self.target, {"large": self.data})
        self.logged(run, liar.endpoint, "wrong bytes", "'large'")

    def test_two_of_three_that_lie_are_no_hindrance(self):
        for others in (0, 1):
            self.make_liar("large", self.data, random_bytes(self.SIZE, others),
                           self.another_folder(others), others=others)
            self.wait_known({"large": self.data}, sources=others + 1)
        self.offer({"large": self.data}, *slowly("40M"))
        self.wait_known({"large": self.data}, sources=3)
        self.fetch("large")
        self.assert_files(self.target, {"large": self.data})

    def test_the_only_server_that_lies_is_4_and_what_came_is_kept(self):
        self.make_liar("large", self.data, self.wrong, self.another_folder())
        self.wait_known({"large": self.data})
        run = self.fetch("large", status=4)
        self.assert_error(run, "'large'", "sha256", "large.corrupted")
        self.assert_files(self.target, {"large.corrupted": self.wrong})

    def test_a_small_file_is_no_exception(self):
        liar = self.make_liar("small", b"right", b"wrong", self.another_folder())
        self.wait_known({"small": b"right"})
        run = self.fetch("small", status=4)
        self.assert_files(self.target, {"small.corrupted": b"wrong"})
        self.assert_error(run, liar.endpoint)

    def test_what_an_earlier_attempt_took_from_a_liar_is_fetched_again(self):
        folder = self.another_folder()
        liar = self.make_liar("large", self.data, self.wrong, folder)
        self.wait_known({"large": self.data})
        liar.end()
        liar = self.file_server(*slowly("4M"), folder=folder)
        self.wait_known({"large": self.data})
        run = self.start_fetch("large")
        wait_until(lambda: self.journalled() > 200, what="a part of the file in the journal")
        run.kill()
        liar.end()
        self.offer({"large": self.data})
        run = self.fetch("large")
        self.logged(run, "'large'", "earlier attempt", "damaged")
        self.assert_files(self.target, {"large": self.data})


if __name__ == "__main__":
    unittest.main(verbosity=2)
