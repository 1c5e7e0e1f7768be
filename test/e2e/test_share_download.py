"""netcopy download: ids, prefixes, names, patterns; what lies in the target; stdout; changes."""

import os
import unittest

import trees
from harness import md5_hex, random_bytes, wait_until
from sharing import ShareCase, id_of

TIME = 1_600_000_000_123_456_789


class Download(ShareCase):

    def test_by_id_by_prefix_and_by_name(self):
        files = {"one": b"1" * 100, "two": random_bytes(3 << 20, 2), "three": b""}
        server = self.serve(files)
        run = self.download(id_of(files["one"]), id_of(files["two"])[:6], "three", to=server)
        self.assertEqual(run.stdout, b"")
        self.assert_sums_up(run, "3 files", "from 127.0.0.1")
        self.assert_files(self.target, files)

    def test_an_id_in_capitals_is_the_same(self):
        server = self.serve({"one": b"1"})
        self.download(id_of(b"1").upper(), to=server)
        self.assert_files(self.target, {"one": b"1"})

    def test_by_pattern(self):
        files = {"a.txt": b"a", "b.txt": b"b", "c.bin": b"c", ".d.txt": b"d", "x[1].txt": b"x"}
        server = self.serve(files)
        self.download("*.txt", to=server)
        self.assert_files(self.target, {n: d for n, d in files.items() if n.endswith(".txt")})
        other = self.folder / "other"
        self.download("[a-c].[!t]*", to=server, output=other)
        self.assert_files(other, {"c.bin": b"c"})

    def test_a_name_that_looks_like_a_pattern_is_a_name_first(self):
        server = self.serve({"x[1].txt": b"x", "x1.txt": b"y"})
        self.download("x[1].txt", to=server)
        self.assert_files(self.target, {"x[1].txt": b"x"})

    def test_all(self):
        files = {f"file{number}": random_bytes(number * 1000, number) for number in range(100)}
        server = self.serve(files)
        self.client("download", "--all", "-o", self.target, to=server)
        self.assert_files(self.target, files)

    def test_without_o_it_goes_to_the_current_folder(self):
        server = self.serve({"file": b"x"})
        self.target.mkdir()
        self.client("download", "file", to=server, folder=self.target)
        self.assert_files(self.target, {"file": b"x"})

    def test_mode_and_time_come_with_the_file(self):
        self.put("file", b"data", mode=0o640, mtime=TIME)
        server = self.share()
        self.wait_served(server, {"file": b"data"})
        self.download("file", to=server)
        found = os.stat(self.target / "file")
        self.assertEqual((found.st_mode & 0o777, found.st_mtime_ns), (0o640, TIME))

    def test_a_file_named_twice_comes_once(self):
        data = random_bytes(2 << 20, 1)
        server = self.serve({"file": data})
        way = self.between(server)
        self.download("file", id_of(data), "f*", to=way)
        self.assertLess(way.answered, len(data) + 100_000)
        self.assert_files(self.target, {"file": data})

    def test_of_two_names_with_one_id_the_first_is_taken(self):
        server = self.serve({"b": b"same", "a": b"same"})
        self.download(id_of(b"same"), to=server)
        self.assert_files(self.target, {"a": b"same"})
        other = self.folder / "other"
        self.download("b", to=server, output=other)
        self.assert_files(other, {"b": b"same"})

    def test_jobs_download_several_at_a_time(self):
        files = {f"file{number}": random_bytes(500_000, number) for number in range(16)}
        server = self.serve(files)
        self.download("-j", 4, "--all", to=server)
        self.assert_files(self.target, files)


