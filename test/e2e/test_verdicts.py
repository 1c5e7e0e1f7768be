"""What `receive` says about a file, and what it leaves on disk: every form of checksum, every
way in which one is missing."""

import shutil
import unittest
import zlib
from hashlib import md5

import raw
from harness import CORRUPTED, Case, OK, crc32_hex, md5_hex, random_bytes, wait_until


def find(condition, digest):
    """The first small content whose digest has a property."""
    return next(data for number in range(1 << 22)
                if condition(digest(data := b"%d" % number)))


class Verdicts(Case):

    def setUp(self):
        super().setUp()
        self.checksums = self.checksum_server()
        self.target = self.folder / "target"

    def receive(self, data, *options, older=None):
        """Sends `data` through a raw connection; the receiver is left to its verdict."""
        if older is not None:
            self.target.write_bytes(older)
        receiver = self.receiver(self.target, self.checksums, *options)
        with raw.connect(receiver.address) as peer:
            peer.sendall(data)
        return receiver

    def assert_accepted(self, data, checksum, *options, length=None):
        raw.insert(self.checksums, 1, checksum, length=length)
        receiver = self.receive(data, *options)
        self.assert_verdict(receiver, OK, 0)
        self.assert_folder(self.folder, {"target": data})
        self.target.unlink()

    def assert_refused(self, receiver, status, data, older=None):
        """Nothing under the final name but what was there; what came is kept beside it."""
        self.assert_verdict(receiver, CORRUPTED, status)
        expected = {"target.corrupted": data}
        if older is not None:
            expected["target"] = older
        self.assert_folder(self.folder, expected)

    def test_md5_is_accepted_in_lower_and_upper_case(self):
        data = random_bytes(300_000)
        self.assert_accepted(data, md5_hex(data))
        self.assert_accepted(data, md5_hex(data).upper())

    def test_md5_is_accepted_whatever_length_was_announced(self):
        data = b"announced as sixteen bytes, sent as thirty-two digits"
        self.assert_accepted(data, md5_hex(data), length=16)

    def test_md5_is_accepted_as_sixteen_raw_bytes(self):
        self.assert_accepted(b"raw", md5(b"raw").digest())

    def test_raw_md5_may_hold_any_byte(self):
        def md5_of(data):
            return md5(data).digest()
        for condition in (lambda d: d[-1:] == b"\n", lambda d: d[:1] == b" ", lambda d: d[-1] == 0,
                          lambda d: b"|" in d, lambda d: d[:1] == b"\r", lambda d: d[-1:] == b" "):
            data = find(condition, md5_of)
            with self.subTest(digest=md5_of(data)):
                self.assert_accepted(data, md5_of(data))

    def test_crc32_is_accepted_as_hex_digits(self):
        data = random_bytes(300_000)
        self.assert_accepted(data, crc32_hex(data))
        self.assert_accepted(data, crc32_hex(data).upper())

    def test_crc32_is_accepted_as_decimal(self):
        data = random_bytes(300_000)
        self.assert_accepted(data, str(zlib.crc32(data)))

    def test_crc32_is_accepted_with_0x(self):
        data = random_bytes(300_000)
        self.assert_accepted(data, f"{zlib.crc32(data):#010x}")
        self.assert_accepted(data, f"0x{zlib.crc32(data):08X}")

    def test_crc32_that_begins_with_zeros_is_accepted_in_every_form(self):
        data = find(lambda crc: 0 < crc < 1 << 16, zlib.crc32)
        crc = zlib.crc32(data)
        for form in (str(crc), hex(crc), f"{crc:08x}", f"0x{crc:08x}"):
            with self.subTest(form=form):
                self.assert_accepted(data, form)

    def test_eight_decimal_digits_are_tried_as_decimal_and_as_hex(self):
        decimal = find(lambda crc: 10**7 <= crc < 10**8, zlib.crc32)
        self.assert_accepted(decimal, str(zlib.crc32(decimal)))
        as_hex = find(lambda crc: f"{crc:08x}".isdecimal(), zlib.crc32)
        self.assert_accepted(as_hex, crc32_hex(as_hex))

    def test_an_empty_file_is_accepted_with_either_digest(self):
        self.assert_accepted(b"", md5_hex(b""))
        self.assert_accepted(b"", "0")
        self.assert_accepted(b"", "00000000")

    def test_white_space_around_a_checksum_is_no_part_of_it(self):
        self.assert_accepted(b"trimmed", md5_hex(b"trimmed") + "\n")

    def test_a_mismatch_is_corrupted_and_the_older_file_stays(self):
        for checksum in (md5_hex(b"other"), md5(b"other").digest(), crc32_hex(b"other"),
                         str(zlib.crc32(b"other"))):
            with self.subTest(checksum=checksum):
                raw.insert(self.checksums, 1, checksum)
                receiver = self.receive(b"damaged", older=b"older")
                self.assert_refused(receiver, 4, b"damaged", older=b"older")

    def test_one_flipped_bit_in_many_mib_is_a_mismatch(self):
        data = random_bytes(8_000_000)
        raw.insert(self.checksums, 1, md5_hex(data))
        flipped = data[:5_000_000] + bytes([data[5_000_000] ^ 1]) + data[5_000_001:]
        self.assert_refused(self.receive(flipped), 4, flipped)

    def test_a_missing_byte_is_a_mismatch(self):
        data = random_bytes(1_000_000)
        raw.insert(self.checksums, 1, md5_hex(data))
        self.assert_refused(self.receive(data[:-1]), 4, data[:-1])

    def test_a_mismatch_replaces_what_an_earlier_one_left(self):
        (self.folder / "target.corrupted").write_bytes(b"from last time, and longer")
        raw.insert(self.checksums, 1, md5_hex(b"other"))
        self.assert_refused(self.receive(b"damaged"), 4, b"damaged")

    def test_a_mismatch_says_in_one_line_what_is_wrong(self):
        raw.insert(self.checksums, 1, md5_hex(b"other"))
        receiver = self.receive(b"damaged")
        self.assert_status(receiver, 4)
        self.assert_one_error_line(receiver, "netcopy receive: ", "target")

    def test_a_missing_checksum_is_unverified_after_two_seconds(self):
        receiver = self.receive(b"nobody inserts", older=b"older")
        self.assert_refused(receiver, 5, b"nobody inserts", older=b"older")

    def test_a_checksum_that_comes_late_is_awaited(self):
        receiver = self.receive(b"late")
        # The receiver asks at the end of file; nothing is on disk under the final name till then.
        wait_until(lambda: self.leftovers() or self.target.exists(), what="the temporary file")
        self.assertFalse(self.target.exists())
        self.assertTrue(receiver.running)
        raw.insert(self.checksums, 1, md5_hex(b"late"))
        self.assert_verdict(receiver, OK, 0)
        self.assert_folder(self.folder, {"target": b"late"})

    def test_an_expired_checksum_is_unverified(self):
        raw.insert(self.checksums, 1, md5_hex(b"expired"), validity=1)
        wait_until(lambda: raw.take(self.checksums, 1) == b"0|", what="the expiry")
        self.assert_refused(self.receive(b"expired"), 5, b"expired")

    def test_another_file_id_is_unverified(self):
        raw.insert(self.checksums, 2, md5_hex(b"other id"))
        self.assert_refused(self.receive(b"other id"), 5, b"other id")

    def test_a_checksum_in_no_known_digest_is_never_ok(self):
        raw.insert(self.checksums, 1, "abcdefabcdef")
        self.assert_refused(self.receive(b"what is that"), (4, 5), b"what is that")

    def test_an_entry_in_a_digest_that_was_not_computed_is_unverified(self):
        raw.insert(self.checksums, 1, crc32_hex(b"named"))
        self.assert_refused(self.receive(b"named", "--checksum", "md5"), 5, b"named")
        raw.insert(self.checksums, 1, md5_hex(b"named"))
        self.assert_refused(self.receive(b"named", "--checksum", "crc32"), 5, b"named")

    def test_a_checksum_server_that_vanishes_during_the_transfer_is_unverified(self):
        self.target.write_bytes(b"older")
        receiver = self.receiver(self.target, self.checksums)
        raw.insert(self.checksums, 1, md5_hex(b"half and half"))
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"half and")
            raw.wait_read(peer)
            self.checksums.kill()
            peer.sendall(b" half")
        self.assert_refused(receiver, 5, b"half and half", older=b"older")
        self.assert_one_error_line(receiver, "netcopy receive: ", self.checksums.endpoint)

    def test_a_checksum_server_that_never_answers_is_unverified(self):
        with raw.listener() as silent:
            receiver = self.receiver(self.target, silent, "--idle-timeout", 2, "--connect-timeout",
                                     2)
            with raw.connect(receiver.address) as peer:
                peer.sendall(b"no answer")
            self.assert_refused(receiver, 5, b"no answer")

    def test_a_checksum_server_that_talks_rubbish_is_unverified(self):
        for answer in (b"no such thing", b"ERR|nonsense\n", b"", b"12"):
            with self.subTest(answer=answer):
                self.assert_verdict(self.receive_answered(b"rubbish", answer), CORRUPTED, (5, 8))
                self.assertFalse(self.target.exists())

    def test_an_answer_that_is_cut_off_is_unverified(self):
        stump = b"32|" + md5_hex(b"cut off")[:20].encode()
        for then, status in (("reset", 5), ("silence", 5), ("close", (4, 5))):
            with self.subTest(then=then):  # a close may be the end of an answer of that length
                receiver = self.receive_answered(b"cut off", stump, then)
                self.assert_verdict(receiver, CORRUPTED, status)

    def receive_answered(self, data, answer, then="close"):
        """A receiver that got `data`, and this answer to each of its questions."""
        with raw.listener() as checksums:
            receiver = self.receiver(self.target, checksums)
            checksums.settimeout(0.1)
            with raw.connect(receiver.address) as peer:
                peer.sendall(data)
            while receiver.running:
                try:
                    asker = checksums.take_peer()
                    self.addCleanup(asker.close)
                    asker.recv(1024)
                    asker.sendall(answer)
                    if then == "reset":
                        raw.reset(asker)
                    elif then == "close":
                        asker.close()
                except OSError:
                    pass
        return receiver

    def test_a_checksum_server_that_floods_is_cut_off(self):
        with raw.listener() as flooder:
            receiver = self.receiver(self.target, flooder, "--idle-timeout", 2)
            with raw.connect(receiver.address) as peer:
                peer.sendall(b"flood")
            with flooder.take_peer() as asker:
                asker.recv(1024)
                with self.assertRaises(OSError):
                    for _ in range(4096):
                        asker.sendall(b"32|" + b"a" * 65536)
            self.assert_verdict(receiver, CORRUPTED, (4, 5, 8))

    def test_a_deleted_target_folder_is_a_local_error(self):
        folder = self.folder / "gone"
        folder.mkdir()
        receiver = self.receiver(folder / "target", self.checksums)
        shutil.rmtree(folder)
        with raw.connect(receiver.address) as peer:
            peer.sendall(b"nowhere")
            raw.ends(peer)
        self.assert_verdict(receiver, CORRUPTED, 11)


if __name__ == "__main__":
    unittest.main(verbosity=2)
