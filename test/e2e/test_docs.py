"""The documents tell the truth: what they show is run, what they quote is compared."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import raw
from console import SOURCES, Console
from harness import COMMANDS, Case, binary, clean_environment, seconds, wait_until

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
DEMOS = sorted(path for path in (ROOT / "docs/demo").glob("*.sh") if path.name != "common.sh")
QUICKSTART = ROOT / "docs/quickstart.sh"


def blocks(document, language):
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


def section(document, title):
    """The text below a heading, up to the next one of its level."""
    pattern = rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)"
    match = re.search(pattern, document.read_text(), re.M | re.S)
    if not match:
        raise AssertionError(f"{document} has no section '{title}'")
    return match[2]


def table_rows(text):
    """The cells of all table rows that begin with a code span or a number."""
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if re.match(r"`|\d", row[0])]


class Shown(Case):

    def test_every_console_block_prints_what_stands_there(self):
        count = 0
        for document in DOCUMENTS:
            for number, block in enumerate(blocks(document, "console"), 1):
                with self.subTest(document=document.name, block=number):
                    count += 1
                    self.run_block(block)
        self.assertGreaterEqual(count, 8, "console blocks went missing")

    def run_block(self, block):
        outer = self.folder
        self.folder = outer / str(len(os.listdir(outer)))
        self.folder.mkdir()
        try:
            console = Console(self)
            console.run(block)
            for terminal in console.terminals.values():
                for name, data in SOURCES.items():
                    path = terminal.folder / name
                    self.assertTrue(not path.exists() or path.read_bytes() == data, path)
        finally:
            self.folder = outer

    def test_what_builds_and_tests_names_things_that_exist(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
        names = {preset["name"] for preset in presets}
        for document in DOCUMENTS:
            for block in blocks(document, "sh"):
                with self.subTest(document=document.name, block=block):
                    subprocess.run(["bash", "-n"], input=block.encode(), check=True)
                    for path in re.findall(r"(?:bash|python3) ([\w/.-]+)", block):
                        self.assertTrue((ROOT / path).is_file(), path)
                    for preset in re.findall(r"--preset (\S+)", block):
                        self.assertIn(preset, names)


class Demos(Case):

    def run_script(self, script, **environment):
        """Runs it in a folder that is not its own; nothing may stay running or lying about."""
        temporary = self.folder / script.stem
        temporary.mkdir()
        outputs = [self.folder / f"{script.stem}.{name}" for name in ("stdout", "stderr")]
        with outputs[0].open("wb") as stdout, outputs[1].open("wb") as stderr:
            process = subprocess.Popen(
                ["bash", script], cwd="/", stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                start_new_session=True,
                env=clean_environment({"NETCOPY": binary(), "TMPDIR": str(temporary),
                                       **environment}))
        try:
            process.wait(seconds(60))
        finally:
            left_behind = self.kill_group(process)
        said = [output.read_text() for output in outputs]
        self.assertFalse(left_behind, f"processes are left: {said}")
        self.assertEqual(os.listdir(temporary), [], f"files are left: {said}")
        return process.returncode, *said

    def kill_group(self, process):
        """Ends what still runs of the script's session; false if nothing did."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        process.wait()
        return True

    def test_every_demo_does_its_job(self):
        self.assertGreaterEqual(len(DEMOS), 6)
        for demo in DEMOS:
            with self.subTest(demo=demo.name):
                promised = re.search(r"^# Prints: (.*)$", demo.read_text(), re.M)[1]
                status, stdout, stderr = self.run_script(demo)
                self.assertEqual(status, 0, stdout + stderr)
                self.assertIn(promised, stdout.splitlines())

    def test_the_quickstart_ends_in_its_verdict(self):
        status, stdout, stderr = self.run_script(QUICKSTART)
        self.assertEqual(status, 0, stdout + stderr)
        self.assertEqual(stdout.splitlines()[-1], "CSUM OK")
        for command in ("checksum-server", "receive", "send"):
            self.assertIn(f"$ netcopy {command} ", stdout)

    def test_the_quickstart_fails_when_netcopy_does(self):
        status, stdout, _ = self.run_script(QUICKSTART, NETCOPY=shutil.which("false"))
        self.assertNotEqual(status, 0)
        self.assertNotIn("CSUM", stdout)

    @unittest.skipUnless(shutil.which("shellcheck"), "no shellcheck here; test/ci.sh installs it")
    def test_shellcheck_finds_nothing(self):
        scripts = [*(ROOT / "docs").rglob("*.sh"), ROOT / "test/ci.sh"]
        found = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True,
                               text=True)
        self.assertEqual(found.stdout, "")


