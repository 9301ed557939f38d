"""Times a flag's change from one process to another over one embedded store.

A server runs; `cloudfolio flags set` changes the flag a hundred times at random moments; /api/health says which version
the server runs. Counted from the start of the command, so the command's own time is in it.
"""
import json
import random
import subprocess
import tempfile
import threading
import time
import urllib.request

FLAG = "ENABLE_GRAPHQL_BATCH_FETCH"
CHANGES = 100
SEED = 20261122


def version_of(origin):
    with urllib.request.urlopen(origin + "/api/health", timeout=10) as answer:
        return json.load(answer)["flags_version"]


def watch(origin, seen, ended):
    """Notes when the server first says each version."""
    while not ended.is_set():
        version = version_of(origin)
        now = time.monotonic()
        for passed in range(max(seen) + 1, version + 1):
            seen[passed] = now
        time.sleep(0.005)


def measure(program):
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder:
        base = [str(program), "--data", folder, "--log-level", "error"]
        server = subprocess.Popen(base + ["serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            origin = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
            seen, ended = {0: 0.0}, threading.Event()
            watcher = threading.Thread(target=watch, args=(origin, seen, ended))
            watcher.start()
            begun = {}
            for change in range(1, CHANGES + 1):
                begun[change] = time.monotonic()
                subprocess.run(base + ["flags", "set", FLAG, f"{change % 100 + 0.5}%", "--reason", "bench"],
                               check=True, stdout=subprocess.DEVNULL)
                time.sleep(chance.uniform(0, 0.5))
            deadline = time.monotonic() + 30
            while max(seen) < CHANGES and time.monotonic() < deadline:
                time.sleep(0.05)
            ended.set()
            watcher.join()
            missing = [change for change in begun if change not in seen]
            if missing:
                raise SystemExit(f"the server never ran versions {missing}")
            return sorted(seen[change] - begun[change] for change in begun)
        finally:
            server.terminate()
            server.wait()