class Nothing(ShareCase):

    def test_what_nothing_matches_is_1_and_the_word_is_told(self):
        server = self.serve({"file": b"x"})
        for word in ("nowhere", "*.txt", "0" * 32, "000000"):
            with self.subTest(word=word):
                run = self.download(word, to=server, status=1)
                self.assert_one_error_line(run, f"'{word}'", "netcopy list")
                self.assertFalse(self.target.exists() and os.listdir(self.target))

    def test_what_matches_is_downloaded_all_the_same(self):
        server = self.serve({"file": b"x"})
        run = self.download("file", "nowhere", to=server, status=3)
        self.assert_error(run, "'nowhere'")
        self.assert_files(self.target, {"file": b"x"})

    def test_all_of_nothing_is_done(self):
        self.download("--all", to=self.share())

    def test_less_than_six_digits_are_no_id(self):
        server = self.serve({"file": b"x"})
        self.download(id_of(b"x")[:5], to=server, status=1)

    def test_an_ambiguous_prefix_is_told(self):
        one, other = equal_beginnings()
        server = self.serve({"one": one, "other": other})
        run = self.download(id_of(one)[:6], to=server, status=1)
        self.assert_one_error_line(run, id_of(one)[:6], "ambiguous")
        self.assertFalse(self.target.exists() and os.listdir(self.target))
        self.download(id_of(one)[:20], to=server)
        self.assert_files(self.target, {"one": one})

    def test_a_name_that_is_also_the_beginning_of_an_id_is_ambiguous(self):
        prefix = id_of(b"x")[:8]
        server = self.serve({"file": b"x", prefix: b"y"})
        run = self.download(prefix, to=server, status=1)
        self.assert_one_error_line(run, prefix, "ambiguous")

    def test_a_whole_id_is_never_taken_for_a_name(self):
        number = id_of(b"x")
        server = self.serve({"file": b"x", number: b"y"})
        self.download(number, to=server)
        self.assert_files(self.target, {"file": b"x"})


def equal_beginnings():
    """Two files whose ids have the same first 6 digits."""
    seen = {}
    for number in range(1 << 20):
        data = b"%d" % number
        prefix = md5_hex(data)[:6]
        if prefix in seen:
            return seen[prefix], data
        seen[prefix] = data
    raise AssertionError("no two of a million")


class Existing(ShareCase):

    def test_the_same_file_in_place_counts_as_done(self):
        data = random_bytes(3 << 20, 3)
        server = self.serve({"file": data})
        trees.put(f"{self.target}/file", data)
        before = os.stat(self.target / "file").st_ino
        way = self.between(server)
        run = self.download("file", to=way)
        self.assert_sums_up(run, "1 was there already")
        self.assertLess(way.answered, 10_000)
        self.assertEqual(os.stat(self.target / "file").st_ino, before)

    def test_a_second_download_has_nothing_to_do(self):
        files = {f"file{number}": random_bytes(100_000, number) for number in range(20)}
        server = self.serve(files)
        self.download("--all", to=server)
        way = self.between(server)
        run = self.download("--all", to=way)
        self.assert_sums_up(run, "20 were there already")
        self.assertLess(way.answered, 50_000)

    def test_another_file_of_that_name_stays_and_the_download_is_refused(self):
        server = self.serve({"file": b"theirs"})
        for ours in (b"ours!!", b"ours of another size"):
            trees.put(f"{self.target}/file", ours)
            run = self.download("file", to=server, status=9)
            self.assert_error(run, "'file'", "--overwrite")
            self.assert_files(self.target, {"file": ours})

    def test_the_other_files_are_downloaded_nevertheless(self):
        server = self.serve({"file": b"theirs", "other": b"other"})
        trees.put(f"{self.target}/file", b"ours")
        self.download("--all", to=server, status=3)
        self.assert_files(self.target, {"file": b"ours", "other": b"other"})

    def test_overwrite_always_and_rename(self):
        server = self.serve({"file.txt": b"theirs"})
        trees.put(f"{self.target}/file.txt", b"ours")
        self.download("--overwrite", "rename", "file.txt", to=server)
        self.assert_files(self.target, {"file.txt": b"ours", "file (2).txt": b"theirs"})
        self.download("--overwrite", "always", "file.txt", to=server)
        self.assert_files(self.target, {"file.txt": b"theirs", "file (2).txt": b"theirs"})

    def test_a_link_in_the_target_is_not_followed(self):
        server = self.serve({"file": b"theirs"})
        self.target.mkdir()
        outside = self.make_file(b"outside", "outside")
        os.symlink(outside, self.target / "file")
        self.download("file", to=server, status=9)
        self.assertEqual(outside.read_bytes(), b"outside")

    def test_a_target_that_is_a_file_is_11(self):
        server = self.serve({"file": b"x"})
        trees.put(self.target, b"no folder")
        run = self.download("file", to=server, status=11)
        self.assert_one_error_line(run, "target")


