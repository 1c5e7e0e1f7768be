"""Many clients at once, on either server."""

import random
import resource
import selectors
import unittest
from concurrent.futures import ThreadPoolExecutor

import raw
from harness import Case, OK, md5_hex, random_bytes, seconds, wait_until

CLIENTS = 200


class ManyClients(Case):

    def test_200_connections_at_once_are_all_served_in_turns(self):
        server = self.checksum_server()
        peers = [raw.connect(server.address, deadline=20) for _ in range(CLIENTS)]
        for peer in peers:
            self.addCleanup(peer.close)
        numbers = random.Random(3)
        for turn in range(10):
            order = list(enumerate(peers))
            numbers.shuffle(order)
            for number, peer in order:
                peer.sendall(raw.be(number, f"{number}|{turn}"))
            for number, peer in order:
                self.assertEqual(raw.read_exactly(peer, 2), b"OK")
            for number, peer in order:
                peer.sendall(f"KI|{(number + 1) % CLIENTS}".encode()
                             + numbers.choice([b"", b"\n", b"\r\n", b"\0"]))
            for number, peer in order:
                value = f"{(number + 1) % CLIENTS}|{turn}"
                answer = f"{len(value)}|{value}".encode()
                self.assertEqual(raw.read_exactly(peer, len(answer)), answer)

    def test_200_clients_that_work_independently_are_all_served(self):
        for threads in (1, 4):
            with self.subTest(threads=threads):
                self.serve_independent(self.checksum_server("--threads", threads))

    def serve_independent(self, server):
        selector = selectors.DefaultSelector()
        self.addCleanup(selector.close)

        def start(number):
            peer = raw.connect(server.address, deadline=20)
            selector.register(peer, selectors.EVENT_READ, [number, 0])
            self.addCleanup(peer.close)
            request(peer, number, 0)

        def request(peer, number, step):
            key = number * 100 + step // 2
            peer.sendall(f"KI|{key}\n".encode() if step % 2 else raw.be(key, f"{key:032x}"))

        for number in range(CLIENTS):
            start(number)
        left = CLIENTS
        while left:
            ready = selector.select(seconds(10))
            self.assertTrue(ready, f"{left} clients got no answer")
            for key, _ in ready:
                number, step = key.data
                expected = b"32|%032x" % (number * 100 + step // 2) if step % 2 else b"OK"
                self.assertEqual(raw.read_exactly(key.fileobj, len(expected)), expected)
                key.data[1] += 1
                if key.data[1] < 40:
                    request(key.fileobj, number, key.data[1])
                else:
                    selector.unregister(key.fileobj)
                    left -= 1

    def test_a_thousand_silent_connections_leave_the_others_served(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2048:
            self.skipTest(f"only {hard} file descriptors are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (max(soft, 2048), hard))  # theirs as well as ours
        server = self.checksum_server()
        silent = [raw.connect(server.address, deadline=20) for _ in range(1000)]
        for number, peer in enumerate(silent):
            self.addCleanup(peer.close)
            if number % 10 == 0:
                peer.sendall(b"BE|1|60|3")  # stands in the middle of a message
        for i in range(50):
            raw.insert(server, i, f"value {i}")
            self.assertEqual(raw.take(server, i), f"{len(f'value {i}')}|value {i}".encode())

    def test_200_files_at_once_get_a_verdict_each(self):
        data = random_bytes(20_000)
        checksums = self.checksum_server()
        raw.insert(checksums, 1, md5_hex(data))
        target = self.folder / "target"
        receiver = self.receiver(target, checksums, "--keep-running", "--threads", 4)
        peers = [raw.connect(receiver.address, deadline=20) for _ in range(CLIENTS)]
        for peer in peers:
            peer.sendall(data[:10_000])
        for peer in peers:
            peer.sendall(data[10_000:])
            peer.close()
        wait_until(lambda: len(receiver.stdout.splitlines()) >= CLIENTS, 30, "a verdict for each")
        self.assertEqual(receiver.stdout, OK * CLIENTS)
        self.assert_folder(self.folder, {"target": data})

    def test_twenty_senders_at_once_all_succeed(self):
        data = random_bytes(500_000)
        source = self.make_file(data)
        checksums = self.checksum_server()
        receiver = self.receiver(self.folder / "target", checksums, "--keep-running")
        senders = [self.start_sender(source, receiver, checksums) for _ in range(20)]
        for sender in senders:
            self.assert_status(sender, 0)
        wait_until(lambda: len(receiver.stdout.splitlines()) >= 20, 20, "a verdict for each")
        self.assertEqual(receiver.stdout, OK * 20)
        self.assert_folder(self.folder, {"source": data, "target": data})

    def test_ten_whole_copies_go_through_one_checksum_server_at_once(self):
        checksums = self.checksum_server()

        def copy(number):
            data = random_bytes(700_000 + number, seed=number)
            source, target = self.make_file(data,
                                            f"source{number}"), self.folder / f"target{number}"
            receiver = self.receiver(target, checksums, file_id=number)
            sender = self.sender(source, receiver, checksums, file_id=number, deadline=30)
            self.assert_status(sender, 0)
            self.assert_verdict(receiver, OK, 0)
            self.assertTrue(target.read_bytes() == data)

        with ThreadPoolExecutor(5) as pool:
            list(pool.map(copy, range(10)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
