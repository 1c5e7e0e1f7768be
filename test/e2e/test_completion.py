"""The completion scripts, in the shells that are installed."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import unittest

from harness import COMMANDS, Case, binary, clean_environment, wait_until


class Completion(Case):

    def setUp(self):
        super().setUp()
        os.symlink(binary(), self.folder / "netcopy")
        self.environment = clean_environment({
            "PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder)})

    def script(self, shell):
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed")
        run = self.run_netcopy("completion", shell)
        self.assert_status(run, 0)
        self.assertEqual(run.stderr, b"")
        path = self.folder / f"netcopy.{shell}"
        path.write_bytes(run.stdout)
        return path

    def shell(self, *command, folder=None):
        run = subprocess.run(command, capture_output=True, text=True, timeout=60,
                             env=self.environment, cwd=folder,
                             check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.split("\n")[:-1]

    def test_the_scripts_parse(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell=shell):
                self.shell(shell, "-n", str(self.script(shell)))

    def bash(self, *words, folder=None):
        """What bash offers for the last word."""
        typed = "netcopy " + " ".join(words)
        quoted = [shlex.quote(word) for word in ("netcopy", *words)]
        return [word.strip() for word in self.shell("bash", "--norc", "-c", f"""
            compopt() {{ :; }}  # bash has it only while it completes itself
            source {self.script("bash")}
            set -- $(complete -p netcopy)
            while [ "$1" != -F ]; do shift; done
            COMP_WORDS=({" ".join(quoted)}) COMP_CWORD={len(words)}
            COMP_LINE={shlex.quote(typed)} COMP_POINT={len(typed)} COMP_TYPE=9 COMP_KEY=9
            "$2" netcopy {quoted[-1]} {quoted[-2]}
            printf '%s\\n' "${{COMPREPLY[@]}}" """, folder=folder) if word]

    def test_bash_completes_a_command(self):
        self.assertEqual(self.bash("rec"), ["receive"])
        self.assertEqual(self.bash("send"), ["send"])

    def test_bash_offers_every_command(self):
        self.assertTrue(set(COMMANDS) <= set(self.bash("")), self.bash(""))

    def test_bash_completes_an_option_of_the_command(self):
        self.assertEqual(self.bash("receive", "--keep"), ["--keep-running"])
        self.assertEqual(self.bash("checksum-server", "--sto"), ["--store"])
        self.assertIn("--checksum-server", self.bash("send", "file", "--check"))
        self.assertNotIn("--keep-running", self.bash("send", "--"))

    def test_bash_completes_the_words_of_an_option(self):
        self.assertEqual(sorted(self.bash("receive", "--checksum", "")), ["auto", "crc32", "md5"])
        self.assertEqual(self.bash("send", "--progress", "pl"), ["plain"])

    def test_bash_completes_the_command_behind_help_and_the_shell_behind_completion(self):
        self.assertEqual(self.bash("help", "rec"), ["receive"])
        self.assertEqual(sorted(self.bash("completion", "")), ["bash", "fish", "zsh"])

    def test_bash_leaves_file_names_to_files(self):
        place = self.folder / "place"
        place.mkdir()
        (place / "payload.bin").write_bytes(b"")
        found = self.bash("send", "payl", folder=place)
        registered = self.shell("bash", "--norc", "-c",
                                f"source {self.script('bash')}; complete -p netcopy")[0]
        self.assertTrue(found == ["payload.bin"] or "-o default" in registered
                        or "-o bashdefault" in registered,
                        (found, registered))

    def type_into(self, command, setup, steps):
        """Types into a shell on a terminal; each step is (keys, what the screen shows then)."""
        place = self.folder / "place"
        place.mkdir()
        (place / "payload.bin").write_bytes(b"")
        master, slave = pty.openpty()
        shell = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=place, start_new_session=True,
            env={**self.environment, "TERM": "dumb", "PS1": "> "})
        os.close(slave)
        self.addCleanup(os.close, master)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        shown = b""

        def shows(expected):
            nonlocal shown
            while select.select([master], [], [], 0)[0]:
                shown += os.read(master, 65536)
            return expected in shown

        os.write(master, f"{setup}; echo re''ady\n".encode())
        wait_until(lambda: shows(b"ready\r\n"), 10, "the shell")
        for keys, expected in steps:
            os.write(master, keys)
            wait_until(lambda: shows(expected), 10, f"{expected!r} on the screen")

    def test_bash_completes_what_is_typed(self):
        script = self.script("bash")
        self.type_into(["bash", "--norc", "--noprofile", "-i"], f"source {script}",
                       [(b"netcopy rec\t", b"netcopy receive "), (b"--keep\t", b"--keep-running "),
                        (b"--progress=pl\t", b"--progress=plain"), (b"payl\t", b"payload.bin")])

    def test_zsh_completes_what_is_typed(self):
        functions = self.folder / "functions"
        functions.mkdir()
        shutil.copy(self.script("zsh"), functions / "_netcopy")
        self.type_into(["zsh", "-f", "-i"], f"fpath=({functions} $fpath); "
                       f"autoload -Uz compinit; compinit -u -d {self.folder}/dump",
                       [(b"netcopy rec\t", b"eive "), (b"--keep\t", b"--keep-running "),
                        (b"--progress pl\t", b"plain "), (b"payl\t", b"payload.bin")])

    def fish(self, typed):
        script = self.script("fish")
        lines = self.shell("fish", "--no-config", "-c",
                           f"source {script}; complete -C {shlex.quote(typed)}")
        return [line.split("\t")[0] for line in lines]

    def test_fish_completes_commands_and_options(self):
        self.assertIn("receive", self.fish("netcopy rec"))
        self.assertIn("--keep-running", self.fish("netcopy receive --keep"))
        self.assertIn("plain", self.fish("netcopy send --progress pl"))
        self.assertNotIn("--keep-running", self.fish("netcopy send --k"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
