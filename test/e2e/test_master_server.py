"""`master-server`: who is listed, and until when (docs/protocol/registry.md)."""

import os
import signal
import threading
import time
import unittest
from hashlib import sha256

import raw
from harness import Process, binary, seconds, wait_until
from registering import (BEAT, SILENCE_SECONDS, MasterCase, Registered, file_line, sealed,
                         seed_list)


class TheSeedsMessages(MasterCase):

    def ask(self, peer, message, answer):
        peer.sendall(message)
        self.assertEqual(raw.read_exactly(peer, len(answer)), answer)

    def test_the_conversation_of_the_document_byte_for_byte(self):
        master = self.master_server()
        self.assertEqual(seed_list(master), b"empty")
        with raw.connect(master.address) as server:
            self.ask(server, b"FS, Listen client at 10.0.0.7:9000", b"OK")
            self.ask(server, b"notes.txt", b"OK")
            self.ask(server, b"a picture.jpg", b"OK")
            self.ask(server, b"end", b"OK")
            self.assertEqual(seed_list(master),
                             b"a picture.jpg:10.0.0.7:9000;notes.txt:10.0.0.7:9000;")
            with raw.connect(master.address) as client:
                self.ask(client, b"CL", b"a picture.jpg:10.0.0.7:9000;notes.txt:10.0.0.7:9000;")
        wait_until(lambda: seed_list(master) == b"empty")
        self.assertEqual(master.stdout, b"")

    def test_a_reset_takes_the_files_away_as_well(self):
        master = self.master_server()
        server = raw.connect(master.address)
        self.ask(server, b"FS, Listen client at 10.0.0.7:9000", b"OK")
        self.ask(server, b"a", b"OK")
        raw.reset(server)
        wait_until(lambda: seed_list(master) == b"empty")

    def test_a_list_comes_in_one_piece_where_it_fits(self):
        master = self.master_server()
        names = [f"file number {number:04}" for number in range(1000)]
        with raw.connect(master.address) as server:
            server.sendall(b"FS, Listen client at 10.0.0.7:9000\n" +
                           b"".join(f"{name}\n".encode() for name in [*names, "end"]))
            self.assertEqual(raw.read_exactly(server, 2004), b"OK" * 1002)
            expected = b"".join(f"{name}:10.0.0.7:9000;".encode() for name in names)
            self.assertEqual(seed_list(master), expected)
            with raw.connect(master.address) as client:
                client.sendall(b"CL")
                self.assertEqual(client.recv(1024), expected[:1024])

    def test_called_by_the_scripts_name_it_is_the_master(self):
        link = self.folder / "masterserver.py"
        os.symlink(binary(), link)
        process = Process(executable=link, environment={"NETCOPY_LISTEN": "127.0.0.1:0"})
        self.addCleanup(process.end)
        process.listening()
        self.assertEqual(process.command, "master-server")
        self.assertEqual(seed_list(process), b"empty")


