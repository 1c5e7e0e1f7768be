"""Names of every kind, there and back; names that must not leave a folder."""

import os
import socket
import threading
import unittest

import raw
import trees
from harness import random_bytes
from sharing import ShareCase, id_of


def flat_names():
    """All that a folder can hold; the list of test_copy_trees, and more."""
    yield from trees.names()
    yield from [b"END", b"EOF", b"DONE", b"LAST", b"GET x", b"No files available at the moment",
                b"*.txt", b"[x]", b"0" * 32, b"abcdef", b".netcopy2", b"index.db"]


class Names(ShareCase):

    def setUp(self):
        super().setUp()
        self.files = {name: b"of " + name for name in flat_names()}

    def test_every_name_goes_up_is_listed_and_comes_down(self):
        for name, data in self.files.items():
            trees.put(os.fsencode(self.source) + b"/" + name, data)
        server = self.share()
        self.upload(*(os.fsencode(self.source) + b"/" + name for name in self.files), to=server)
        self.assert_files(self.shared, self.files)
        self.wait_served(server, self.files)
        self.assertEqual([line.name for line in self.listed(server)], sorted(self.files))
        self.download("--all", to=server)
        self.assert_files(self.target, self.files)

    def test_every_name_that_is_copied_in_by_hand_is_served_after_a_restart(self):
        for name, data in self.files.items():
            self.put(name, data)
        self.wait_served(self.share(), self.files)
        self.wait_served(self.share(), self.files)

    def test_a_file_can_be_asked_for_by_any_name(self):
        for name in (b" ", b"-rf", b"new\nline", b"\\x20", b"*.txt", b"\xff\xfe"):
            self.put(name, self.files[name])
        server = self.share()
        self.wait_served(server, {name: self.files[name] for name in
                                  (b" ", b"-rf", b"new\nline", b"\\x20", b"*.txt", b"\xff\xfe")})
        for name in (b" ", b"-rf", b"new\nline", b"\\x20", b"*.txt", b"\xff\xfe"):
            with self.subTest(name=name):
                target = os.fsencode(self.folder) + b"/" + name.hex().encode()
                run = self.start("download", "-o", target, "--", name, server.endpoint,
                                 environment={"NETCOPY_PROTOCOL": "netcopy"})
                self.assert_status(run, 0)
                self.assert_files(target, {name: self.files[name]})

    def test_files_that_hold_the_words_of_the_protocols_are_never_cut(self):
        files = {"eof": b"EOF", "done": b"DONE\n", "lines": b"END 12345678\nBYE\n" * 1000,
                 "inside": b"x" * 65_536 + b"EOF" + b"y" * 65_536, "empty": b"",
                 "ends": random_bytes(1 << 20) + b"EOF"}
        paths = [self.write(name, data) for name, data in files.items()]
        server = self.share()
        self.upload(*paths, to=server)
        self.assert_files(self.shared, files)
        for protocol in ("netcopy", "seed"):
            with self.subTest(protocol=protocol):
                target = self.folder / protocol
                self.download("--all", "--protocol", protocol, to=server, output=target)
                self.assert_files(target, files)

    def test_by_the_seeds_protocol_files_go_up_and_come_down_as_well(self):
        files = {"one": b"1", "two words": random_bytes(2 << 20, 2), "empty": b"",
                 "Größe": b"utf-8"}
        paths = [self.write(name, data) for name, data in files.items()]
        server = self.share()
        run = self.upload("--protocol", "seed", *paths, to=server)
        self.assert_lines(run, *(f"Success {name}" for name in files))
        self.assert_files(self.shared, files)
        listing = self.client("list", "--protocol", "seed", to=server)
        self.assertEqual(sorted(line.split(b"\t")[0] for line in listing.stdout.splitlines()),
                         sorted(id_of(data).encode() for data in files.values()))
        self.download("--protocol", "seed", "--all", to=server)
        self.assert_files(self.target, files)

    def test_a_name_that_the_seeds_wire_cannot_say_is_there_in_netcopy_1_only(self):
        self.put("a;b", b"x")
        self.put("plain", b"y")
        server = self.share()
        self.wait_served(server, {"a;b": b"x", "plain": b"y"})
        listing = self.client("list", "--protocol", "seed", to=server)
        self.assertEqual(len(listing.stdout.splitlines()), 1)
        self.assertIn(b"plain", listing.stdout)


class Outside(ShareCase):

    NAMES = (b"../evil", b"/tmp/evil", b"..", b".", b"a/b", b"", b"a\x00b")

    def lying_server(self, name, data=b"evil"):
        """A server of the seed's protocol whose list has this name."""
        listener = raw.listener()
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except (OSError, socket.timeout):
                    return
                threading.Thread(target=talk, args=(peer,), daemon=True).start()

        def talk(peer):
            peer.settimeout(10)
            try:
                while command := peer.recv(4096):
                    if command.startswith(b"LIST"):
                        peer.sendall(id_of(data).encode() + b";" + name + b";%d\n" % len(data))
                    elif command.startswith(b"DOWNLOAD"):
                        peer.sendall(b"which?")
                        peer.recv(4096)
                        peer.sendall(data)
            except OSError:
                pass
            peer.close()
        threading.Thread(target=serve, daemon=True).start()
        return listener

    def test_a_server_cannot_write_outside_the_folder(self):
        for name in self.NAMES:
            with self.subTest(name=name):
                target = self.folder / "deep" / "target"
                target.mkdir(parents=True, exist_ok=True)
                run = self.start("download", "--protocol", "seed", "-o", target, "--all",
                                 self.lying_server(name).endpoint)
                status = run.wait()
                if b"\x00" not in name:  # which no line of a list has
                    self.assertNotEqual(status, 0)
                found = [p for p in trees.snapshot(self.folder / "deep")
                         if p not in (b"", b"target")]
                self.assertEqual(found, [])

    def test_a_client_cannot_write_outside_the_share(self):
        server = self.share()
        for name in self.NAMES:
            with self.subTest(name=name):
                with raw.connect(server.address) as peer:
                    peer.sendall(b"UPLOAD")
                    peer.recv(4096)
                    peer.sendall(name + b";4")
                    try:
                        peer.recv(4096)
                        peer.sendall(b"evil")
                        peer.recv(4096)
                    except OSError:
                        pass
        self.assert_files(self.shared, {})
        self.assertFalse((self.folder / "evil").exists())
        self.assertFalse(os.path.exists("/tmp/evil"))
        path = self.write("file", b"x")
        self.upload(path, to=server)
        self.assert_files(self.shared, {"file": b"x"})

    def test_the_index_cannot_be_downloaded_or_replaced(self):
        server = self.serve({"file": b"x"})
        for word in (".netcopy", ".netcopy/index.db", "index.db"):
            self.download(word, to=server, status=1)
        path = self.write(".netcopy", b"other")
        run = self.upload(path, to=server, status=9)
        self.assert_lines(run, "Fail .netcopy")


if __name__ == "__main__":
    unittest.main(verbosity=2)
