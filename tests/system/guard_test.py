"""The guard through a running `serve`: GitHub's batches fail for many tenants, the flag turns back, refreshes end again."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
FLAG = "ENABLE_GRAPHQL_BATCH_FETCH"
TENANTS = [f"tenant-{number}" for number in range(12)]
LONGEST_SECONDS = 90


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def ask(url, body=None):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith("{") else text


def wait_for(what, holds):
    deadline = time.monotonic() + LONGEST_SECONDS
    while not holds():
        check(time.monotonic() < deadline, f"not within {LONGEST_SECONDS} s: {what}")
        time.sleep(0.1)


def corpus_of_many(folder):
    """One small repository of the sample for each tenant."""
    repository = json.loads((ROOT / "samples/portfolio/sample-dev/calm-incidents.json").read_text())
    for tenant in TENANTS:
        (folder / tenant).mkdir(parents=True)
        (folder / tenant / "calm-incidents.json").write_text(json.dumps({**repository, "owner": tenant}))


class Service:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cloudfolio-test-")
        here = pathlib.Path(self.folder.name)
        corpus_of_many(here / "corpus")
        self.running = []
        self.environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "GITHUB_TOKEN": "simulated",
                            "CLOUDFOLIO_DATA": str(here / "data"), "CLOUDFOLIO_TRAINING_ENABLED": "false",
                            "CLOUDFOLIO_BASE_MODEL": "/nonexistent", "CLOUDFOLIO_LOG_FILE": str(here / "log")}
        self.github = self.start("github-sim", "--corpus", here / "corpus", "--fault", "graphql-down")
        self.environment["CLOUDFOLIO_GITHUB_URL"] = self.github
        self.origin = self.start("serve")
        self.log = here / "log"
        return self

    def start(self, *command):
        process = subprocess.Popen([PROGRAM, *command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.DEVNULL, env=self.environment)
        self.running.append(process)
        return next(word for word in process.stdout.readline().split() if word.startswith("http://"))

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            process.wait(timeout=60)
            process.stdout.close()
        self.folder.cleanup()

    def run(self, *arguments):
        ran = subprocess.run([PROGRAM, "--json", "flags", *arguments], capture_output=True, text=True, timeout=30,
                             env=self.environment)
        return ran.returncode, json.loads(ran.stdout), ran.stderr

    def flag(self):
        return next(one for one in self.run("ls")[1]["flags"] if one["name"] == FLAG)


def failures_turn_the_flag_back_and_a_person_turns_it_on():
    with Service() as service:
        for tenant in TENANTS:
            ask(f"{service.origin}/v1/portfolios/{tenant}/refresh", {})
        wait_for("the flag turned back", lambda: service.flag()["guard"] == "turned back")
        check(service.flag()["setting"] == "off", service.flag())
        entry = service.run("history", FLAG)[1]["history"][-1]
        check(entry["by"] == "guard" and entry["after"] == "off", entry)
        check(entry["evidence"]["failed"] >= 9 and entry["evidence"]["failing_tenants_at_least"] >= 3, entry)
        metric = f'cloudfolio_flags_turned_back{{flag="{FLAG}"}} 1'
        wait_for("the alert", lambda: metric in ask(service.origin + "/metrics"))
        check("flag.turned_back" in service.log.read_text(), "the log says it")

        # The old path: the same refreshes end while batches still fail.
        for tenant in TENANTS[:3]:
            def mirrored():
                try:
                    ask(f"{service.origin}/v1/portfolios/{tenant}/refresh", {})
                    return len(ask(f"{service.origin}/api/bundles/{tenant}")["data"]) == 1
                except urllib.error.HTTPError as refused:
                    check(refused.code in (404, 409, 429), refused)
                    return False
            wait_for(f"a refresh of {tenant}", mirrored)

        code, _, error = service.run("set", FLAG, "on", "--reason", "too early")
        check(code != 0 and "rearm" in error, error)
        check(service.run("rearm", FLAG, "--reason", "mended")[0] == 0, "it is armed again")
        check(service.run("set", FLAG, "on", "--reason", "mended")[0] == 0, "and on")
        check(service.flag()["guard"] != "turned back", service.flag())


TESTS = [failures_turn_the_flag_back_and_a_person_turns_it_on]


def main():
    failed = 0
    for test in TESTS:
        try:
            test()
        except (AssertionError, OSError, KeyError, IndexError, ValueError, subprocess.SubprocessError) as failure:
            failed += 1
            print(f"failed {test.__name__}: {type(failure).__name__} {failure}")
    print(f"{len(TESTS) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
