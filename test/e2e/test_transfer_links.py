"""Called as `sender` and `file_receiver_service`, the binary behaves as those scripts did."""

import datetime
import re
import signal
import socket
import unittest

from harness import Case, md5_hex, random_bytes, wait_until

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (INFO|WARNING|ERROR) - (.*)")
GREETING = """\
[*] File receiver service started - listening on {endpoint}
[*] Files will be saved to: {folder}
[*] Press Ctrl+C to stop the service
"""


class Receiver:
    """Another program's receiver: takes one file in the seed's protocol, then says `answer`."""

    def __init__(self, answer):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._answer = answer

    def take(self):
        """Returns (header fields, bytes)."""
        with self._listener, self._listener.accept()[0] as peer:
            header = peer.recv(8192)
            fields = header.split(b"<SEPARATOR>")
            data = b""
            while len(data) < int(fields[1]):
                data += peer.recv(65536)
            peer.sendall(self._answer)
        return fields, data


class Links(Case):

    def setUp(self):
        super().setUp()
        self.links = self.folder / "bin"
        self.links.mkdir()
        self.assert_status(self.run_netcopy("install-links", "-q", self.links), 0)
        self.home = {"XDG_CACHE_HOME": str(self.folder / "cache")}

    def call(self, name, *operands, environment=None, **settings):
        return self.start(*operands, executable=self.links / name, folder=self.folder,
                          environment={**self.home, **(environment or {})}, **settings)

    def service(self, *operands):
        process = self.call("file_receiver_service", *operands,
                            environment={"NETCOPY_LISTEN": "127.0.0.1:0"})
        process.listening()
        return process

    def log(self):
        """The lines of the service's log: (level, text)."""
        lines = (self.folder / "file_receiver.log").read_text().splitlines()
        return [LINE.fullmatch(line).groups() for line in lines]


class Sender(Links):

    def test_it_says_what_the_script_says(self):
        data = random_bytes(300_000)
        (self.folder / "in").mkdir()
        self.make_file(data, "in/a file.bin")
        receiver = Receiver(b"File received successfully - MD5 verified")
        sender = self.call("sender", "in/a file.bin", "127.0.0.1", "-p", receiver.port)
        fields, received = receiver.take()
        self.assert_status(sender, 0)
        self.assertEqual(sender.stdout.decode(),
                         f"[+] Connecting to 127.0.0.1:{receiver.port}\n[+] Connected.\n"
                         "[+] Server response: File received successfully - MD5 verified\n")
        self.assertEqual(fields, [b"a file.bin", b"300000", md5_hex(data).encode()])
        self.assertTrue(received == data)

    def test_a_bad_answer_is_printed_and_gives_the_status(self):
        self.make_file(b"bytes", "file")
        for answer, status in ((b"File transfer failed: MD5 mismatch", 4),
                               (b"File transfer failed: Incomplete transfer", 8),
                               (b"", 5)):
            with self.subTest(answer=answer):
                receiver = Receiver(answer)
                sender = self.call("sender.py", "file", "localhost", f"--port={receiver.port}")
                receiver.take()
                self.assert_status(sender, status)
                self.assertEqual(sender.stdout.decode().splitlines()[2:],
                                 [f"[+] Server response: {answer.decode()}"])
                self.assert_one_error_line(sender, "netcopy send: ", "file")

    def test_without_a_receiver_only_the_attempt_is_printed(self):
        self.make_file(b"bytes", "file")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            sender = self.call("sender", "file", "127.0.0.1", "-p", port)
            self.assert_verdict(sender, f"[+] Connecting to 127.0.0.1:{port}\n".encode(), 6)

    def test_a_missing_file_is_told_before_anything_is_printed(self):
        sender = self.call("sender", "nowhere", "127.0.0.1")
        self.assert_verdict(sender, b"", 11)
        self.assert_one_error_line(sender, "nowhere")

    def test_wrong_words_are_told_as_the_script_tells_them(self):
        for name in ("sender", "sender.py"):
            usage = f"usage: {name} [-h] [-p PORT] file host\n"
            for words, told in (([], "the following arguments are required: file, host"),
                                (["a"], "the following arguments are required: host"),
                                (["a", "b", "c"], "unrecognized arguments: c")):
                with self.subTest(name=name, words=words):
                    sender = self.call(name, *words)
                    self.assert_verdict(sender, b"", 2)
                    self.assertEqual(sender.stderr.decode(), f"{usage}{name}: error: {told}\n")
            for words in (["a", "b", "-p"], ["a", "b", "-p", "x"], ["a", "b", "--json"]):
                with self.subTest(name=name, words=words):
                    sender = self.call(name, *words)
                    self.assert_verdict(sender, b"", 2)
                    self.assertTrue(sender.stderr.decode().startswith(f"{usage}{name}: error: "),
                                    sender.stderr)

    def test_help_is_the_scripts(self):
        for words in (["-h"], ["--help"], ["file", "-h"]):
            shown = self.call("sender", *words)
            self.assert_status(shown, 0)
            self.assertTrue(shown.stdout.decode().startswith(
                "usage: sender [-h] [-p PORT] file host\n\nSimple File Sender\n\n"), shown.stdout)


