"""Times the refresh of ten repositories against the simulator at 150 ms latency.

The peer is the original system's way of asking, run in the same minute against the same simulator: the list,
then for each repository its languages, four documents and one call a directory, one after the other, as its
recorded behaviour says (it has no release that runs here). Writes build/bench/refresh.json.
"""

import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "cloudfolio"
LATENCY_MS = 150
COLD_RUNS = 20
DOCUMENTS = (".repo-context.json", "README.md", "SKILLS-INDEX.md", "ARCHITECTURE.md")


def call(url, body=None, token=None):
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


class Started:
    """A program whose first line of output names its address."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen(
            [str(PROGRAM), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        self.url = line[line.index("http"):].split()[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def ten_repositories(folder):
    """The ten repositories of one corpus owner where the corpus is there, else ten of the sample."""
    corpus = pathlib.Path(os.environ.get("CLOUDFOLIO_CORPUS", ROOT.parent / "shared" / "corpus"))
    source, login = (corpus / "simonw", "simonw")
    if not source.is_dir() or len(list(source.glob("*.json"))) < 10:
        source, login = (corpus / "karpathy", "karpathy")
    if not source.is_dir():
        source, login = (ROOT / "samples" / "portfolio" / "sample-dev", "sample-dev")
    target = pathlib.Path(folder) / login
    target.mkdir()
    for file in sorted(source.glob("*.json"))[:10]:
        shutil.copy(file, target)
    return login


def refresh(url, login):
    """Seconds of one refresh as a client sees it, and its report."""
    began = time.perf_counter()
    started = call(f"{url}/v1/portfolios/{login}/refresh", {})
    job = f"{url}/runtime/webhooks/durabletask/instances/{urllib.parse.quote(started['id'])}?showOutput=report"
    while True:
        state = call(job)
        if state["runtimeStatus"] not in ("Pending", "Running"):
            break
        time.sleep(0.005)
    if state["runtimeStatus"] != "Completed":
        sys.exit(f"the refresh ended {state['runtimeStatus']}: {state}")
    output = state["output"]
    return time.perf_counter() - began, json.loads(output) if isinstance(output, str) else output


def measure(simulator, login):
    cold, unchanged, requests, unchanged_requests = [], [], [], []
    for _ in range(COLD_RUNS):
        with tempfile.TemporaryDirectory() as data:
            server = Started("serve", "--listen", "127.0.0.1:0", "--data", data, "--github-url", simulator.url,
                             environment={"GITHUB_TOKEN": "bench-token", "CLOUDFOLIO_TRAINING_ENABLED": "false",
                                          "CLOUDFOLIO_BASE_MODEL": "/nonexistent"})
            try:
                seconds, report = refresh(server.url, login)
                cold.append(seconds)
                requests.append(report["github_requests"])
                seconds, report = refresh(server.url, login)
                unchanged.append(seconds)
                unchanged_requests.append(report["github_requests"])
            finally:
                server.stop()
    return cold, unchanged, requests, unchanged_requests


def original_refresh(url, login, token="bench-token"):
    """The calls that the original makes for the same bundle, in its order. Seconds and calls."""
    calls = 0

    def get(path):
        nonlocal calls
        calls += 1
        try:
            return call(url + path, token=token)
        except urllib.error.HTTPError:
            return None

    began = time.perf_counter()
    repositories = get(f"/users/{login}/repos?per_page=100")
    for repository in repositories:
        get(f"/repos/{login}/{repository['name']}/languages")
    for repository in repositories:
        base = f"/repos/{login}/{repository['name']}/contents/"
        for document in DOCUMENTS:
            get(base + document)
        folders = [""]
        while folders:
            entries = get(base + urllib.parse.quote(folders.pop(0))) or []
            folders += [entry["path"] for entry in entries if entry["type"] == "dir"]
    return time.perf_counter() - began, calls


def p95(values):
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def main():
    if not PROGRAM.exists():
        sys.exit("build/release/cloudfolio is missing: run ./dev build")
    with tempfile.TemporaryDirectory() as folder:
        login = ten_repositories(folder)
        simulator = Started("github-sim", "--corpus", folder, "--listen", "127.0.0.1:0", "--latency-ms",
                            str(LATENCY_MS))
        try:
            cold, unchanged, requests, unchanged_requests = measure(simulator, login)
            peer_seconds, peer_calls = original_refresh(simulator.url, login)
        finally:
            simulator.stop()
    figures = {
        "requests_10_repositories": max(requests),
        "p50_seconds_10_repositories": round(statistics.median(cold), 3),
        "p95_seconds_10_repositories": round(p95(cold), 3),
        "unchanged_requests": max(unchanged_requests),
        "unchanged_p95_seconds": round(p95(unchanged), 3),
        "original_way_requests": peer_calls,
        "original_way_seconds": round(peer_seconds, 3),
    }
    print(f"ten repositories of {login}, {LATENCY_MS} ms latency, {COLD_RUNS} cold runs")
    print(f"{'':34}{'cloudfolio':>12}{'original way':>14}")
    print(f"{'requests of a cold refresh':34}{figures['requests_10_repositories']:>12}{peer_calls:>14}")
    print(f"{'seconds, p50':34}{figures['p50_seconds_10_repositories']:>12}{figures['original_way_seconds']:>14}")
    print(f"{'seconds, p95':34}{figures['p95_seconds_10_repositories']:>12}{'':>14}")
    print(f"{'requests when unchanged':34}{figures['unchanged_requests']:>12}{'':>14}")
    print(f"{'seconds when unchanged, p95':34}{figures['unchanged_p95_seconds']:>12}{'':>14}")
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    (out / "refresh.json").write_text(json.dumps({"name": "refresh", "machine": machine, "figures": figures},
                                                 indent=2) + "\n")


if __name__ == "__main__":
    main()
