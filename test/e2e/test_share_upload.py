"""netcopy upload: Success and Fail, what is skipped, what is stored under which name, exit statuses."""

import os
import unittest

import proxy
import trees
from harness import md5_hex, random_bytes, wait_until
from sharing import ShareCase, id_of


class Upload(ShareCase):

    def test_each_file_gets_a_line_and_lies_whole_in_the_folder(self):
        files = {"one.txt": b"one", "two.bin": random_bytes(3_000_000, 2), "empty": b""}
        paths = [self.write(name, data) for name, data in files.items()]
        server = self.share()
        run = self.upload(*paths, to=server)
        self.assert_lines(run, "Success one.txt", "Success two.bin", "Success empty")
        self.assert_sums_up(run, "3 files", "to 127.0.0.1")
        self.assert_files(self.shared, files)
        self.wait_served(server, files)

    def test_what_was_uploaded_is_listed_at_once(self):
        server = self.share()
        self.upload(self.write("file", b"data"), to=server)
        self.assertEqual(self.served(server), {b"file": (id_of(b"data"), 4)})

    def test_mode_and_time_go_with_the_file(self):
        path = self.write("file", b"data", mode=0o640, mtime=1_600_000_000_123_456_789)
        self.upload(path, to=self.share())
        found = os.stat(self.shared / "file")
        self.assertEqual((found.st_mode & 0o777, found.st_mtime_ns),
                         (0o640, 1_600_000_000_123_456_789))

    def test_what_the_server_has_is_not_sent_again(self):
        large = self.write_large("large", 3 << 20)
        server = self.share()
        self.upload(large, to=server)
        way = self.between(server)
        again = self.upload(large, to=way)
        self.assert_lines(again, "Success large")
        self.assert_sums_up(again, "1 was there already")
        self.assertLess(way.sent, 10_000)

    def test_the_same_bytes_under_another_name_are_not_sent_again(self):
        data = random_bytes(2 << 20, 5)
        server = self.share()
        self.upload(self.write("first", data), to=server)
        way = self.between(server)
        run = self.upload(self.write("second", data), to=way)
        self.assert_lines(run, "Success second")
        self.assertLess(way.sent, 10_000)
        self.assert_files(self.shared, {"first": data})

    def test_force_sends_it_all_the_same(self):
        data = random_bytes(2 << 20, 5)
        server = self.share()
        self.upload(self.write("first", data), to=server)
        way = self.between(server)
        run = self.upload("--force", self.write("second", data), to=way)
        self.assert_lines(run, "Success second")
        self.assertGreaterEqual(way.sent, len(data))
        self.assert_files(self.shared, {"first": data, "second": data})

    def test_the_same_name_with_other_bytes_is_numbered(self):
        server = self.share()
        path = self.write("notes.txt", b"first")
        self.upload(path, to=server)
        for number, data in ((2, b"second"), (3, b"third")):
            self.write("notes.txt", data)
            run = self.upload(path, to=server)
            self.assert_lines(run, "Success notes.txt")
            self.assertIn(f"netcopy upload: 'notes.txt' is stored as 'notes ({number}).txt'\n"
                          .encode(), run.stderr)
        self.assert_files(self.shared, {"notes.txt": b"first", "notes (2).txt": b"second",
                                        "notes (3).txt": b"third"})

    def test_two_uploads_of_one_name_at_once_keep_both(self):
        server = self.share()
        data = [random_bytes(4 << 20, seed) for seed in range(4)]
        for number, each in enumerate(data):
            trees.put(f"{self.source}/{number}/name.bin", each)
        runs = [self.start_client("upload", f"{self.source}/{number}/name.bin", to=server)
                for number in range(4)]
        for run in runs:
            self.assert_status(run, 0)
        found = self.lying_in(self.shared)
        self.assertEqual(len(found), 4, sorted(found))
        self.assertEqual(sorted(map(md5_hex, found.values())), sorted(map(md5_hex, data)))

    def test_a_folder_is_a_usage_error_with_a_hint(self):
        server = self.share()
        run = self.upload(self.source, self.write("file", b"x"), to=server, status=2)
        self.assert_one_error_line(run, "'", "send -r")
        self.assert_files(self.shared, {})

    def test_a_link_stands_for_what_it_points_to(self):
        self.write("file", b"data")
        os.symlink("file", self.source / "link")
        server = self.share()
        self.upload(self.source / "link", to=server)
        self.assert_files(self.shared, {"link": b"data"})
        self.assertFalse((self.shared / "link").is_symlink())

    def test_a_file_that_is_not_there_fails_and_the_others_are_a_partial_success(self):
        server = self.share()
        run = self.upload(self.write("file", b"x"), self.source / "nowhere", to=server, status=3)
        self.assert_lines(run, "Success file", "Fail nowhere")
        self.assert_error(run, "nowhere", "No such file")
        self.assert_files(self.shared, {"file": b"x"})

    def test_when_all_fail_the_exit_status_is_the_reason(self):
        run = self.upload(self.source / "nowhere", to=self.share(), status=11)
        self.assert_error(run, "nowhere", "No such file")

    def test_a_server_that_takes_nothing_refuses(self):
        server = self.share("--read-only")
        run = self.upload(self.write("file", b"x"), to=server, status=9)
        self.assert_error(run, "read-only")
        self.assert_files(self.shared, {})

    def test_a_file_beyond_the_largest_size_is_refused_before_its_body(self):
        way = self.between(self.share("--max-size", "1K"))
        run = self.upload(self.write("small", b"s" * 1024), self.write("large", b"l" * 200_000),
                          to=way, status=3)
        self.assert_lines(run, "Success small", "Fail large")
        self.assert_error(run, "'large'", "refused")
        self.assertLess(way.sent, 10_000)
        self.assert_files(self.shared, {"small": b"s" * 1024})

    def test_the_quota_counts_what_lies_there(self):
        self.put("before", b"b" * 600_000)
        server = self.share("--quota", 1_000_000)
        self.upload(self.write("fits", b"f" * 300_000), to=server)
        run = self.upload(self.write("too much", b"t" * 200_000), to=server, status=9)
        self.assert_error(run, "'too much'", "quota")
        self.assertEqual(sorted(self.lying_in(self.shared)), [b"before", b"fits"])

    def test_json_says_of_each_file_what_became_of_it(self):
        server = self.share()
        self.upload(self.write("there", b"there"), to=server)
        run = self.upload("--json", self.write("there", b"there"), self.write("new", b"new"),
                          self.source / "nowhere", to=server, status=3)
        self.assertEqual(self.outcomes(run), {"there": "same", "new": "sent", "nowhere": "failed"})
        file, = (e for e in self.events(run, "file") if e["name"] == "new")
        self.assertEqual(file["digests"]["md5"], id_of(b"new"))
        end, = self.events(run, "end")
        self.assertEqual((end["files"], end["sent"], end["same"], end["failed"]), (3, 1, 1, 1))
        self.assertNotIn(b"Success", run.stdout)

    def test_jobs_upload_several_at_a_time(self):
        files = {f"file{number}": random_bytes(300_000, number) for number in range(20)}
        paths = [self.write(name, data) for name, data in files.items()]
        server = self.share()
        run = self.upload("-j", 4, *paths, to=server)
        self.assert_lines(run, *(f"Success {name}" for name in files))
        self.assert_files(self.shared, files)

    def test_a_file_that_changes_while_it_is_sent_fails_and_leaves_nothing(self):
        path = self.write_large("large", 8 << 20)
        way = self.between(self.share(), lambda number: proxy.Treatment(rate=4 << 20))
        run = self.start_client("upload", path, to=way)
        wait_until(lambda: way.sent > 1 << 20, what="a part of the file")
        with open(path, "r+b") as file:
            file.write(b"changed")
        self.assert_status(run, 11)
        self.assert_lines(run, "Fail large")
        self.assert_files(self.shared, {})

    def test_uploads_while_the_folder_is_being_hashed_are_served(self):
        for number in range(20):
            self.put(f"old{number}", random_bytes(4 << 20, number))
        server = self.share()
        self.upload(self.write("new", b"new"), to=server, deadline=10)
        self.assertIn(b"new", self.served(server))


