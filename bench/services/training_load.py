"""Times trainings and refreshes of one machine: `serve` over an embedded store, a simulated GitHub, worker processes.

queue_to_first_step_seconds: from sending the request to train until the status shows the first step; the time of the
status' own answers is in it. refresh_p95_ratio_while_training: forced refreshes of the sample portfolio, over a GitHub
that takes as long to answer as in bench/refresh, while a worker trains, against as many with none, in turns, so that a
drift of the machine meets both.
"""
import http.client
import json
import os
import subprocess
import tempfile
import time
import urllib.parse

LOGIN = "sample-dev"
LATENCY_MS = 150
STARTS = 20
TURNS = 6
REFRESHES_A_TURN = 20
LONGEST = 120


def p95(values):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def until(what, pause=0.005):
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(pause)
    raise SystemExit("it took too long")


class Machine:
    def __init__(self, program, samples, folder):
        self.simulator = subprocess.Popen([program, "github-sim", "--corpus", samples, "--listen", "127.0.0.1:0",
                                           "--latency-ms", str(LATENCY_MS)], stdout=subprocess.PIPE, text=True)
        github = self.origin_of(self.simulator)
        environment = {"CLOUDFOLIO_TRAINING_ENABLED": "false", "GITHUB_TOKEN": "bench"}
        self.server = subprocess.Popen(
            [program, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--github-url", github, "--log-level",
             "error"], stdout=subprocess.PIPE, text=True, env=dict(os.environ, **environment))
        # Kept: whoever waits should cost the machine little.
        self.connection = http.client.HTTPConnection(self.origin_of(self.server).removeprefix("http://"), timeout=30)

    @staticmethod
    def origin_of(process):
        return next(word for word in process.stdout.readline().split() if word.startswith("http://"))

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def close(self):
        for process in (self.server, self.simulator):
            process.terminate()
            process.wait()

    def refresh(self):
        begun = time.monotonic()
        started = self.ask("POST", f"/v1/portfolios/{LOGIN}/refresh", {"force": True})
        state = f"/runtime/webhooks/durabletask/instances/{started['id']}?showOutput=report"
        until(lambda: self.ask("GET", state).get("runtimeStatus") == "Completed")
        return time.monotonic() - begun

    def wait_for_index(self):
        state = f"/runtime/webhooks/durabletask/instances/index:{LOGIN}"
        until(lambda: self.ask("GET", state).get("runtimeStatus") == "Completed", 0.05)

    def training(self):
        return self.ask("GET", "/v1/admin/trainings/" + urllib.parse.quote(self.instance, safe=""))

    def start_training(self):
        begun = time.monotonic()
        self.instance = self.ask("POST", f"/v1/portfolios/{LOGIN}/train", {})["id"]
        until(lambda: self.training().get("done", 0) >= 1)
        return time.monotonic() - begun

    def cancel_training(self):
        self.ask("POST", "/v1/admin/trainings/" + urllib.parse.quote(self.instance, safe="") + "/cancel", {})
        until(lambda: not self.ask("GET", "/v1/admin/trainings")["workers"], 0.05)


def on_a_machine(measured):
    """Of a portfolio that is mirrored and indexed."""
    def measure(program, samples):
        with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder:
            machine = Machine(str(program), str(samples), folder)
            try:
                machine.refresh()
                machine.wait_for_index()
                return measured(machine)
            finally:
                machine.close()
    return measure


@on_a_machine
def starts(machine):
    seconds = []
    for _ in range(STARTS):
        seconds.append(machine.start_training())
        machine.cancel_training()
    return {"queue_to_first_step_seconds": round(p95(seconds), 3),
            "queue_to_first_step_median_seconds": round(sorted(seconds)[len(seconds) // 2], 3)}


@on_a_machine
def refreshes(machine):
    alone, beside = [], []
    for _ in range(TURNS):
        alone += [machine.refresh() for _ in range(REFRESHES_A_TURN)]
        machine.wait_for_index()
        machine.start_training()
        while len(beside) < len(alone):
            seconds = machine.refresh()
            if machine.training()["status"] == "Running":
                beside.append(seconds)
            else:
                machine.start_training()  # It ended meanwhile: that refresh tells nothing.
        machine.cancel_training()
    return {"refresh_p95_seconds": round(p95(alone), 3),
            "refresh_p95_while_training_seconds": round(p95(beside), 3),
            "refresh_median_seconds": round(sorted(alone)[len(alone) // 2], 3),
            "refresh_median_while_training_seconds": round(sorted(beside)[len(beside) // 2], 3),
            "refresh_samples_each": len(alone),
            "refresh_p95_ratio_while_training": round(p95(beside) / p95(alone), 3)}