class Service(Links):

    def send(self, service, name, data):
        self.make_file(data, name)
        sender = self.call("sender", name, service.host, "-p", service.port)
        self.assert_status(sender, 0)
        self.assertIn(b"[+] Server response: File received successfully - MD5 verified\n",
                      sender.stdout)

    def wait_for_log(self, text):
        wait_until(lambda: any(text in line for _, line in self.log()), what=text)

    def test_it_says_logs_and_stores_what_the_script_does(self):
        before = datetime.datetime.now().replace(microsecond=0)
        service = self.service("whatever", "--stands", "here")
        self.send(service, "a.txt", b"some bytes")
        self.wait_for_log(" closed")
        service.signal(signal.SIGINT)
        self.assert_status(service, 130)

        said = service.stdout.decode()
        greeting = GREETING.format(endpoint=service.endpoint,
                                   folder=self.folder / "received_files")
        self.assertTrue(said.startswith(greeting), said)
        peer = re.search(r"\[\+\] Connection from (\('127\.0\.0\.1', \d+\))\n", said)[1]
        self.assertEqual(said, f"{greeting}[+] Connection from {peer}\n\n"
                         "[!] Server shutdown requested\n[*] Server stopped\n")

        stored, = (self.folder / "received_files").iterdir()
        stamp, _, name = stored.name.rpartition("_")
        self.assertEqual((name, stored.read_bytes()), ("a.txt", b"some bytes"))
        when = datetime.datetime.strptime(stamp, "%Y%m%d_%H%M%S")
        self.assertTrue(before <= when <= datetime.datetime.now(), stamp)
        self.assertEqual(self.log(), [
            ("INFO", f"Server started - listening on {service.endpoint}"),
            ("INFO", "Created directory: received_files"),
            ("INFO", f"Receiving file: {stored.name} (10 bytes) from {peer}"),
            ("INFO", f"File {stored.name} received successfully from {peer} (MD5 verified)"),
            ("INFO", f"Connection with {peer} closed"),
            ("INFO", "Server shutdown requested"),
            ("INFO", "Server stopped")])

    def talk(self, service, data):
        """Says something else's words; returns our own address as the log has it."""
        with socket.create_connection(service.address) as peer:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(4096):
                pass
            return str(peer.getsockname())

    def test_what_goes_wrong_is_logged_in_the_scripts_words(self):
        service = self.service()
        digest = md5_hex(b"other").encode()
        peer = self.talk(service, b"a<SEPARATOR>5<SEPARATOR>" + digest + b"bytes")
        self.wait_for_log(f"File transfer failed from {peer}: MD5 mismatch")
        peer = self.talk(service, b"a<SEPARATOR>50<SEPARATOR>" + digest + b"bytes")
        self.wait_for_log(f"Connection with {peer} closed prematurely")
        self.wait_for_log(f"File transfer failed from {peer}: Incomplete transfer")
        peer = self.talk(service, b"")
        self.wait_for_log(f"Client {peer} connected but sent no data")
        peer = self.talk(service, b"garbage\x01" * 2000)
        self.wait_for_log(f"Error receiving file from {peer}: ")
        self.wait_for_log(f"Connection with {peer} closed")

    def test_the_log_is_appended_to_and_the_folder_kept(self):
        for _ in range(2):
            service = self.service()
            service.signal(signal.SIGTERM)
            self.assert_status(service, 143)
        texts = [text for _, text in self.log()]
        self.assertEqual(texts.count("Created directory: received_files"), 1)
        self.assertEqual(texts.count("Server stopped"), 2)

    def test_an_address_that_is_taken_is_told(self):
        first = self.service()
        second = self.call("file_receiver_service",
                           environment={"NETCOPY_LISTEN": first.endpoint})
        self.assert_status(second, 1)
        said = second.stdout.decode().splitlines()
        self.assertTrue(said[0].startswith("[!] Server error: "), said)
        self.assertEqual(said[1:], ["[*] Server stopped"])
        self.assertIn(("INFO", "Server stopped"), self.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