class Reference(Case):
    """docs/cli.md against the program."""

    CLI = ROOT / "docs/cli.md"
    SHARED = "Every command"

    def options_of_help(self, text):
        """{option: (short form, argument, default)} of a help page."""
        found = {}
        flat = re.sub(r"\n {12,}", " ", text.partition("\nExamples:")[0])
        for line in flat.splitlines():
            match = re.fullmatch(r"  (?:-(\w), |    )(--[\w-]+)(?: ([A-Z]+))? +(.*)", line)
            if match:
                letter, name, argument, text = match.groups()
                default = re.search(r" \[(.*)\]$", text)
                found[name] = (letter, argument, default and default[1])
        return found

    def options_of_table(self, title):
        found = {}
        for name, default, *_ in table_rows(section(self.CLI, title)):
            match = re.fullmatch(r"(?:`-(\w)`, )?`(--[\w-]+)(?: ([A-Z]+))?`", name)
            if match:
                found[match[2]] = (match[1], match[3], default.strip("`") or None)
        return found

    def test_every_option_of_every_command_is_described_and_no_other(self):
        shared = self.options_of_table(self.SHARED)
        self.assertIn("--json", shared)
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.run_netcopy("help", command).stdout.decode()
                self.assertEqual(self.options_of_help(text),
                                 {**self.options_of_table(f"netcopy {command}"), **shared})

    def test_every_form_of_every_command_is_there(self):
        for command in COMMANDS:
            text = self.run_netcopy("help", command).stdout.decode().partition("\n\n")[0]
            for form in re.findall(r"netcopy .*", text):
                self.assertIn(form, section(self.CLI, f"netcopy {command}"))

    def test_the_exit_statuses_are_those_of_the_program(self):
        source = (ROOT / "app/exit_status.cpp").read_text()
        known = {int(number) for number in re.findall(r"return (\d+);", source)} | {0, 143}
        rows = {number: text for number, text, *_ in table_rows(section(self.CLI, "Exit status"))}
        self.assertEqual({int(n) for cell in rows for n in cell.split(", ")}, known)
        brief = table_rows(section(ROOT / "README.md", "What goes wrong, and what it is called"))
        self.assertEqual([number for number, _ in brief], list(rows))

    def test_json_events_have_the_fields_that_are_described(self):
        described, optional = {}, {}
        for event, fields, *_ in table_rows(section(self.CLI, "JSON events")):
            always, _, sometimes = fields.partition(";")
            described[event.strip("`")] = set(re.findall(r"`(\w+)`", always))
            optional[event.strip("`")] = set(re.findall(r"`(\w+)`", sometimes))
        source = self.make_file(b"some bytes")
        checksums = self.checksum_server("--json")
        receivers = [self.receiver(self.folder / "one", checksums, "--json"),
                     self.receiver(self.folder / "many", checksums, "--json", "--keep-running")]
        senders = [self.sender(source, receiver, checksums, "--json") for receiver in receivers]
        receivers[0].wait()
        wait_until(lambda: b'"verdict"' in receivers[1].stdout, what="the verdict")
        links = self.run_netcopy("install-links", self.folder, "--json")
        service = self.start("receive", self.folder / "inbox", "--listen", "127.0.0.1:0", "--json")
        service.listening()
        manifest = self.folder / "manifest"
        copy = self.run_netcopy("send", source, service.endpoint, "--json", "--manifest", manifest)
        shared = self.folder / "shared"
        shared.mkdir()
        share = self.start("share", shared, "--listen", "127.0.0.1:0", "--json")
        share.listening()
        clients = [self.run_netcopy(*words, share.endpoint, "--json") for words in (
            ("upload", source), ("list",), ("download", "-o", self.folder / "down", "*"))]
        master = self.start("master-server", "--listen", "127.0.0.1:0", "--json")
        master.listening()
        with raw.connect(master.address) as server:
            server.sendall(b"FS, Listen client at 10.0.0.7:9000\nfile\nend\n")
            raw.read_exactly(server, 6)
            catalogue = self.run_netcopy("list", "--json", "--master", master.endpoint)
        share.signal(signal.SIGTERM)
        share.wait()
        source.write_bytes(b"other bytes")
        verify = self.run_netcopy("verify", manifest, self.folder, "--json")
        service.signal(signal.SIGTERM)
        service.wait()
        seen, sometimes = set(), set()
        for process in (checksums, *receivers, *senders, links, service, copy, share, *clients,
                        verify, master, catalogue):
            for event in process.events:
                name = event.pop("event")
                seen.add(name)
                self.assertEqual(set(event) - optional[name], described[name], (name, event))
                sometimes |= {(name, field) for field in set(event) & optional[name]}
        sometimes |= {("progress", field) for field in optional["progress"]}
        self.assertEqual(sometimes,
                         {(name, field) for name in optional for field in optional[name]})
        self.assertEqual(seen | {"progress"}, set(described), "progress needs a slow transfer")


