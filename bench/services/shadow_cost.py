"""Times reads with and without a shadow whose candidate never answers.

Both kinds alternate in rounds over one connection. A round's figure is the difference of its two 99th percentiles, and
the rounds' median counts: a slow moment of the machine spoils the round that it falls into, and would decide alone over
the 99th percentiles of all reads, which are told beside it.
"""
import http.client
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOGIN = "sample-dev"
ROUNDS = 16
READS_PER_ROUND = 1_000


class HungApp:
    """Takes every connection and says nothing."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.kept = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                self.kept.append(self.listener.accept())
            except OSError:
                return

    def __exit__(self, *_):
        self.listener.close()


def serving(process):
    line = process.stdout.readline()
    return next(word for word in line.replace(",", " ").split() if word.startswith("http://"))


def reads(connection, count):
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        connection.request("GET", f"/api/bundles/{LOGIN}")
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}")
    return times


def percentile(times, part):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * part))] * 1000


def measure(program):
    environment = {**os.environ, "CLOUDFOLIO_TRAINING_ENABLED": "false", "CLOUDFOLIO_BASE_MODEL": "/nonexistent",
                   "GITHUB_TOKEN": "simulated"}
    with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder, HungApp() as hung:
        base = [str(program), "--data", folder, "--log-level", "error"]
        processes = []

        def start(*arguments, **more):
            processes.append(subprocess.Popen([*base, *arguments], stdout=subprocess.PIPE, text=True,
                                              env={**environment, **more}))
            return serving(processes[-1])

        def flag(name, value):
            subprocess.run([*base, "flags", "set", name, value, "--reason", "bench"], check=True,
                           stdout=subprocess.DEVNULL, env=environment)

        try:
            github = start("github-sim", "--corpus", str(ROOT / "samples/portfolio"), "--listen", "127.0.0.1:0")
            origin = start("serve", "--listen", "127.0.0.1:0", "--github-url", github,
                           CLOUDFOLIO_GATEWAY_UPSTREAM="http://127.0.0.1:%d" % hung.listener.getsockname()[1])
            subprocess.run([*base, "sync", LOGIN], check=True, stdout=subprocess.DEVNULL, env=environment)
            flag("ENABLE_NEW_GATEWAY", "on")
            connection = http.client.HTTPConnection(origin.removeprefix("http://"))
            time.sleep(2.1)
            reads(connection, 500)  # Warm.
            times, added = {"off": [], "on": []}, []
            for number in range(ROUNDS):
                # Every other pair begins with the shadow, so that no order is favoured.
                for value in ("off", "on") if number % 2 == 0 else ("on", "off"):
                    flag("ENABLE_SHADOW", value)
                    time.sleep(1.1)
                    times[value] += reads(connection, READS_PER_ROUND)
                added.append(percentile(times["on"][-READS_PER_ROUND:], 0.99) -
                             percentile(times["off"][-READS_PER_ROUND:], 0.99))
            connection.close()
            return {"shadow_added_p99_ms": round(max(0.0, statistics.median(added)), 3),
                    "shadow_added_p99_ms_worst_round": round(max(added), 3),
                    "shadow_p99_ms": round(percentile(times["on"], 0.99), 3),
                    "without_shadow_p99_ms": round(percentile(times["off"], 0.99), 3),
                    "shadow_p50_ms": round(percentile(times["on"], 0.5), 3),
                    "without_shadow_p50_ms": round(percentile(times["off"], 0.5), 3)}
        finally:
            for process in processes:
                process.terminate()
                process.wait()