class TheCatalogue(MasterCase):

    def test_equal_files_of_two_servers_are_one_entry_with_two_sources(self):
        master = self.master_server()
        with Registered(master, {b"same": b"x", b"only one": b"1"}, port=1), \
                Registered(master, {b"same": b"x", b"other": b"2"}, port=2):
            self.wait_names(master, ["only one", "other", "same"])
            entry = self.entries(master, "same")
            self.assertEqual(entry, [(sha256(b"x").hexdigest(), "1",
                                      "2023-11-14T22:13:20.000000000Z", "2", "same")])
        self.wait_names(master, [])

    def test_other_bytes_under_one_name_are_two_entries(self):
        master = self.master_server()
        with Registered(master, {b"name": b"x"}, port=1), \
                Registered(master, {b"name": b"y"}, port=2):
            self.wait_names(master, ["name", "name"])
            self.assertEqual({entry[0] for entry in self.entries(master)},
                             {sha256(data).hexdigest() for data in (b"x", b"y")})

    def test_changes_are_listed_as_they_are_told(self):
        master = self.master_server()
        with Registered(master, {b"a": b"", b"b": b""}) as server:
            self.wait_names(master, ["a", "b"])
            server.say(sealed(b"GONE a"), file_line(b"c", b"new"), file_line(b"b", b"changed"))
            self.wait_names(master, ["b", "c"])
            self.assertEqual(self.entries(master, "b")[0][0], sha256(b"changed").hexdigest())

    def test_the_answer_needs_one_round_trip_and_no_more_than_was_asked_for(self):
        master = self.master_server()
        with Registered(master, {b"%d" % number: b"" for number in range(1000)}):
            wait_until(lambda: len(self.names(master)) == 1000)
            with raw.connect(master.address) as peer:
                peer.sendall(b"NETCOPY/1 catalogue\n" + sealed(b"FIND 7") + sealed(b"LAST"))
                answer = raw.read_to_end(peer)
            self.assertEqual(answer, b"NETCOPY/1 ok catalogue\n" + file_line(b"7") +
                             sealed(b"FROM 4433 127.0.0.1") + sealed(b"END 1"))


class WhoIsGone(MasterCase):

    def test_a_netcopy_peer_that_falls_silent_leaves_within_three_beats(self):
        master = self.master_server()
        with Registered(master, {b"silent": b""}), Registered(master, {b"alive": b""}) as alive:
            self.wait_names(master, ["alive", "silent"])
            began = time.monotonic()
            done = threading.Event()

            def beat():
                while not done.wait(1):
                    alive.say(BEAT)
            thread = threading.Thread(target=beat, daemon=True)
            thread.start()
            self.wait_names(master, ["alive"], SILENCE_SECONDS + 3)
            self.assertLess(time.monotonic() - began, seconds(SILENCE_SECONDS + 1.5))
            self.assertGreater(time.monotonic() - began, SILENCE_SECONDS - 2)
            time.sleep(SILENCE_SECONDS)  # it is not forgotten for having said nothing but BEAT
            self.assertEqual(self.names(master), ["alive"])
            done.set()
            thread.join()

    def test_the_master_beats_every_two_seconds(self):
        master = self.master_server()
        with Registered(master) as server:
            self.assertEqual(raw.read_exactly(server.peer, len(BEAT)), BEAT)
            began = time.monotonic()
            self.assertEqual(raw.read_exactly(server.peer, len(BEAT)), BEAT)
            self.assertLess(time.monotonic() - began, seconds(3))
            self.assertGreater(time.monotonic() - began, 1)

    def test_a_master_that_stops_ends_its_connections_and_is_143(self):
        master = self.master_server()
        server = Registered(master, {b"a": b""})
        self.wait_names(master, ["a"])
        master.signal(signal.SIGTERM)
        self.assert_status(master, 143)
        self.assertEqual(raw.ends(server.peer), "closed")
        server.close()


