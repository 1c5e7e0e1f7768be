"""What the tests of `master-server`, `file-server` and `fetch` share."""

import os
import time

import trees
from harness import endpoint_of, wait_until
from sharing import ShareCase, id_of

SUMMARY_WORD = b"netcopy fetch: "


class FetchCase(ShareCase):
    """A master, file servers (their folders are `shared`, `shared2`, ...), and `target`."""

    def setUp(self):
        super().setUp()
        self.master = self.start_master()

    def start_master(self, listen="127.0.0.1:0"):
        process = self.start("master-server", "--listen", listen)
        process.listening()
        return process

    def file_server(self, *options, folder=None, listen="127.0.0.1:0", master=None, **settings):
        """A listening `file-server`."""
        process = self.start("file-server", folder or self.shared, "--master",
                             endpoint_of(master or self.master), "--listen", listen, *options,
                             **settings)
        process.listening()
        return process

    def another_folder(self, number=2):
        folder = self.folder / f"shared{number}"
        folder.mkdir(exist_ok=True)
        return folder

    def offer(self, files, *options, folder=None, **settings):
        """A file server of these files, all of them known to the master."""
        for name, data in files.items():
            self.put(name, data, folder=folder)
        server = self.file_server(*options, folder=folder, **settings)
        self.wait_known(files)
        return server

    def catalogue(self):
        """{name: (size, MD5 or SHA-256)} as `list --master` says."""
        run = self.run_netcopy("list", "--master", endpoint_of(self.master), "--json")
        return {os.fsencode(event["name"]): event for event in self.events(run, "file")}

    def wait_known(self, files, sources=1, deadline=20.0):
        """Waits until the master knows at least these files, each of so many servers or more."""
        def known():
            listed = self.catalogue()
            for name, data in files.items():
                entry = listed.get(os.fsencode(name))
                if not entry or entry["bytes"] != len(data) or entry["sources"] < sources:
                    return False
                if entry["digests"].get("md5", id_of(data)) != id_of(data):
                    return False
            return True
        wait_until(known, deadline, "the files in the catalogue")

    def start_fetch(self, *words, output=None, master=None, **settings):
        return self.start("fetch", *words, "--master", endpoint_of(master or self.master), "-o",
                          output or self.target, **settings)

    def fetch(self, *words, status=0, deadline=60.0, **settings):
        """Runs `fetch` to its end, which must be `status`."""
        process = self.start_fetch(*words, **settings)
        process.status = process.wait(deadline)
        self.assert_status(process, status)
        return process

    def arrived(self, folder=None):
        """Bytes on disk of what is being fetched."""
        folder = folder or self.target
        if not folder.exists():
            return 0
        return sum(os.lstat(os.path.join(os.fsencode(folder), name)).st_blocks * 512
                   for name in os.listdir(os.fsencode(folder)))

    def journalled(self, folder=None):
        """Bytes of the journals in the folder: 16 for each block on disk."""
        folder = folder or self.target
        if not folder.exists():
            return 0
        return sum(os.lstat(os.path.join(os.fsencode(folder), name)).st_size
                   for name in os.listdir(os.fsencode(folder)) if name.endswith(b".journal"))

    def make_liar(self, name, data, wrong, folder, others=0, **settings):
        """A file server that says it has `data`, and sends `wrong`: what is served is changed
        behind the back of its index, while it does not run. `others` have the file already."""
        # Long ago, so that the index believes it unchanged.
        self.put(name, data, folder=folder, mtime=1_600_000_000_000_000_000)
        server = self.file_server(folder=folder, **settings)
        self.wait_known({name: data}, sources=others + 1)
        server.end()
        path = os.path.join(folder, name)
        before = os.stat(path)
        with open(path, "r+b") as file:
            file.write(wrong)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return self.file_server(folder=folder, **settings)


def slowly(rate):
    return ["--bwlimit", rate]


__all__ = ["FetchCase", "slowly", "time", "trees"]
