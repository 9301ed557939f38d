"""Counts failed requests while one `serve` process after another takes the same socket over.

Clients never try again: a refused or broken connection, a cut answer and any status but 200 are failures. Half of them
keep their connections until they are told "Connection: close", half make one for each request.
"""
import json
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

CLIENTS = 8


class Client(threading.Thread):
    def __init__(self, port, keeps, path, ended):
        super().__init__()
        self.port, self.keeps, self.path, self.ended = port, keeps, path, ended
        self.answered, self.failures, self.slowest = 0, [], 0.0

    def ask(self, stream):
        """One request on `stream`; whether the connection may be used again."""
        close = b"" if self.keeps else b"Connection: close\r\n"
        stream.write(b"GET " + self.path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + close + b"\r\n")
        stream.flush()
        status = stream.readline().split()
        if len(status) < 2:
            raise ConnectionError("no answer")
        length, again = 0, True
        while True:
            line = stream.readline()
            if not line:
                raise ConnectionError("the header was cut")
            name, _, value = line.strip().lower().partition(b":")
            if not name:
                break
            if name == b"content-length":
                length = int(value)
            if name == b"connection" and value.strip() == b"close":
                again = False
        if len(stream.read(length)) != length:
            raise ConnectionError("the body was cut")
        if status[1] != b"200":
            raise ConnectionError("status " + status[1].decode())
        return again

    def run(self):
        connection = None
        while not self.ended.is_set():
            begun = time.monotonic()
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    stream = connection.makefile("rwb")
                again = self.ask(stream)
                self.answered += 1
            except OSError as failure:
                self.failures.append(f"{time.strftime('%X')} {type(failure).__name__}: {failure}")
                again = False
            self.slowest = max(self.slowest, time.monotonic() - begun)
            if not again and connection is not None:
                stream.close()
                connection.close()
                connection = None


def start(program, folder, log, *more):
    server = subprocess.Popen([str(program), "--data", folder, "--log-level", "warn", "serve", "--listen",
                               "127.0.0.1:0", *more], stdout=subprocess.PIPE, stderr=log, text=True)
    line = server.stdout.readline()
    words = [word for word in line.split() if word.startswith("http://")]
    if not words:
        raise SystemExit(f"the server did not start: {line}")
    return server, words[0]


def measure(program, requests, restarts, roles=()):
    """Failures (texts), requests answered, restarts made, and the longest that one request took."""
    with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder, \
            open(pathlib.Path(folder) / "log", "w") as log:
        others, more = [], []
        if roles:
            # The gateway alone is replaced; the rest stays.
            others = [subprocess.Popen([str(program), "--data", folder, "serve", "--role", roles],
                                       stdout=subprocess.PIPE, stderr=log)]
            others[0].stdout.readline()
            more = ["--role", "gateway"]
        server, origin = start(program, folder, log, *more)
        ended = threading.Event()
        port = int(origin.rpartition(":")[2])
        clients = [Client(port, number % 2 == 0, path, ended) for number, path in
                   zip(range(CLIENTS), [b"/v1/health", b"/api/health", b"/v1/health/ready", b"/metrics"] * CLIENTS)]
        made = 0
        try:
            for client in clients:
                client.start()
            answered = lambda: sum(client.answered for client in clients)
            deadline = time.monotonic() + 150
            while (answered() < requests or made < restarts) and time.monotonic() < deadline:
                if made < restarts:
                    successor, same = start(program, folder, log, *more, "--take-over")
                    code = server.wait(timeout=30)
                    server = successor
                    made += 1
                    if same != origin or code != 0:
                        raise SystemExit(f"restart {made}: {same} after {origin}, exit code {code}")
                time.sleep(0.1)
        finally:
            ended.set()
            for client in clients:
                client.join()
            for process in [server, *others]:
                process.terminate()
                process.wait()
        failures = [failure for client in clients for failure in client.failures]
        return failures, sum(client.answered for client in clients), made, max(client.slowest for client in clients)


def figures(program):
    failed, answered, slowest, made_all = 0, 0, 0.0, 0
    for roles in ("", "orchestrator,sync,trainer"):
        failures, count, made, longest = measure(program, 12_000, 6, roles)
        for failure in failures[:10]:
            print("failed", failure)
        failed, answered, slowest = failed + len(failures), answered + count, max(slowest, longest)
        made_all += made
    if answered < 20_000:
        raise SystemExit(f"only {answered} requests")
    return {"rolling_restart_failed_requests": failed, "rolling_restart_requests": answered,
            "rolling_restarts": made_all, "rolling_restart_longest_request_seconds": round(slowest, 3)}


if __name__ == "__main__":
    import sys
    print(json.dumps(figures(pathlib.Path(sys.argv[1])), indent=2))