class HostileInput(MasterCase):

    def refused(self, master, data):
        """The master closes, and goes on."""
        with raw.connect(master.address) as peer:
            try:
                peer.sendall(data)
                said = raw.read_to_end(peer)
            except (ConnectionResetError, BrokenPipeError):
                said = b""
        self.assertEqual(seed_list(master), b"empty")
        return said

    def test_what_breaks_the_grammar_is_closed_and_disturbs_nobody(self):
        master = self.master_server()
        server = sealed(b"SERVER 4433")
        opening = b"NETCOPY/1 register\n"
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"FS, nonsense", b"FS, Listen client at :\n",
                     b"FS, Listen client at " + b"h" * 10_000, b"NETCOPY/1 " + b"x" * 5000,
                     b"NETCOPY/2 register\n", b"NETCOPY/1 put digest=md5\n",
                     opening + b"SERVER 4433 00000000\n", opening + sealed(b"SERVER 0"),
                     opening + server + b"FILE " + b"1" * 100_000,
                     opening + server + sealed(b"FILE 1 2 3"),
                     opening + server + sealed(b"GONE " + b"a" * 300),
                     opening + file_line(b"a"), opening + server + server,
                     b"NETCOPY/1 catalogue\n" + b"x" * 100_000,
                     b"NETCOPY/1 catalogue\n" + sealed(b"FIND " + b"a" * 300),
                     b"NETCOPY/1 catalogue\n" + sealed(b"FIND a") * 1_001):
            with self.subTest(data=data[:60]):
                self.refused(master, data)
        self.assertTrue(master.running)

    def test_names_that_lead_elsewhere_are_left_out(self):
        master = self.master_server()
        with Registered(master, {b"../a": b"", b"a/b": b"", b"..": b"", b"fine": b""}):
            self.wait_names(master, ["fine"])
            wait_until(lambda: b"left out" in master.stderr)

    def test_a_name_cannot_move_the_cursor_of_a_terminal_or_forge_a_line(self):
        master = self.master_server("-v")
        with Registered(master, {b"\x1b[31mred\n": b""}), raw.connect(master.address) as seed:
            seed.sendall(b"FS, Listen client at 10.0.0.7:9000\n\x1b]0;x\x07\nend\n")
            raw.read_exactly(seed, 6)
            shown = self.list_of(master)
            self.assertEqual(shown.stdout.count(b"\n"), 2)
            self.assertNotIn(b"\x1b", shown.stdout + master.stderr)

    def test_a_flood_of_files_is_bounded_and_told(self):
        master = self.master_server("--max-files-per-server", "1000", "--max-files", "1500")
        with Registered(master, port=1) as one, Registered(master, port=2) as two:
            for server, name in ((one, b"a"), (two, b"b")):
                server.say(*(file_line(b"%s%d" % (name, number)) for number in range(3000)))
            told = sealed(b"NO full the\\x20master\\x20keeps\\x20no\\x20more\\x20files\\x20of"
                          b"\\x20this\\x20server")
            for server in (one, two):
                heard = b""
                while told not in heard:
                    heard += server.peer.recv(65536)
                self.assertEqual(heard.replace(BEAT, b""), told)
            wait_until(lambda: len(self.names(master)) == 1500)
            wait_until(lambda: master.stderr.count(b"no more of its files") == 2)
        self.wait_names(master, [])

    def test_too_many_connections_are_reset_and_the_others_served(self):
        master = self.master_server("--max-connections", "3")

        def is_reset():
            try:
                with raw.connect(master.address) as over:
                    over.settimeout(1)
                    return raw.ends(over) == "reset"
            except ConnectionResetError:
                return True  # as soon as it was there
            except TimeoutError:
                return False  # the list's own connection had gone, and this one got its place
        with Registered(master, {b"a": b""}), raw.connect(master.address) as idle:
            self.wait_names(master, ["a"])
            third = []

            def takes_the_last_place():
                third.append(raw.connect(master.address))
                self.addCleanup(third[-1].close)
                return is_reset()
            wait_until(takes_the_last_place)
            idle.sendall(b"CL")
            self.assertEqual(idle.recv(100), b"a:127.0.0.1:4433;")

    def test_a_client_that_takes_nothing_is_given_up(self):
        master = self.master_server("--idle-timeout", "1")
        files = {b"%0250d" % number: b"" for number in range(5000)}
        with Registered(master, files, host=b"h" * 255), \
                raw.connect(master.address, receive_buffer=4096) as lazy:
            wait_until(lambda: len(self.names(master)) == 5000, 20)
            lazy.sendall(b"CL" * 10)
            wait_until(lambda: b"timed out" in master.stderr or raw.unread(lazy) == 0, 1)
            ended = []
            thread = threading.Thread(target=lambda: ended.append(raw.ends(lazy)))
            time.sleep(seconds(3))
            thread.start()
            thread.join(seconds(10))
            self.assertTrue(ended, "the connection is still there")


if __name__ == "__main__":
    unittest.main(verbosity=2)
