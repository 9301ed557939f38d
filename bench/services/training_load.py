"""Times trainings and refreshes of one machine: `serve` over an embedded store, a simulated GitHub, worker processes.

queue_to_first_step_seconds: from sending the request to train until the status shows the first step; the time of the
status' own answers is in it. refresh_p95_ratio_while_training: forced refreshes of the sample portfolio while a worker
trains, against as many with none, in turns, so that a drift of the machine meets both.
"""
import json
import os
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

LOGIN = "sample-dev"
STARTS = 20
TURNS = 3
REFRESHES_A_TURN = 14
LONGEST = 120


def p95(values):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def ask(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


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
                                           "--latency-ms", "20"], stdout=subprocess.PIPE, text=True)
        github = self.origin_of(self.simulator)
        environment = {"CLOUDFOLIO_TRAINING_ENABLED": "false", "GITHUB_TOKEN": "bench"}
        self.server = subprocess.Popen(
            [program, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--github-url", github, "--log-level",
             "error"], stdout=subprocess.PIPE, text=True, env=dict(os.environ, **environment))
        self.origin = self.origin_of(self.server)

    @staticmethod
    def origin_of(process):
        return next(word for word in process.stdout.readline().split() if word.startswith("http://"))

    def close(self):
        for process in (self.server, self.simulator):
            process.terminate()
            process.wait()

    def refresh(self):
        begun = time.monotonic()
        started = ask("POST", f"{self.origin}/v1/portfolios/{LOGIN}/refresh", {"force": True})
        state = f"{self.origin}/runtime/webhooks/durabletask/instances/{started['id']}?showOutput=report"
        until(lambda: ask("GET", state).get("runtimeStatus") == "Completed")
        return time.monotonic() - begun

    def wait_for_index(self):
        state = f"{self.origin}/runtime/webhooks/durabletask/instances/index:{LOGIN}"
        until(lambda: ask("GET", state).get("runtimeStatus") == "Completed", 0.05)

    def training(self):
        path = f"{self.origin}/v1/admin/trainings/" + urllib.parse.quote(self.instance, safe="")
        return ask("GET", path)

    def start_training(self):
        begun = time.monotonic()
        self.instance = ask("POST", f"{self.origin}/v1/portfolios/{LOGIN}/train", {})["id"]
        until(lambda: self.training().get("done", 0) >= 1)
        return time.monotonic() - begun

    def cancel_training(self):
        path = f"{self.origin}/v1/admin/trainings/" + urllib.parse.quote(self.instance, safe="")
        ask("POST", path + "/cancel", {})
        until(lambda: not ask("GET", f"{self.origin}/v1/admin/trainings")["workers"], 0.05)


def measure(program, samples):
    with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder:
        machine = Machine(str(program), str(samples), folder)
        try:
            machine.refresh()
            machine.wait_for_index()
            starts = []
            for _ in range(STARTS):
                starts.append(machine.start_training())
                machine.cancel_training()
            alone, beside = [], []
            for _ in range(TURNS):
                alone += [machine.refresh() for _ in range(REFRESHES_A_TURN)]
                machine.wait_for_index()
                machine.start_training()
                for _ in range(REFRESHES_A_TURN):
                    if machine.training()["status"] != "Running":
                        machine.start_training()
                    beside.append(machine.refresh())
                machine.cancel_training()
            return {"queue_to_first_step_seconds": round(p95(starts), 3),
                    "queue_to_first_step_median_seconds": round(sorted(starts)[len(starts) // 2], 3),
                    "refresh_p95_seconds": round(p95(alone), 3),
                    "refresh_p95_while_training_seconds": round(p95(beside), 3),
                    "refresh_p95_ratio_while_training": round(p95(beside) / p95(alone), 3)}
        finally:
            machine.close()
