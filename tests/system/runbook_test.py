"""Every command of the runbook and of the services' pages, run as it stands over the sample portfolio.

Blocks of ```sh are run page by page, each page in one shell that stops at the first failure. The blocks that call az run
with a stand-in for it (az_stand_in.py), over an emulated storage account and a simulated Resource Manager; what Azure's own
az says to those that the emulator can answer, tests/compatibility/azure sees where it is installed.
"""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error

import arrangements_test as arrangements

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
MODEL = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / \
    "cloudfolio/models/all-MiniLM-L6-v2"
# A list of tests is no page of a service.
OTHERS = ["pitfalls.md"]
PAGES = ["docs/RUNBOOK.md"] + sorted(f"docs/services/{path.name}" for path in (ROOT / "docs/services").glob("*.md")
                                     if path.name not in OTHERS)
LOGIN = "sample-dev"
# Pages on what may be done without a model.
WITHOUT_MODEL = ["docs/services/gateway.md", "docs/services/orchestrator.md"]


def blocks_of(page):
    blocks, heading, inside = [], "", None
    for line in (ROOT / page).read_text().splitlines():
        if inside is not None:
            if line.startswith("```"):
                blocks.append((heading, "\n".join(inside)))
                inside = None
            else:
                inside.append(line)
        elif line == "```sh":
            inside = []
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    return blocks


def needs_azure(block):
    return any(line.lstrip().startswith("az ") or "$(az " in line for line in block.splitlines())


class System:
    """A GitHub with the sample portfolio, and a server that has mirrored it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cloudfolio-test-")
        self.data = str(pathlib.Path(self.folder.name) / "data")
        self.running = []
        self.environment = {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"),
                            "GITHUB_TOKEN": "simulated", "LOGIN": LOGIN, "CLOUDFOLIO_DATA": self.data,
                            "CLOUDFOLIO_TRAINING_MAX_STEPS": "2", "CLOUDFOLIO_BASE_MODEL": str(MODEL)}
        self.environment["CLOUDFOLIO_GITHUB_URL"] = self.start("github-sim", "--corpus", ROOT / "samples/portfolio")
        self.origin = self.start("serve")
        subprocess.run(["cloudfolio", "sync", LOGIN], env=self.environment, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)
        return self

    def start(self, *command):
        process = subprocess.Popen([PROGRAM, *command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                                   stderr=open(pathlib.Path(self.folder.name) / "log", "a"), env=self.environment)
        self.running.append(process)
        return next(word for word in process.stdout.readline().split() if word.startswith("http://"))

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            process.wait(timeout=60)
        self.folder.cleanup()

    def run(self, page, blocks):
        script = "set -eux\n" + "\n".join(blocks).replace("http://127.0.0.1:7071", self.origin)
        ran = subprocess.run(["bash", "-o", "pipefail", "-c", script], env=self.environment, capture_output=True,
                             text=True, timeout=200)
        if ran.returncode != 0:
            raise AssertionError(f"{page} ended with {ran.returncode}: …{(ran.stdout + ran.stderr)[-1500:]}")


class Azure:
    """An account with two blobs and three messages, and a group that nobody knows."""

    def __init__(self, account, arm, folder):
        self.origin, version = arm.stdout.readline().split()
        stand_in = pathlib.Path(folder) / "az"
        stand_in.symlink_to(ROOT / "tests/system/az_stand_in.py")
        self.environment = {**os.environ, **account, "ARM_ORIGIN": self.origin, "ARM_API": version,
                            "PATH": f"{folder}:{os.environ['PATH']}"}
        self.queues = re.search("QueueEndpoint=([^;]+)", account[arrangements.ACCOUNT]).group(1)
        self.fill(account)

    def fill(self, account):
        os.environ.update(account)
        import az_stand_in
        storage = az_stand_in.Account()
        put = {"method": "PUT", "body": b""}
        storage.ask("Blob", "github-cache", "restype=container", **put)
        for name, size in (("a", 1000), ("b", 234)):
            storage.ask("Blob", f"github-cache/{name}", method="PUT", body=b"x" * size, headers={"x-ms-blob-type": "BlockBlob"})
        storage.ask("Queue", "model-training-queue", **put)
        for _ in range(3):
            storage.ask("Queue", "model-training-queue/messages", method="POST",
                        body=b"<QueueMessage><MessageText>one</MessageText></QueueMessage>")

    def run(self, block):
        for placeholder, value in (("https://ACCOUNT.queue.core.windows.net", self.queues), ("ACCOUNT", "example"),
                                   ("--name NAME", "--name model-training-queue-westeurope-7")):
            block = block.replace(placeholder, value)
        ran = subprocess.run(["bash", "-eux", "-o", "pipefail", "-c", block], env=self.environment, capture_output=True,
                             text=True, timeout=60)
        if ran.returncode != 0:
            raise AssertionError(f"az ended with {ran.returncode}: {ran.stderr[-1500:]}")
        return ran.stdout.split()

    def groups(self):
        return self.run("az container list --resource-group GROUP --query '[].name' --output tsv")


@contextlib.contextmanager
def azure():
    try:
        import jmespath  # noqa: F401
    except ImportError:
        raise arrangements.Skipped("python3-jmespath is not installed") from None
    server = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "tests/system/arm_server"
    with arrangements.emulator() as account, tempfile.TemporaryDirectory(prefix="cloudfolio-test-") as folder, \
            subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as arm:
        try:
            yield Azure(account, arm, folder)
        finally:
            arm.stdin.close()


# By heading, what its az blocks print over that account, in their order.
SAID = {"A paid orphan": [["model-training-queue-westeurope-7", "7"]],
        "Azure Storage: how much there is": [["1234"], ["3", "x-ms-approximate-messages-count:", "3", "3"]]}


def run_azure_blocks():
    blocks = [(heading, block) for page in PAGES for heading, block in blocks_of(page) if needs_azure(block)]
    with azure() as account:
        for heading in SAID:
            said = [account.run(block) for found, block in blocks if found == heading]
            assert said == SAID[heading], f"{heading}: {said}"
        assert {heading for heading, _ in blocks} == set(SAID), "a block of az that nobody expects"
        assert account.groups() == ["somebody-elses"], f"not deleted, or too much: {account.groups()}"
        for wrong in ("az storage queue show -n q", "az container list --resource-grup g", "az storage message peek"):
            try:
                account.run(wrong)
            except AssertionError:
                continue
            raise AssertionError(f"taken: {wrong}")


def main():
    passed = failed = skipped = 0
    try:
        run_azure_blocks()
        passed += 1
    except arrangements.Skipped as reason:
        skipped += 1
        print(f"skipped the az commands: {reason}")
    except (AssertionError, OSError, urllib.error.URLError, subprocess.SubprocessError) as failure:
        failed += 1
        print(f"failed the az commands: {failure}")
    with System() as system:
        for page in PAGES:
            found = blocks_of(page)
            blocks = [block for _, block in found if not needs_azure(block)]
            if not MODEL.exists() and page not in WITHOUT_MODEL:
                skipped += 1
                print(f"skipped {page}: the base model is not in {MODEL}")
                continue
            try:
                assert blocks, f"{page} has no commands"
                system.run(page, blocks)
                passed += 1
            except (AssertionError, subprocess.SubprocessError) as failure:
                failed += 1
                print(f"failed {page}: {failure}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
