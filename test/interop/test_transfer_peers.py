"""The transfer peers among themselves: what they cannot do without us, they cannot show about us."""

import unittest

import transfer_receivers as receivers
import transfer_senders as senders

DATA = bytes(range(256)) * 400


class Peers(unittest.TestCase):

    def receiver(self, kind=receivers.Receiver):
        receiver = kind()
        self.addCleanup(receiver.stop)
        return receiver

    def test_the_document_s_two_understand_each_other_when_the_header_is_a_segment_of_its_own(self):
        receiver = self.receiver()
        answer = senders.sender_that_pauses(receiver.address, "a", DATA)
        self.assertEqual(answer, receivers.VERIFIED)
        self.assertEqual(receiver.files, {"a": DATA})
        self.assertEqual(receiver.offences, [])

    def test_a_header_joined_to_the_file_is_an_offence(self):
        receiver = self.receiver()
        answer = senders.sender_that_joins(receiver.address, "a", b"abc")
        self.assertEqual(answer, "")
        self.assertEqual(len(receiver.offences), 1)

    def test_what_is_lost_or_flipped_is_told(self):
        for kind, sentence in ((receivers.ReceiverThatFlips, receivers.MISMATCH),
                               (receivers.ReceiverThatLoses, receivers.INCOMPLETE)):
            receiver = self.receiver(kind)
            self.assertEqual(senders.sender_that_pauses(receiver.address, "a", DATA), sentence)


if __name__ == "__main__":
    unittest.main(verbosity=2)