class Collisions(ShareCase):
    """Two files with one MD5 (Marc Stevens, 2012: 64 bytes each)."""

    ONE = bytes.fromhex(
        "4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518"
        "afbfa200a8284bf36e8e4b55b35f427593d849676da0d1555d8360fb5f07fea2")
    OTHER = bytes.fromhex(
        "4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518"
        "afbfa202a8284bf36e8e4b55b35f427593d849676da0d1d55d8360fb5f07fea2")

    def test_the_bytes_of_this_test_collide(self):
        self.assertEqual(md5_hex(self.ONE), "008ee33a9d58b51cfeb425b0959121c9")
        self.assertEqual(md5_hex(self.OTHER), md5_hex(self.ONE))
        self.assertNotEqual(self.ONE, self.OTHER)

    def test_equal_md5_with_unequal_sha_256_is_refused(self):
        server = self.share()
        self.upload(self.write("one", self.ONE), to=server)
        for name in ("other", "one"):
            with self.subTest(name=name):
                run = self.upload("--force", self.write(name, self.OTHER), to=server, status=9)
                self.assert_lines(run, f"Fail {name}")
                self.assert_error(run, name, "collision")
        self.assert_files(self.shared, {"one": self.ONE})

    def test_without_force_it_is_not_taken_for_the_same_file(self):
        """By its MD5 alone it would be skipped, and called a success."""
        server = self.share()
        self.upload(self.write("one", self.ONE), to=server)
        run = self.upload(self.write("other", self.OTHER), to=server, status=9)
        self.assert_lines(run, "Fail other")
        self.assert_error(run, "other", "collision")


if __name__ == "__main__":
    unittest.main(verbosity=2)
