#!/usr/bin/env python3
"""./dev on machines that are not like this one: nothing installed, not root, another Boost, no network.

Each test runs a copy of ./dev in a folder of its own, with the commands that it asks about the machine
(id, dpkg-query, sudo, apt-get) replaced by scripts. Closes with `N passed, N failed, N skipped`.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NEEDED_COMMANDS = ["bash", "env", "awk", "sed", "grep", "tail", "head", "cat", "date", "mkdir", "mv", "rm", "tr", "wc",
                   "dirname", "basename", "sleep", "cksum", "cut", "nproc", "pkill", "kill", "python3"]


class Machine:
    """A folder with a copy of ./dev and a PATH of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cloudfolio-dev-"))
        shutil.copy(ROOT / "dev", self.folder / "dev")
        shutil.copytree(ROOT / "tools", self.folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "samples/portfolio").mkdir(parents=True)
        shutil.copy(ROOT / "samples/portfolio/index.json", self.folder / "samples/portfolio/index.json")
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in NEEDED_COMMANDS:
            found = shutil.which(name)
            if found:
                (self.bin / name).symlink_to(found)
        self.script("id", "echo 0")
        self.script("dpkg-query", "exit 1")
        self.script("apt-get", 'echo "apt-get $*" >>"$ROOT_OF_TEST/apt-calls"')

    def script(self, name, body):
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.bin / name).chmod(0o755)

    def dev(self, *arguments, **variables):
        environment = {"PATH": str(self.bin), "HOME": str(self.folder), "ROOT_OF_TEST": str(self.folder), **variables}
        return subprocess.run([str(self.bin / "bash"), str(self.folder / "dev"), *arguments], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def apt_calls(self):
        calls = self.folder / "apt-calls"
        return calls.read_text() if calls.exists() else ""

    def packages(self, *groups):
        lines = (self.folder / "tools/packages.txt").read_text().splitlines()
        return [line.split()[1] for line in lines if line.split()[:1] and line.split()[0] in groups]


class Dev(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(shutil.rmtree, self.machine.folder)

    def test_without_root_and_sudo_it_prints_the_one_apt_line_and_exits_2(self):
        self.machine.script("id", "echo 1000")
        run = self.machine.dev("setup")
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        line = [line for line in run.stderr.splitlines() if "apt-get install" in line]
        self.assertEqual(len(line), 1, run.stderr)
        self.assertIn("--no-install-recommends --no-remove -y", line[0])
        for package in ("libboost1.81-dev", "libdnnl-dev", "clang-16"):
            self.assertIn(f" {package}", line[0])
        self.assertEqual(self.machine.apt_calls(), "")

    def test_with_sudo_it_installs_through_it(self):
        self.machine.script("id", "echo 1000")
        self.machine.script("sudo", '[ "$1" = -n ] && exit 0; [ "$1" = -v ] && exit 0; exec "$@"')
        self.machine.dev("setup")
        self.assertIn("apt-get update", self.machine.apt_calls())
        self.assertIn("install --no-install-recommends --no-remove -y", self.machine.apt_calls())

    def test_as_root_it_asks_for_what_is_missing_and_never_to_remove(self):
        self.machine.script("dpkg-query", """
case "$*" in *libboost1.\\**) exit 1 ;; esac
for name in libsqlite3-dev libdnnl-dev; do echo "installed $name"; done""")
        self.machine.dev("build")
        install = [line for line in self.machine.apt_calls().splitlines() if "install" in line]
        self.assertEqual(len(install), 1)
        self.assertIn("--no-remove", install[0])
        self.assertIn("libboost1.81-dev", install[0])
        self.assertNotIn("libdnnl-dev", install[0])
        self.assertNotIn("clang-16", install[0])

    def test_when_everything_is_there_the_package_manager_is_not_asked(self):
        installed = "\n".join(f"echo 'installed {name}'" for name in self.machine.packages("build", "test"))
        self.machine.script("dpkg-query", installed)
        self.machine.dev("setup")
        self.assertEqual(self.machine.apt_calls(), "")

    def test_another_version_of_boost_is_named_and_nothing_is_changed(self):
        self.machine.script("dpkg-query", "case \"$*\" in *libboost1.\\**) echo 'installed libboost1.74-dev' ;; esac")
        run = self.machine.dev("build")
        self.assertEqual(run.returncode, 2)
        self.assertIn("libboost1.74-dev", run.stderr)
        self.assertIn("Nothing was changed", run.stderr)
        self.assertEqual(self.machine.apt_calls(), "")

    def test_a_package_manager_that_fails_ends_with_2_and_its_words(self):
        self.machine.script("apt-get", "echo 'Could not resolve the archive'; exit 100")
        run = self.machine.dev("setup")
        self.assertEqual(run.returncode, 2)
        self.assertIn("Could not resolve the archive", run.stdout)
        self.assertIn("Is there a network", run.stdout)

    def test_words_that_it_does_not_know_are_usage_errors(self):
        for arguments, said in ((["dmeo"], "no command 'dmeo'"), (["demo", "--onec"], "no option '--onec'"),
                                (["demo", "a", "b"], "one login"), (["demo", "--corpus"], "needs a folder"),
                                (["demo", "--corpus", "nowhere"], "no corpus in 'nowhere'"),
                                (["test", "--fast"], "no option '--fast'"), (["bench", "nothing"], "no benchmark")):
            with self.subTest(arguments):
                run = self.machine.dev(*arguments)
                self.assertEqual(run.returncode, 2)
                self.assertIn(said, run.stderr)

    def test_a_login_that_is_nowhere_says_how_to_ask_github(self):
        run = self.machine.dev("demo", "octocat-of-nowhere")
        self.assertEqual(run.returncode, 2)
        self.assertIn("set GITHUB_TOKEN", run.stderr)

    def test_help_names_every_command(self):
        run = self.machine.dev("help")
        self.assertEqual(run.returncode, 0)
        for word in ("demo", "test", "build", "bench", "setup"):
            self.assertIn(f"./dev {word}", run.stdout)


if __name__ == "__main__":
    os.chdir(ROOT)
    result = unittest.TextTestRunner(sys.stdout).run(unittest.defaultTestLoader.loadTestsFromTestCase(Dev))
    bad = len(result.failures) + len(result.errors)
    for test, _ in result.failures + result.errors:
        print(f"failed {test}")
    print(f"{max(0, result.testsRun - bad)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
