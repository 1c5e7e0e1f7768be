"""`list`, `upload` and `download` with servers of the seed's protocol of other makes."""

import unittest

from base import DATA, InteropCase
import share_servers as servers

WORDS = b"EOFDONEEOF" * 5
FILES = {"a b.bin": DATA, "DONE": WORDS, "EOF": b"EOF", "0": b"0", "empty": b""}


class OurShareClient(InteropCase):

    def setUp(self):
        super().setUp()
        self.to = self.folder / "to"

    def run_client(self, command, *arguments, **settings):
        # The folder keeps the cache of one test from another.
        return self.run_netcopy(command, *arguments, deadline=60.0,
                                environment={"XDG_CACHE_HOME": str(self.folder / "cache")},
                                **settings)

    def listed(self, server, *options):
        process = self.run_client("list", server.endpoint, *options)
        self.assert_status(process, 0)
        rows = [line.split("\t") for line in process.stdout.decode().splitlines()]
        return {name: (file_id, size) for file_id, size, _, name in rows}

    def download(self, server, *what, options=()):
        return self.run_client("download", *what, server.endpoint, "-o", self.to, *options)

    def make_files(self, files):
        paths = []
        for name, data in files.items():
            (self.folder / "from").mkdir(exist_ok=True)
            path = self.folder / "from" / name
            path.write_bytes(data)
            paths.append(path)
        return paths

    def test_the_list_of_every_kind_of_server_is_understood(self):
        for kind in servers.KINDS:
            with self.subTest(server=kind.__name__):
                server = self.peer(kind, FILES)
                self.assertEqual(self.listed(server, "--protocol", "seed"), {
                    name: (server.id_of(data).lower(), str(len(data)))
                    for name, data in FILES.items()})
                self.assert_no_offence(server)
                empty = self.peer(kind)
                self.assertEqual(self.listed(empty, "--protocol", "seed"), {})
                self.assert_no_offence(empty)

    def test_every_kind_of_server_gives_its_files(self):
        for kind in servers.KINDS:
            with self.subTest(server=kind.__name__):
                server = self.peer(kind, FILES)
                self.assert_verdict(
                    self.download(server, "--all", options=("--protocol", "seed")), b"", 0)
                self.assert_folder(self.to, FILES)
                self.assert_no_offence(server)
                for path in self.to.iterdir():
                    path.unlink()

    def test_every_kind_of_server_takes_files(self):
        for kind in servers.KINDS:
            with self.subTest(server=kind.__name__):
                server = self.peer(kind)
                process = self.run_client("upload", *self.make_files(FILES), server.endpoint,
                                          "--protocol", "seed")
                self.assert_status(process, 0)
                self.assertEqual(sorted(process.stdout.decode().splitlines()),
                                 sorted(f"Success {name}" for name in FILES))
                self.assertTrue(server.files == FILES)
                self.assert_no_offence(server)

    def test_a_server_of_another_make_is_found_out(self):
        # What it hears before that is no message of its protocol; it must only survive.
        server = self.peer(servers.ShareServer, FILES)
        self.assertEqual(sorted(self.listed(server)), sorted(FILES))
        self.assert_verdict(self.download(server, "a b.bin"), b"", 0)
        self.assert_folder(self.to, {"a b.bin": DATA})
        process = self.run_client("upload", *self.make_files({"new": b"new"}), server.endpoint)
        self.assert_verdict(process, b"Success new\n", 0)
        self.assertEqual(server.files["new"], b"new")

    def test_a_file_that_the_server_has_is_not_sent_again_unless_it_is_wanted(self):
        server = self.peer(servers.ShareServer, FILES)
        paths = self.make_files({"a b.bin": DATA})
        seed = ("--protocol", "seed")
        self.assert_verdict(self.run_client("upload", *paths, server.endpoint, *seed),
                            b"Success a b.bin\n", 0)
        self.assertNotIn("UPLOAD", server.commands)
        self.assert_verdict(self.run_client("upload", *paths, server.endpoint, *seed, "--force"),
                            b"Success a b.bin\n", 0)
        self.assertIn("UPLOAD", server.commands)
        self.assert_no_offence(server)

    def test_a_file_that_is_in_place_is_not_asked_for(self):
        server = self.peer(servers.ShareServer, FILES)
        self.to.mkdir()
        (self.to / "a b.bin").write_bytes(DATA)
        process = self.download(server, "a b.bin", options=("--protocol", "seed"))
        self.assert_verdict(process, b"", 0)
        self.assertNotIn("DOWNLOAD", server.commands)

    def test_a_download_may_go_to_standard_output(self):
        for kind in (servers.ShareServer, servers.ServerThatDoesItAll, servers.ServerInPieces):
            with self.subTest(server=kind.__name__):
                server = self.peer(kind, FILES)
                process = self.run_client("download", "a b.bin", server.endpoint, "-o", "-",
                                          "--protocol", "seed")
                self.assert_status(process, 0)
                self.assertTrue(process.stdout == DATA)
                self.assert_no_offence(server)

    def test_what_goes_wrong_with_a_download_is_the_exit_status_and_leaves_nothing(self):
        for kind, status in ((servers.ServerThatFlips, 4), (servers.ServerThatHashesNothing, 4),
                             (servers.ServerThatLeaves, 8), (servers.ServerThatResets, 8),
                             (servers.ServerThatRefuses, 9), (servers.ServerThatIsSilent, 7)):
            with self.subTest(server=kind.__name__):
                server = self.peer(kind, {"file": DATA})
                process = self.download(server, "file",
                                        options=("--protocol", "seed", "--timeout", "1"))
                self.assert_verdict(process, b"", status)
                self.assertEqual(list(self.to.glob("*")) + self.leftovers(), [])

    def test_what_goes_wrong_with_an_upload_is_the_exit_status(self):
        for kind, status in ((servers.ServerThatFlips, 4), (servers.ServerThatHashesNothing, 4),
                             (servers.ServerThatLeaves, 8), (servers.ServerThatRefuses, 9),
                             (servers.ServerThatIsSilent, 7)):
            with self.subTest(server=kind.__name__):
                server = self.peer(kind)
                process = self.run_client("upload", *self.make_files({"file": DATA}),
                                          server.endpoint, "--protocol", "seed", "--timeout", "1")
                self.assert_verdict(process, b"Fail file\n", status)

    def test_some_of_several_files_are_a_partial_success(self):
        class Flipping(servers.ServerThatFlips):
            def give(self, client, name, data):
                if name == "bad":
                    super().give(client, name, data)
                else:
                    client.sendall(data)
        server = self.peer(Flipping, {"bad": b"bad", "good": b"good", "fine": b"fine"})
        process = self.download(server, "--all", options=("--protocol", "seed"))
        self.assert_verdict(process, b"", 3)
        self.assert_folder(self.to, {"good": b"good", "fine": b"fine"})

    def test_names_of_a_server_do_not_lead_out_of_the_folder(self):
        server = self.peer(servers.ShareServer, {"../out": b"1", "/tmp/x": b"22", "..": b"333"})
        process = self.download(server, "--all", options=("--protocol", "seed"))
        self.assert_verdict(process, b"", 9)
        self.assertEqual(list(self.to.glob("*")), [])
        self.assertFalse((self.folder / "out").exists())
        self.assertNotIn("DOWNLOAD", server.commands)


if __name__ == "__main__":
    unittest.main(verbosity=2)
