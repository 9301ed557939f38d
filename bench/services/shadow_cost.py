"""Times reads with and without a shadow whose candidate never answers.

Both kinds alternate in rounds over one connection, so that a slow moment of the machine hits both; the figure is the
difference of the two 99th percentiles.
"""
import http.client
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOGIN = "sample-dev"
ROUNDS = 10
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
            times = {"off": [], "on": []}
            for number in range(ROUNDS):
                # Every other pair begins with the shadow, so that no order is favoured.
                for value in ("off", "on") if number % 2 == 0 else ("on", "off"):
                    flag("ENABLE_SHADOW", value)
                    time.sleep(1.1)
                    times[value] += reads(connection, READS_PER_ROUND)
            connection.close()
            with_shadow, without = percentile(times["on"], 0.99), percentile(times["off"], 0.99)
            return {"shadow_added_p99_ms": round(max(0.0, with_shadow - without), 3),
                    "shadow_p99_ms": round(with_shadow, 3), "without_shadow_p99_ms": round(without, 3)}
        finally:
            for process in processes:
                process.terminate()
                process.wait()