class Quoted(unittest.TestCase):

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document.name}: {target}")

    def test_paths_in_the_text_exist(self):
        top = r"(?:lib|app|test|docs)/[\w./*-]+"
        in_lib = r"(?:base|wire|crypto|file|net|store|session)/[\w.*-]+"
        for document in DOCUMENTS:
            for path in re.findall(rf"`({top}|{in_lib})`", document.read_text()):
                place = ROOT / path if re.fullmatch(top, path) else ROOT / "lib" / path
                self.assertTrue(glob.glob(str(place)), f"{document.name}: {path}")

    def test_transcripts_are_quoted_to_the_letter(self):
        quoted = 0
        for document in DOCUMENTS:
            quotes = r"<!-- golden: (\S+) -->\n```text\n(.*?)```"
            for name, text in re.findall(quotes, document.read_text(), re.S):
                quoted += 1
                self.assertEqual(text, (ROOT / "test/golden" / name).read_text(), document.name)
        self.assertGreaterEqual(quoted, 1)

    def test_decisions_are_numbered_whole_and_listed(self):
        records = sorted((ROOT / "docs/decisions").glob("*.md"))
        index = (ROOT / "docs/index.md").read_text()
        self.assertEqual([record.name[:4] for record in records],
                         [f"{number:04}" for number in range(1, len(records) + 1)])
        for record in records:
            headings = re.findall(r"^## (.*)$", record.read_text(), re.M)
            self.assertEqual(headings, ["Context", "Decision", "Consequences", "Alternatives"],
                             record.name)
            self.assertIn(f"(decisions/{record.name})", index)

    def test_limits_in_the_text_are_those_of_the_code(self):
        source = (ROOT / "lib/base/limits.hpp").read_text()
        for document in DOCUMENTS:
            for name, value in re.findall(r"`limits::(\w+)` \(([\d,]+)", document.read_text()):
                match = re.search(rf"\b{name}\b(?: = |\{{)([^;}}]+)", source)
                self.assertTrue(match, f"{document.name}: there is no limits::{name}")
                code = eval(re.sub(r"[s']", "", match[1]), {"__builtins__": {}})
                self.assertEqual(int(value.replace(",", "")), code, f"{document.name}: {name}")


if __name__ == "__main__":
    unittest.main()
