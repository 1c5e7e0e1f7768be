"""`receive` with senders of other makes."""

import hashlib
import re
import unittest

from base import DATA, InteropCase
from harness import wait_until
import transfer_senders as senders

STAMPED = re.compile(r"\d{8}_\d{6}_(.*)")
VERIFIED = "File received successfully - MD5 verified"


class OurTransferReceiver(InteropCase):

    def setUp(self):
        super().setUp()
        self.folder_of = self.folder / "received_files"

    def service(self, *options):
        service = self.start("receive", self.folder_of, "--listen", "127.0.0.1:0", *options)
        service.listening()
        return service

    def received(self):
        """Name without its time stamp -> bytes; temporary files have no place there."""
        self.assertEqual(self.leftovers(self.folder_of), [])
        files = {}
        for path in self.folder_of.iterdir():
            match = STAMPED.fullmatch(path.name)
            self.assertTrue(match, f"{path.name} has no time stamp")
            files[match[1]] = path.read_bytes()
        return files

    def assert_received(self, name, data):
        files = wait_until(self.received, what="a file")
        self.assertEqual(sorted(files), [name])
        self.assertTrue(files[name] == data, f"{name} holds other bytes")
        for path in self.folder_of.iterdir():
            path.unlink()

    def test_a_sender_of_every_kind_hears_the_sentence_of_the_document(self):
        service = self.service()
        for sender in senders.MD5_SENDERS:
            with self.subTest(sender=sender.__name__):
                data = DATA + sender.__name__.encode()
                self.assertEqual(sender(service.address, "a b.bin", data), VERIFIED)
                self.assert_received("a b.bin", data)

    def test_a_sender_of_every_kind_gets_an_empty_file_across(self):
        service = self.service()
        for sender in senders.MD5_SENDERS:
            with self.subTest(sender=sender.__name__):
                self.assertEqual(sender(service.address, "empty", b""), VERIFIED)
                self.assert_received("empty", b"")

    def test_files_of_hex_digits_are_not_taken_for_a_longer_digest(self):
        service = self.service()
        md5_list = hashlib.md5(DATA).hexdigest().encode() + b"  file\n"
        for data in (b"20240101", md5_list, md5_list * 1000, b"0123456789abcdef" * 4096):
            for sender in (senders.sender_of_the_document, senders.sender_that_joins,
                           senders.sender_of_single_bytes):
                with self.subTest(sender=sender.__name__, size=len(data)):
                    self.assertEqual(sender(service.address, "hex", data), VERIFIED)
                    self.assert_received("hex", data)

    def test_sha1_and_sha256_are_verified_by_their_names(self):
        service = self.service()
        for sender, name in senders.SHA_SENDERS.items():
            with self.subTest(sender=sender.__name__):
                sentence = f"File received successfully - {name} verified"
                self.assertEqual(sender(service.address, "file", DATA), sentence)
                self.assert_received("file", DATA)

    def test_senders_without_a_digest_are_not_answered(self):
        service = self.service()
        for sender in senders.SENDERS_WITHOUT_DIGEST:
            with self.subTest(sender=sender.__name__):
                data = b"no digit first" + DATA
                self.assertIn(sender(service.address, "file", data), (None, ""))
                self.assert_received("file", data)

    def test_without_a_digest_too_a_file_may_begin_with_digits(self):
        service = self.service()
        self.assertIsNone(senders.sender_without_digest(service.address, "pi", b"3.14159"))
        self.assert_received("pi", b"3.14159")

    def test_a_sender_that_leaves_without_its_answer_has_sent_its_file(self):
        service = self.service()
        senders.sender_that_leaves(service.address, "file", DATA)
        self.assert_received("file", DATA)

    def test_what_does_not_verify_is_kept_apart(self):
        service = self.service()
        half = DATA[:len(DATA) // 2]
        flipped = DATA[:-1] + bytes([DATA[-1] ^ 1])
        for sender, sentence, kept in (
                (senders.sender_that_stops_short, "File transfer failed: Incomplete transfer",
                 half),
                (senders.sender_of_other_bytes, "File transfer failed: MD5 mismatch", flipped)):
            with self.subTest(sender=sender.__name__):
                self.assertEqual(sender(service.address, "file", DATA), sentence)
                self.assert_received("file.corrupted", kept)

    def test_a_sender_that_resets_leaves_no_file_of_its_name(self):
        service = self.service()
        senders.sender_that_resets(service.address, "file", DATA)
        files = wait_until(self.received, what="what came")
        self.assertEqual(list(files), ["file.corrupted"])
        self.assertTrue(DATA.startswith(files["file.corrupted"]))

    def test_what_is_no_header_disturbs_nobody(self):
        service = self.service()
        for bytes_ in (b"\x16\x03\x01\x00\xa5\x01", b"GET / HTTP/1.1\r\n\r\n", b"a<SEPARATOR>x",
                       b"a<SEPARATOR>1<SEPARATOR>zz", b"x" * 20_000, b""):
            with self.subTest(bytes=bytes_[:20]):
                with senders.dial(service.address) as peer:
                    peer.sendall(bytes_)
                    peer.shutdown(senders.socket.SHUT_WR)
                    try:
                        senders.answer_of(peer)
                    except ConnectionResetError:
                        pass
        self.assertEqual(senders.sender_of_the_document(service.address, "file", DATA), VERIFIED)
        self.assert_received("file", DATA)

    def test_a_file_that_cannot_fit_is_refused_ahead(self):
        service = self.service("--max-size", "1000")
        answer = senders.sender_that_joins(service.address, "file", b"x" * 1001)
        self.assertEqual(answer, "File transfer failed: the file is too large")
        self.assertEqual(senders.sender_that_joins(service.address, "file", b"x" * 1000), VERIFIED)
        self.assert_received("file", b"x" * 1000)

    def test_without_time_stamps_the_rule_for_existing_files_holds(self):
        service = self.service("--timestamp", "never")
        send = senders.sender_of_the_document
        self.assertEqual(send(service.address, "file", DATA), VERIFIED)
        self.assertEqual(send(service.address, "file", DATA), VERIFIED)  # the same once more
        self.assertEqual(send(service.address, "file", DATA[1:]),
                         "File transfer failed: another file of that name is there")
        self.assert_folder(self.folder_of, {"file": DATA})

    def test_many_senders_at_once_each_have_their_file(self):
        service = self.service()
        threads = [senders.threading.Thread(
            target=senders.sender_of_the_document,
            args=(service.address, f"file{number}", DATA + bytes([number])))
            for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(self.received() ==
                        {f"file{number}": DATA + bytes([number]) for number in range(50)})

    def test_once_ends_with_the_first_sender(self):
        service = self.service("--once")
        self.assertEqual(senders.sender_of_the_document(service.address, "file", DATA), VERIFIED)
        self.assert_status(service, 0)
        self.assert_received("file", DATA)


if __name__ == "__main__":
    unittest.main(verbosity=2)
