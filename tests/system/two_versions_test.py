"""Two releases of the program over one store: each goes on with what the other began, and reads what it wrote.

CLOUDFOLIO_PREVIOUS_BINARY names the other release's program; without one nothing is tested.
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
PREVIOUS = os.environ.get("CLOUDFOLIO_PREVIOUS_BINARY", "")
sys.path.insert(0, str(ROOT / "bench/services"))
import rolling_restart  # noqa: E402

LOGIN = "sample-dev"
# A training of seconds, and refreshes that are still under way when the other release takes over.
os.environ.update({"GITHUB_TOKEN": "test", "CLOUDFOLIO_TRAINING_MAX_TOKENS": "12000"})
LATENCY_MS = "150"
LONGEST = 180


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def until(what, waited_for):
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {waited_for}")


def ask(origin, method, path, body=None):
    request = urllib.request.Request(origin + path, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def instance(origin, name):
    path = "/runtime/webhooks/durabletask/instances/" + urllib.parse.quote(name, safe="")
    return ask(origin, "GET", path + "?showOutput=report")


def ends_well(origin, name):
    def ended():
        status = instance(origin, name).get("runtimeStatus")
        check(status not in ("Failed", "Terminated", "Canceled"), f"{name} ended as {status}: {instance(origin, name)}")
        return status == "Completed"
    until(ended, f"{name}'s end")


def refresh(origin):
    return ask(origin, "POST", f"/v1/portfolios/{LOGIN}/refresh", {"force": True})["id"]


def train(origin):
    return ask(origin, "POST", f"/v1/portfolios/{LOGIN}/train", {})["id"]


def answers(origin):
    found = ask(origin, "GET", f"/v1/portfolios/{LOGIN}/search?q=parse+configuration+files")
    return [(result["repository"], result["path"], result["line_from"]) for result in found["results"]]


class World:
    """A simulated GitHub, and processes of `serve` over one folder."""

    def __enter__(self):
        self.ends = contextlib.ExitStack()
        self.folder = self.ends.enter_context(tempfile.TemporaryDirectory(prefix="cloudfolio-test-"))
        self.log = self.ends.enter_context(open(pathlib.Path(self.folder) / "log", "w+"))
        simulator = subprocess.Popen([PROGRAM, "github-sim", "--corpus", ROOT / "samples/portfolio", "--listen",
                                      "127.0.0.1:0", "--latency-ms", LATENCY_MS], stdout=subprocess.PIPE, text=True)
        self.ends.callback(self.stop, simulator)
        self.github = next(word for word in simulator.stdout.readline().split() if word.startswith("http://"))
        return self

    def __exit__(self, *_):
        self.ends.close()

    @staticmethod
    def stop(process):
        process.terminate()
        process.wait()

    def serve(self, program, *more):
        process, origin = rolling_restart.start(program, self.folder, self.log, "--github-url", self.github, *more)
        self.ends.callback(self.stop, process)
        return process, origin

    def worker(self, program, roles):
        process = subprocess.Popen([program, "--data", self.folder, "--log-level", "warn", "serve", "--role", roles,
                                    "--github-url", self.github], stdout=subprocess.PIPE, stderr=self.log)
        self.ends.callback(self.stop, process)
        process.stdout.readline()

    def told(self, program, *arguments):
        ran = subprocess.run([program, "--data", self.folder, *arguments], capture_output=True, text=True, timeout=60)
        check(ran.returncode == 0, f"{arguments}: {ran.stderr}")
        return ran.stdout


def take_over(world, older, old_origin, program):
    """The other release on the same socket, without a failed request."""
    ended = threading.Event()
    port = int(old_origin.rpartition(":")[2])
    clients = [rolling_restart.Client(port, number % 2 == 0, path, ended)
               for number, path in enumerate([b"/v1/health", f"/v1/portfolios/{LOGIN}/search?q=cache".encode()] * 2)]
    for client in clients:
        client.start()
    try:
        process, origin = world.serve(program, "--take-over")
        check(older.wait(timeout=60) == 0 and origin == old_origin, "the other release takes the socket over")
        begun = sum(client.answered for client in clients)
        until(lambda: sum(client.answered for client in clients) > begun + 50, "answers of the successor")
    finally:
        ended.set()
        for client in clients:
            client.join()
    failures = [failure for client in clients for failure in client.failures]
    check(not failures, f"{len(failures)} requests failed: {failures[:3]}")
    return process, origin


def goes_on_with_what_the_other_began(first, second):
    with World() as world:
        server, origin = world.serve(first)
        ends_well(origin, refresh(origin))
        ends_well(origin, f"index:{LOGIN}")
        found = answers(origin)
        check(found, "the first release finds something")
        training = train(origin)
        started = refresh(origin)
        server, origin = take_over(world, server, origin, second)
        ends_well(origin, started)
        ends_well(origin, training)
        ends_well(origin, f"index:{LOGIN}")
        check(answers(origin), "the second release finds something")
        listed = [[model["fingerprint"] for model in json.loads(world.told(program, "models", LOGIN, "--json"))["models"]]
                  for program in (first, second)]
        check(listed[0] and listed[0] == listed[1], f"both list the models: {listed}")
        # And back.
        started = refresh(origin)
        server, origin = take_over(world, server, origin, first)
        ends_well(origin, started)
        check(answers(origin), "the first release finds something in what the second wrote")
        check(world.told(first, "status", LOGIN).split()[0] == world.told(second, "status", LOGIN).split()[0], "status")


def works_beside_the_other(first, second):
    with World() as world:
        _, origin = world.serve(first, "--role", "gateway,orchestrator")
        world.worker(second, "sync,trainer")
        ends_well(origin, refresh(origin))
        ends_well(origin, f"index:{LOGIN}")
        ends_well(origin, train(origin))
        check(answers(origin), "the answers")


def reads_the_others_flags(first, second):
    with World() as world:
        world.serve(first)
        world.told(second, "flags", "set", "ENABLE_GRAPHQL_BATCH_FETCH", "25%", "--reason", "a quarter first")
        world.told(first, "flags", "set", "ENABLE_GRAPHQL_BATCH_FETCH", "off", "--tenant", LOGIN, "--reason", "bad data")
        for arguments in (["flags"], ["flags", "history", "ENABLE_GRAPHQL_BATCH_FETCH"]):
            check(world.told(first, *arguments) == world.told(second, *arguments), f"{arguments} differ")


TESTS = [goes_on_with_what_the_other_began, works_beside_the_other, reads_the_others_flags]


def main():
    if not PREVIOUS:
        print("skipped two_versions: set CLOUDFOLIO_PREVIOUS_BINARY to another release's program")
        print(f"0 passed, 0 failed, {len(TESTS)} skipped")
        return 0
    failed = 0
    for test in TESTS:
        for pair in ((PREVIOUS, PROGRAM), (PROGRAM, PREVIOUS)):
            named = f"{test.__name__}, {'the previous' if pair[0] == PREVIOUS else 'this'} release first"
            try:
                test(*pair)
                print(f"passed {named}", flush=True)
            except (AssertionError, OSError, KeyError, SystemExit, subprocess.SubprocessError) as failure:
                failed += 1
                print(f"failed {named}: {type(failure).__name__} {failure}", flush=True)
    print(f"{2 * len(TESTS) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