class Stdout(ShareCase):

    def test_a_file_goes_to_stdout_and_the_verdict_to_stderr(self):
        data = random_bytes(5 << 20, 4)
        server = self.serve({"file": data})
        run = self.download("file", to=server, output="-", folder=self.folder)
        self.assertTrue(run.stdout == data, f"{len(run.stdout)} bytes")
        self.assert_sums_up(run, "1 file", "from")

    def test_it_may_be_empty(self):
        server = self.serve({"file": b""})
        self.assertEqual(self.download("file", to=server, output="-").stdout, b"")

    def test_several_files_are_refused_before_a_byte(self):
        server = self.serve({"one": b"1", "two": b"2"})
        run = self.download("one", "two", to=server, output="-", status=2)
        self.assertEqual(run.stdout, b"")
        run = self.download("*", to=server, output="-", status=2)
        self.assertEqual(run.stdout, b"")

    def test_it_does_not_go_with_json(self):
        run = self.download("--json", "file", to="127.0.0.1:1", output="-", status=2)
        self.assert_one_error_line(run, "--json", "-o -")

    def test_a_pipe_that_closes_ends_it(self):
        server = self.serve({"file": random_bytes(8 << 20, 4)})
        run = self.start_client("download", "-o", "-", "file", to=server)
        run._process.stdout.close()
        self.assertNotEqual(run.wait(), 0)


class Changes(ShareCase):
    """What the server's user does to a file while it is served."""

    SIZE = 8 << 20

    def begin(self):
        """A slow download of `large`, under way."""
        self.data = random_bytes(self.SIZE, 6)
        server = self.serve({"large": self.data}, "--bwlimit", "4M")
        self.way = self.between(server)
        run = self.start_client("download", "-o", self.target, "large", to=self.way)
        wait_until(lambda: self.way.answered > 1 << 20, what="a part of the file")
        return run

    def assert_given_up(self, run):
        self.assert_status(run, 8)
        self.assert_error(run, "'large'")
        self.assertEqual(self.lying_in(self.target), {})

    def test_a_file_written_to_while_it_is_served_is_8_and_gets_no_name(self):
        run = self.begin()
        with open(self.shared / "large", "r+b") as file:
            file.write(b"changed")
        self.assert_given_up(run)

    def test_a_file_cut_off_while_it_is_served_is_8_and_gets_no_name(self):
        run = self.begin()
        os.truncate(self.shared / "large", 1 << 20)
        self.assert_given_up(run)

    def test_a_file_removed_while_it_is_served_is_8_and_gets_no_name(self):
        run = self.begin()
        os.unlink(self.shared / "large")
        self.assert_given_up(run)

    def test_a_file_replaced_while_it_is_served_is_8_and_gets_no_name(self):
        run = self.begin()
        self.put("large", random_bytes(self.SIZE, 7))
        self.assert_given_up(run)

    def test_a_file_that_goes_before_its_turn_is_8(self):
        """The list still had it; a break lets it go before it is asked for again."""
        run = self.begin()
        os.unlink(self.shared / "large")
        self.way.cut_all()
        self.assert_given_up(run)


if __name__ == "__main__":
    unittest.main(verbosity=2)
