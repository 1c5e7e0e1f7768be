"""`send --protocol seed` with receivers of other makes."""

import os
import unittest

from base import DATA, InteropCase
import transfer_receivers as receivers


class OurTransferSender(InteropCase):

    def send(self, receiver, *paths, options=(), deadline=20.0):
        paths = paths or (self.make_file(DATA, "a b.bin"),)
        # The folder keeps the cache of one test from another.
        return self.run_netcopy("send", *paths, receiver.endpoint, "--protocol", "seed", *options,
                                deadline=deadline,
                                environment={"XDG_CACHE_HOME": str(self.folder / "cache")})

    def test_every_kind_of_receiver_gets_the_file(self):
        for kind in receivers.GOOD_RECEIVERS:
            with self.subTest(receiver=kind.__name__):
                receiver = self.peer(kind)
                sender = self.send(receiver)
                self.assert_verdict(sender, b"", 0)
                self.assertTrue(receiver.files == {"a b.bin": DATA})
                self.assert_no_offence(receiver)

    def test_files_of_every_size_go_to_the_receiver_of_the_document(self):
        for size in (0, 1, 4095, 4096, 4097, 1_000_000):
            with self.subTest(size=size):
                receiver = self.peer(receivers.Receiver)
                sender = self.send(receiver, self.make_file(DATA[:1] * size, "file"))
                self.assert_verdict(sender, b"", 0)
                self.assertTrue(receiver.files == {"file": DATA[:1] * size})
                self.assert_no_offence(receiver)

    def test_several_files_go_one_by_one(self):
        receiver = self.peer(receivers.Receiver)
        paths = [self.make_file(DATA + name.encode(), name) for name in ("a", "b", "c")]
        self.assert_verdict(self.send(receiver, *paths), b"", 0)
        self.assertTrue(receiver.files == {n: DATA + n.encode() for n in ("a", "b", "c")})
        self.assert_no_offence(receiver)

    def test_only_the_last_component_of_a_path_is_said(self):
        folder = self.folder / "x" / "y"
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(DATA)
        receiver = self.peer(receivers.Receiver)
        self.assert_verdict(self.send(receiver, folder / "file"), b"", 0)
        self.assert_no_offence(receiver)

    def test_what_the_receiver_makes_of_it_is_the_exit_status(self):
        for kind, status, words in (
                (receivers.ReceiverThatFlips, 4, ["mismatch"]),
                (receivers.ReceiverThatLoses, 8, ["Incomplete"]),
                (receivers.ReceiverThatIsSilent, 5, []),
                (receivers.ReceiverThatResets, 8, []),
                (receivers.ReceiverThatRefuses, 9, ["disk full"]),
                (receivers.ReceiverThatSaysNothingOfUse, 5, ["ACK"]),
                (receivers.ReceiverThatHangsUp, 8, [])):
            with self.subTest(receiver=kind.__name__):
                receiver = self.peer(kind)
                data = DATA * 20 if kind is receivers.ReceiverThatRefuses else DATA
                sender = self.send(receiver, self.make_file(data, "file"),
                                   options=("--retry", "0"))
                self.assert_verdict(sender, b"", status)
                for word in ["file", *words]:
                    self.assertIn(word.encode(), sender.stderr)

    def test_a_receiver_that_never_answers_is_a_stall(self):
        receiver = self.peer(receivers.ReceiverThatNeverAnswers)
        sender = self.send(receiver, options=("--timeout", "1", "--retry", "0"))
        self.assert_verdict(sender, b"", 7)

    def test_a_second_time_the_digest_comes_from_the_cache_and_is_still_right(self):
        path = self.make_file(DATA, "file")
        os.utime(path, (1_700_000_000, 1_700_000_000))
        receiver = self.peer(receivers.Receiver)
        for _ in range(2):
            self.assert_verdict(self.send(receiver, path), b"", 0)
        self.assertTrue((self.folder / "cache/netcopy/digests.db").exists())
        # The same time and size, and other bytes: as the cache cannot know, the receiver does.
        path.write_bytes(DATA[::-1])
        os.utime(path, (1_700_000_000, 1_700_000_000))
        self.assert_verdict(self.send(receiver, path), b"", 4)
        self.assert_verdict(self.send(receiver, path, options=("--no-cache",)), b"", 0)
        os.utime(path, (1_700_000_001, 1_700_000_001))
        self.assert_verdict(self.send(receiver, path), b"", 0)
        self.assert_no_offence(receiver)

    def test_a_name_that_the_wire_cannot_say_is_refused_here(self):
        receiver = self.peer(receivers.Receiver)
        sender = self.send(receiver, self.make_file(DATA, "a<SEPARATOR>b"))
        self.assert_verdict(sender, b"", 9)
        self.assertEqual(receiver.files, {})

    def test_a_receiver_of_the_document_is_found_out_without_being_told(self):
        """It takes the netcopy/1 opening for a header, says nothing and closes; then the seed's."""
        receiver = self.peer(receivers.Receiver)
        path = self.make_file(DATA, "file")
        sender = self.run_netcopy("send", path, receiver.endpoint, "--no-cache")
        self.assert_verdict(sender, b"", 0)
        self.assertTrue(receiver.files == {"file": DATA})
        self.assertEqual(len(receiver.offences), 1)  # the opening


if __name__ == "__main__":
    unittest.main(verbosity=2)
