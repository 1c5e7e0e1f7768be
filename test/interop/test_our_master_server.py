"""`master-server` with file servers and clients of the seed's protocol of other makes."""

import threading
import unittest

from base import InteropCase
from harness import wait_until
import registry_peers as peers


class OurMasterServer(InteropCase):

    def master(self, *options):
        server = self.start("master-server", "--listen", "127.0.0.1:0", *options)
        server.listening()
        return server

    def registered(self, kind, master, files, **address):
        server = kind(master.address, files, **address)
        self.addCleanup(server.close)
        return server

    def wait_list(self, master, entries):
        wait_until(lambda: sorted(peers.parse(peers.ask_for_all(master.address))) ==
                   sorted(entries), what=f"the list {entries}")

    def test_a_file_server_of_every_kind_is_listed_until_it_goes(self):
        master = self.master()
        self.assertEqual(peers.ask(master.address), "empty")
        for kind in peers.KINDS:
            for end in (kind.close, kind.crash):
                with self.subTest(kind=kind.__name__, end=end.__name__):
                    server = kind(master.address, ["b.txt", "a file.bin"], port=9001)
                    self.assertEqual(b"".join(server.answers), b"OKOKOKOK")
                    self.assertEqual(peers.ask(master.address),
                                     "a file.bin:127.0.0.1:9001;b.txt:127.0.0.1:9001;")
                    end(server)
                    wait_until(lambda: peers.ask(master.address) == "empty")

    def test_names_that_run_together_do_not_end_the_connection_and_are_logged(self):
        for files, listed in ((["a.txt", "b.txt"], "a.txtb.txtend:127.0.0.1:9000;"),
                              (["a" * 200, "b" * 200], "")):
            with self.subTest(files=files):
                master = self.master()
                server = self.registered(peers.JoiningFileServer, master, files)
                self.assertEqual(server.answers, [b"OKOK"])
                server.say("z")
                server.say("end")
                self.assertEqual(peers.ask(master.address), listed + "z:127.0.0.1:9000;")
                wait_until(lambda master=master: b"may be several names" in master.stderr)

    def test_the_list_of_many_servers_has_each_file_of_each(self):
        master = self.master()
        servers = [self.registered(peers.FileServer, master, ["same", f"own {number}"],
                                   port=9000 + number) for number in range(8)]
        entries = [("same", "127.0.0.1", str(9000 + number)) for number in range(8)]
        entries += [(f"own {number}", "127.0.0.1", str(9000 + number)) for number in range(8)]
        self.wait_list(master, entries)
        servers[3].crash()
        self.wait_list(master, [entry for entry in entries if entry[2] != "9003"])

    def test_many_file_servers_and_clients_at_once(self):
        master = self.master("--threads", "2")
        failures = []

        def work(number):
            try:
                with peers.FileServer(master.address, [f"{number}.{i}" for i in range(10)],
                                      port=1000 + number):
                    mine = [entry for entry in peers.parse(peers.ask_for_all(master.address))
                            if entry[2] == str(1000 + number)]
                    self.assertEqual(len(mine), 10)
            except Exception as error:  # noqa: BLE001 - told below, with the others
                failures.append(f"{number}: {error!r}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        wait_until(lambda: peers.ask(master.address) == "empty")

    def test_our_list_shows_what_seeds_servers_have(self):
        master = self.master()
        self.registered(peers.FileServer, master, ["a b.txt"])
        shown = self.run_netcopy("list", "--master", master.endpoint)
        self.assert_status(shown, 0)
        self.assertEqual(shown.stdout, b"-\t-\t-\t1\ta b.txt\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
