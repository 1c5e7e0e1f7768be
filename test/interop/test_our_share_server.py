"""`share` with clients of the seed's protocol of other makes."""

import hashlib
import random
import threading
import time
import unittest

from base import DATA, InteropCase
from harness import wait_until
import share_clients as clients

WORDS = b"EOFDONEEOFLIST_FILESEOF" * 7
COLLISION_FREE = [b"", b"EOF", b"DONE", WORDS, b"No files available at the moment", b"\n", DATA]


class OurShareServer(InteropCase):

    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        self.shared.mkdir()

    def share(self, *options):
        server = self.start("share", self.shared, "--listen", "127.0.0.1:0", *options)
        server.listening()
        return server

    def stored(self):
        self.assertEqual(self.leftovers(self.shared), [])
        return {path.name: path.read_bytes() for path in self.shared.iterdir() if path.is_file()}

    def clear(self, client):
        for path in self.shared.iterdir():
            if path.is_file():
                path.unlink()
        wait_until(lambda: client.list() == {}, what="an empty list")

    def test_the_session_of_the_document_in_22_steps(self):
        data = bytes(range(256)) * 482 + b"more"
        server = self.share()                                              # 1
        client = clients.Client(server.address)                            # 2, 3
        self.assertEqual(client.list(), {})                                # 4, 5
        answer = client.upload("my_file.jpg", data)                        # 6 to 13
        self.assertEqual(answer, hashlib.md5(data).hexdigest())            # 14
        files = client.list()                                              # 15, 16
        self.assertEqual(files, {answer: ("my_file.jpg", len(data))})
        came = client.download(answer, len(data))                          # 17 to 20
        self.assertEqual(hashlib.md5(came).hexdigest(), answer)            # 21
        client.close()                                                     # 22
        self.assertEqual(self.stored(), {"my_file.jpg": data})

    def test_a_client_of_every_kind_can_do_everything(self):
        server = self.share()
        with clients.Client(server.address) as observer:
            for kind in clients.KINDS:
                with self.subTest(client=kind.__name__), kind(server.address) as client:
                    self.assertEqual(client.list(), {})
                    for number, data in enumerate(COLLISION_FREE):
                        name = f"{number} file.bin"
                        self.assertEqual(client.upload(name, data), clients.md5(data))
                        self.assertEqual(client.list()[clients.md5(data)], (name, len(data)))
                        self.assertTrue(client.download(clients.md5(data), len(data)) == data)
                    self.assertTrue(self.stored() == {
                        f"{number} file.bin": data for number, data in enumerate(COLLISION_FREE)})
                self.clear(observer)

    def test_what_is_refused_is_said_in_words_and_changes_nothing(self):
        server = self.share("--max-size", "100")
        for details, words in ((b"a;101", b"the file is too large"),
                               (b"../a;1", b"the name is not allowed"),
                               (b"/etc/passwd;1", b"the name is not allowed"),
                               (b".netcopy;1", b"the name is not allowed"),
                               (b"a\n", b"that is no name;size")):
            with self.subTest(details=details):
                heard = clients.converse(server.address, b"UPLOAD", details)
                self.assertEqual(heard, b"Please send the file name and file sizeRefused: " + words)
        self.assertEqual(clients.converse(server.address, b"HELO"),
                         b"Refused: that is no command")
        self.assertEqual(self.stored(), {})

    def test_a_read_only_share_takes_nothing(self):
        (self.shared / "a").write_bytes(DATA)
        server = self.share("--read-only")
        heard = clients.converse(server.address, b"UPLOAD")
        self.assertEqual(heard, b"Refused: this share is read-only")
        with clients.Client(server.address) as client:
            wait_until(client.list, what="the file in the list")
            self.assertTrue(client.download(clients.md5(DATA), len(DATA)) == DATA)
        self.assertEqual(list(self.stored()), ["a"])

    def test_a_quota_holds_for_all_uploads_together(self):
        server = self.share("--quota", "1000000")
        with clients.Client(server.address) as client:
            client.upload("a", DATA)
            client.upload("b", DATA[1:])
        heard = clients.converse(server.address, b"UPLOAD", b"c;500000")
        self.assertTrue(heard.endswith(b"Refused: there is no room for it"))
        self.assertEqual(sorted(self.stored()), ["a", "b"])

    def test_an_id_that_nobody_has_is_answered_by_a_reset(self):
        server = self.share()
        for file_id in (clients.md5(b"x").encode(), b"a.txt", b"g" * 32):
            heard = clients.converse(server.address, b"DOWNLOAD", file_id)
            self.assertEqual(heard, b"Please send a file ID<reset>")

    def test_a_file_that_changes_or_goes_while_it_is_served_does_not_arrive_whole(self):
        size = 64 << 20
        data = random.Random(4).randbytes(1 << 20) * 64
        for change in ("removed", "changed"):
            with self.subTest(change=change):
                path = self.shared / "large"
                path.write_bytes(data)
                server = self.share()
                with clients.Client(server.address) as client:
                    wait_until(client.list, what="the file in the list")
                    client.begin("DOWNLOAD")
                    client.hear()
                    client.say(clients.md5(data))
                    came = len(client.peer.recv(1024))
                    if change == "removed":
                        path.unlink()
                    else:
                        with path.open("r+b") as file:
                            file.seek(size - 10)
                            file.write(b"other")
                    with self.assertRaises(ConnectionResetError):
                        while piece := client.peer.recv(1 << 20):
                            came += len(piece)
                    self.assertLess(came, size)
                server.end()

    def test_what_arrives_in_part_is_not_kept(self):
        server = self.share()
        for upload in (clients.upload_in_part, clients.upload_that_resets):
            upload(server.address, "a", DATA)
        with clients.Client(server.address) as client:
            self.assertEqual(client.upload("b", b"b"), clients.md5(b"b"))
            self.assertEqual(list(client.list().values()), [("b", 1)])
        wait_until(lambda: list(self.stored()) == ["b"], what="nothing but what arrived")

    def test_names_that_the_list_cannot_have_are_left_out_with_a_warning(self):
        for name in ("a;b", "c\nd", "e"):
            (self.shared / name).write_bytes(name.encode())
        server = self.share()
        with clients.Client(server.address) as client:
            wait_until(client.list, what="the file in the list")
            self.assertEqual(list(client.list().values()), [("e", 1)])
            self.assertEqual(client.download(clients.md5(b"a;b"), 3), b"a;b")
        wait_until(lambda: b"left out" in server.stderr, what="the warning")

    def test_many_clients_at_once_each_have_their_file(self):
        server = self.share()
        failures = []

        def work(number):
            data = DATA + bytes([number])
            try:
                with clients.KINDS[number % len(clients.KINDS)](server.address) as client:
                    self.assertEqual(client.upload("same name", data), clients.md5(data))
                    self.assertTrue(client.download(clients.md5(data), len(data)) == data)
                    self.assertIn(clients.md5(data), client.list())
            except Exception as error:  # noqa: BLE001 - told below, with the others
                failures.append(f"{number}: {error!r}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertTrue(sorted(self.stored().values()) ==
                        sorted(DATA + bytes([number]) for number in range(40)))

    def test_a_client_that_says_nothing_holds_nobody_up_and_is_given_up(self):
        server = self.share("--idle-timeout", "1")
        with clients.dial(server.address) as silent, clients.Client(server.address) as client:
            began = time.monotonic()
            self.assertEqual(client.list(), {})
            self.assertEqual(silent.recv(1), b"")
            self.assertLess(time.monotonic() - began, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
