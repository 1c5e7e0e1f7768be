"""A file goes from `send` to `receive`, verified through `checksum-server`."""

import os
import socket
import stat
import threading
import unittest

import raw
from harness import Case, OK, crc32_hex, md5_hex, random_bytes, seconds


class SendReceive(Case):

    def copy(self, data, *, send_options=(), receive_options=(), file_id=7):
        """One whole copy; returns the checksum server."""
        source, target = self.make_file(data), self.folder / "target"
        checksums = self.checksum_server()
        receiver = self.receiver(target, checksums, *receive_options, file_id=file_id)
        sender = self.sender(source, receiver, checksums, *send_options, file_id=file_id)
        self.assert_verdict(sender, b"", 0)
        self.assert_verdict(receiver, OK, 0)
        self.assert_folder(self.folder, {"source": data, "target": data})
        return checksums

    def test_a_file_of_several_mib_arrives_with_md5(self):
        data = random_bytes(9_000_001)
        checksums = self.copy(data)
        self.assertEqual(raw.take(checksums, 7), b"32|" + md5_hex(data).encode())

    def test_a_file_arrives_with_crc32(self):
        data = random_bytes(3_000_000)
        checksums = self.copy(data, send_options=["--checksum", "crc32"])
        self.assertEqual(raw.take(checksums, 7), b"8|" + crc32_hex(data).encode())

    def test_a_file_arrives_when_both_sides_name_crc32(self):
        self.copy(random_bytes(100_000), send_options=["--checksum", "crc32"],
                  receive_options=["--checksum", "crc32"])

    def test_a_file_arrives_when_both_sides_name_md5(self):
        self.copy(random_bytes(100_000), send_options=["--checksum", "md5"],
                  receive_options=["--checksum", "md5"])

    def test_an_empty_file_arrives(self):
        self.copy(b"")

    def test_an_empty_file_arrives_with_crc32(self):
        self.copy(b"", send_options=["--checksum", "crc32"])

    def test_one_byte_arrives(self):
        self.copy(b"\0")

    def test_sizes_around_a_buffer_arrive(self):
        for size in (65535, 65536, 65537, 262143, 262144, 262145):
            with self.subTest(size=size):
                self.copy(random_bytes(size, seed=size))
                (self.folder / "target").unlink()

    def test_a_negative_id_and_twenty_digits_serve(self):
        for file_id in ("-5", "99999999999999999999", "0"):
            with self.subTest(file_id=file_id):
                self.copy(b"id", file_id=file_id)
                (self.folder / "target").unlink()

    def test_the_six_operand_form_works(self):
        data = random_bytes(1_000_000)
        source, target = self.make_file(data), self.folder / "target"
        checksums = self.start("checksum-server", "127.0.0.1", 0)
        checksums.listening()
        receiver = self.start("receive", "127.0.0.1", 0, *checksums.address, -5, target)
        receiver.listening()
        self.assertEqual(receiver.command, "receive")
        sender = self.start("send", *receiver.address, *checksums.address, -5, source)
        self.assert_verdict(sender, b"", 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertTrue(target.read_bytes() == data)

    def test_options_stand_anywhere_among_the_operands(self):
        source, target = self.make_file(b"anywhere"), self.folder / "target"
        checksums = self.checksum_server()
        receiver = self.start(
            "receive", "--listen", "127.0.0.1:0", target, "--id=3",
            "--checksum-server=" + checksums.endpoint)
        receiver.listening()
        sender = self.start("send", "--id", 3, source, "--checksum-server", checksums.endpoint,
                            receiver.endpoint)
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)

    def test_options_work_in_the_six_operand_form(self):
        data = b"crc32 in the assignment's own form"
        source, target = self.make_file(data), self.folder / "target"
        checksums = self.checksum_server()
        receiver = self.start("receive", "127.0.0.1", 0, *checksums.address, 5, target, "-q")
        receiver.listening()
        sender = self.start("send", *receiver.address, "--checksum", "crc32", *checksums.address, 5,
                            source)
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertEqual(raw.take(checksums, 5), b"8|" + crc32_hex(data).encode())

    def test_the_listening_line_comes_first_even_when_quiet(self):
        checksums = self.checksum_server("-q")
        self.assertEqual(checksums.command, "checksum-server")
        self.assertGreater(checksums.port, 0)
        receiver = self.receiver(self.folder / "target", checksums, "-q")
        self.assertEqual(receiver.command, "receive")
        self.assertEqual(receiver.host, "127.0.0.1")

    def test_standard_input_is_sent_in_both_forms(self):
        data = random_bytes(5_000_000)
        checksums = self.checksum_server()
        target = self.folder / "target"
        for spelled_out in (True, False):
            with self.subTest(spelled_out=spelled_out):
                receiver = self.receiver(target, checksums)
                if spelled_out:
                    sender = self.start_sender("-", receiver, checksums, stdin=data)
                else:
                    sender = self.start("send", *receiver.address, *checksums.address, 1, "-",
                                        stdin=data)
                self.assert_status(sender, 0)
                self.assert_verdict(receiver, OK, 0)
                self.assertTrue(target.read_bytes() == data)
                target.unlink()

    def test_standard_input_that_comes_in_drops_is_sent_whole(self):
        checksums = self.checksum_server()
        target = self.folder / "target"
        receiver = self.receiver(target, checksums)
        sender = self.start_sender("-", receiver, checksums, stdin="pipe")
        for piece in (b"one", b" two", b" three"):
            sender.stdin.write(piece)
            sender.stdin.flush()
        sender.stdin.close()
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertEqual(target.read_bytes(), b"one two three")

    def test_an_empty_standard_input_is_an_empty_file(self):
        checksums = self.checksum_server()
        receiver = self.receiver(self.folder / "target", checksums)
        sender = self.sender("-", receiver, checksums, stdin=b"")
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertEqual((self.folder / "target").read_bytes(), b"")

    def test_what_has_no_size_beforehand_is_sent_whole(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        data = random_bytes(200_000)
        writer = threading.Thread(target=fifo.write_bytes, args=(data,))
        writer.start()
        with open("/proc/version", "rb") as file:
            version = file.read()
        checksums = self.checksum_server()
        for source, expected in ((fifo, data), ("/proc/version", version), ("/dev/null", b"")):
            with self.subTest(source=source):
                receiver = self.receiver(self.folder / "target", checksums)
                self.assert_status(self.sender(source, receiver, checksums), 0)
                self.assert_verdict(receiver, OK, 0)
                self.assertTrue((self.folder / "target").read_bytes() == expected)
        writer.join()

    def test_ipv6_works_in_both_forms(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"no IPv6 loopback here: {error}")
        source, target = self.make_file(b"six"), self.folder / "target"
        checksums = self.checksum_server(listen="[::1]:0")
        self.assertEqual(checksums.host, "::1")
        receiver = self.receiver(target, checksums, listen="[::1]:0")
        self.assert_status(self.sender(source, receiver, checksums), 0)
        self.assert_verdict(receiver, OK, 0)
        receiver = self.start("receive", "::1", 0, "::1", checksums.port, 6, target)
        receiver.listening()
        sender = self.start("send", "::1", receiver.port, "::1", checksums.port, 6, source)
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)

    def test_host_names_work(self):
        source, target = self.make_file(b"name"), self.folder / "target"
        checksums = self.checksum_server(listen="localhost:0")
        named = f"localhost:{checksums.port}"
        receiver = self.receiver(target, named, listen="localhost:0")
        sender = self.sender(source, f"localhost:{receiver.port}", named)
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)

    def test_any_bytes_may_stand_in_a_file_name(self):
        checksums = self.checksum_server()
        names = [b"with space", b"line\nend", b"\xff\xfe not utf-8", "größe €".encode(),
                 b"tab\tquote'\"",
                 b"--looks-like-an-option", b"-5", b"%s%n", b"n" * 255]
        for name in names:
            with self.subTest(name=name):
                source = os.path.join(os.fsencode(self.folder), b"from " + name[:200])
                with open(source, "wb") as file:
                    file.write(name)
                folder = os.path.join(os.fsencode(self.folder), b"to")
                os.makedirs(folder, exist_ok=True)
                target = os.path.join(folder, name)
                receiver = self.receiver(target, checksums)
                self.assert_status(self.sender(source, receiver, checksums), 0)
                self.assert_verdict(receiver, OK, 0)
                with open(target, "rb") as file:
                    self.assertEqual(file.read(), name)
                self.assertEqual(os.listdir(folder), [name])
                os.unlink(target)

    def test_a_name_that_looks_like_an_option_stands_behind_two_dashes(self):
        (self.folder / "--id").write_bytes(b"dashes")
        checksums = self.checksum_server()
        receiver = self.start("receive", "--listen", "127.0.0.1:0", "--checksum-server",
                              checksums.endpoint, "--id", 2, "--", "-target", folder=self.folder)
        receiver.listening()
        sender = self.start("send", "--checksum-server", checksums.endpoint, "--id", 2, "--",
                            "--id",
                            receiver.endpoint, folder=self.folder)
        self.assert_status(sender, 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertEqual((self.folder / "-target").read_bytes(), b"dashes")

    def test_a_relative_path_means_the_working_folder(self):
        self.make_file(b"relative")
        checksums = self.checksum_server()
        receiver = self.receiver("target", checksums, folder=self.folder)
        self.assert_status(self.sender("source", receiver, checksums, folder=self.folder), 0)
        self.assert_verdict(receiver, OK, 0)
        self.assertEqual((self.folder / "target").read_bytes(), b"relative")

    def test_an_older_file_is_replaced_whole(self):
        (self.folder / "target").write_bytes(b"older and much longer than what comes" * 1000)
        self.copy(b"new")

    def test_a_received_file_has_the_permissions_of_any_new_file(self):
        self.copy(b"mode")
        mask = os.umask(0)
        os.umask(mask)
        mode = stat.S_IMODE((self.folder / "target").stat().st_mode)
        self.assertEqual(oct(mode), oct(0o666 & ~mask))

    def test_the_validity_reaches_the_checksum_server(self):
        with raw.listener() as checksums, raw.listener() as receiver:
            source = self.make_file(b"valid")
            sender = self.start_sender(source, receiver, checksums, "--validity", 1234, file_id=8)
            inserter, message = raw.message_from(checksums)
            data = receiver.take_peer()
            self.assertEqual(message, b"BE|8|1234|32|" + md5_hex(b"valid").encode())
            inserter.sendall(b"OK")
            self.assertEqual(raw.read_to_end(data), b"valid")
            data.close()
            self.assert_status(sender, 0)
            inserter.close()

    def test_the_checksum_is_placed_for_sixty_seconds_before_the_file_connection_closes(self):
        with raw.listener() as checksums, raw.listener() as receiver:
            sender = self.start_sender(self.make_file(b"order"), receiver, checksums, file_id=8)
            inserter, message = raw.message_from(checksums)
            data = receiver.take_peer()
            self.assertEqual(message, b"BE|8|60|32|" + md5_hex(b"order").encode())
            self.assertEqual(raw.read_exactly(data, 5), b"order")
            data.settimeout(0.3)  # long enough to see a close that does not wait for the OK
            self.assertRaises(TimeoutError, data.recv, 1)
            data.settimeout(10)
            inserter.sendall(b"OK")
            self.assertEqual(data.recv(1), b"")
            self.assertTrue(sender.running)
            data.close()
            self.assert_verdict(sender, b"", 0)
            inserter.close()

    def test_a_one_shot_receiver_stops_listening_once_its_client_is_there(self):
        checksums = self.checksum_server()
        receiver = self.receiver(self.folder / "target", checksums)
        with raw.connect(receiver.address) as client:
            client.sendall(b"first")
            raw.wait_read(client)
            self.assertRaises(ConnectionRefusedError, raw.connect, receiver.address)
            raw.insert(checksums, 1, md5_hex(b"first"))
        self.assert_verdict(receiver, OK, 0)

    def test_a_sender_waits_for_a_receiver_that_starts_late_when_told_to_retry(self):
        checksums = self.checksum_server()
        with raw.listener(backlog=0) as late:  # bound, but it refuses as yet
            sender = self.start_sender(self.make_file(b"late"), late, checksums, "--retry", 8)
            threading.Event().wait(0.3)  # nothing tells of a refused attempt: the time for one
            self.assertTrue(sender.running)
            late.listen()
            late.settimeout(seconds(20))
            with late.take_peer() as data:
                self.assertEqual(raw.read_to_end(data), b"late")
            self.assert_status(sender, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
