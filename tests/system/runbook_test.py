"""Every command of the runbook and of the services' pages, run as it stands over the sample portfolio.

Blocks of ```sh are run page by page, each page in one shell that stops at the first failure. A block that calls az is
skipped by name: tests/compatibility/azure runs those that an emulator can answer.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

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


def main():
    passed = failed = skipped = 0
    with System() as system:
        for page in PAGES:
            found = blocks_of(page)
            for heading, _ in filter(lambda one: needs_azure(one[1]), found):
                skipped += 1
                print(f"skipped {page}, {heading}: needs az and an Azure subscription or an emulator")
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
