"""Processes of `serve` that replace one another under load, by every way an operator has, good and bad."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
sys.path.insert(0, str(ROOT / "bench/services"))
import rolling_restart  # noqa: E402


def get(origin, path="/v1/health/ready"):
    with urllib.request.urlopen(origin + path, timeout=20) as answer:
        return answer.status


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def no_request_fails(roles):
    failures, answered, made, _ = rolling_restart.measure(PROGRAM, 2_000, 3, roles)
    check(not failures, f"{len(failures)} of {answered} requests: {failures[:3]}")
    check(made == 3 and answered >= 2_000, f"{made} restarts, {answered} requests")


def everything_in_one_process():
    no_request_fails("")


def the_gateway_alone():
    no_request_fails("orchestrator,sync,trainer")


class Service:
    """One `serve` over a folder of its own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cloudfolio-test-")
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+")
        self.server, self.origin = rolling_restart.start(PROGRAM, self.folder.name, self.log)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        self.folder.cleanup()

    def run(self, *arguments, **options):
        return subprocess.run([PROGRAM, "--data", self.folder.name, *arguments], capture_output=True, text=True,
                              timeout=60, **options)


def a_successor_with_a_wrong_setting_changes_nothing():
    with Service() as service:
        failed = service.run("serve", "--take-over", "--listen", "127.0.0.1:1")
        check(failed.returncode == 2 and "to change the address" in failed.stderr, failed.stderr)
        failed = service.run("serve", "--take-over", env={"CLOUDFOLIO_SERVER_THREADS": "0"})
        check(failed.returncode == 2, failed.stderr)
        check(service.server.poll() is None and get(service.origin) == 200, "the old one serves")


def a_successor_that_dies_in_between_leaves_the_old_one_serving():
    with Service() as service:
        fake = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fake.connect(service.folder.name + "/handover.sock")
        fake.send(b"take 1")
        word, descriptors, _, _ = socket.recv_fds(fake, 100, 1)
        check(word == b"listener" and len(descriptors) == 1, word)
        fake.send(b"release")
        check(fake.recv(100) == b"released", "it lets go")
        waiting = socket.create_connection(("127.0.0.1", int(service.origin.rpartition(":")[2])), timeout=30)
        waiting.sendall(b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        os.close(descriptors[0])
        fake.close()
        check(waiting.recv(12) == b"HTTP/1.1 200", "who asked meanwhile is answered")
        waiting.close()
        check(service.server.poll() is None and get(service.origin) == 200, "the same process serves on")


def without_a_predecessor_it_simply_starts():
    with tempfile.TemporaryDirectory() as folder:
        server, origin = rolling_restart.start(PROGRAM, folder, subprocess.DEVNULL, "--take-over")
        check(get(origin) == 200, "it serves")
        asked = subprocess.run([PROGRAM, "--data", folder, "health"], capture_output=True, text=True)
        check(asked.returncode == 0 and asked.stdout == f"{origin} is ready\n", asked.stdout + asked.stderr)
        server.terminate()
        check(server.wait() == 0, "and ends in order")
        asked = subprocess.run([PROGRAM, "--data", folder, "health"], capture_output=True, text=True)
        check(asked.returncode != 0 and "no server runs" in asked.stderr, asked.stderr)


def a_worker_needs_no_takeover():
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([PROGRAM, "--data", folder, "serve", "--role", "trainer", "--take-over"],
                             capture_output=True, text=True)
        check(ran.returncode == 2 and "start one more, then stop the old one" in ran.stderr, ran.stderr)


def a_service_managers_socket_outlives_each_process():
    with tempfile.TemporaryDirectory() as folder, \
            socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(folder + "/notify")
        manager.settimeout(20)

        def started():
            # What systemd does: the socket as descriptor 3, and LISTEN_PID of the process itself.
            script = 'exec 3<&%d; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' % listener.fileno()
            return subprocess.Popen(["/bin/bash", "-c", script, "sh", str(PROGRAM), "--data", folder, "serve"],
                                    pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL,
                                    env={"NOTIFY_SOCKET": folder + "/notify", "PATH": os.environ["PATH"]})

        origin = "http://127.0.0.1:%d" % listener.getsockname()[1]
        for _ in range(2):
            server = started()
            told = manager.recv(100)
            check(told == b"READY=1\nMAINPID=%d" % server.pid, told)
            check(get(origin) == 200, "the manager's socket is served")
            server.terminate()
            check(manager.recv(100) == b"STOPPING=1", "the manager is told")
            check(server.wait() == 0, "it ends in order")


def a_load_balancer_is_told_before_the_socket_closes():
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CLOUDFOLIO_SERVER_DRAIN_SECONDS": "2"}
        server = subprocess.Popen([PROGRAM, "--data", folder, "serve", "--listen", "127.0.0.1:0"], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        origin = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
        check(get(origin) == 200, "ready")
        server.terminate()
        deadline, status = time.monotonic() + 2, 200
        while status == 200 and time.monotonic() < deadline:
            try:
                status = get(origin)
            except urllib.error.HTTPError as refused:
                status = refused.code
        check(status == 503, f"not ready: {status}")
        check(get(origin, "/api/health") == 200, "and still answering")
        check(server.wait() == 0, "it ends in order")


def refreshes_that_are_asked_for_across_a_takeover_are_all_accepted_and_end():
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "GITHUB_TOKEN": "simulated",
                       "CLOUDFOLIO_DATA": folder + "/data", "CLOUDFOLIO_TRAINING_ENABLED": "false",
                       "CLOUDFOLIO_BASE_MODEL": "/nonexistent"}

        def started(*command):
            process = subprocess.Popen([PROGRAM, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       env=environment)
            return process, next(word for word in process.stdout.readline().split() if word.startswith("http://"))

        # Slow enough that what was asked for first is under way when its process is replaced.
        github, environment["CLOUDFOLIO_GITHUB_URL"] = started(
            "github-sim", "--corpus", ROOT / "samples/portfolio", "--latency-ms", "150", "--listen", "127.0.0.1:0")
        server, origin = started("serve", "--listen", "127.0.0.1:0")
        statuses, ended = [], threading.Event()

        def keep_asking():
            while not ended.is_set():
                request = urllib.request.Request(origin + "/v1/portfolios/sample-dev/refresh", b"{}",
                                                 {"Content-Type": "application/json"})
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        statuses.append(answer.status)
                except OSError as failure:
                    statuses.append(str(failure))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            while not statuses:
                time.sleep(0.01)
            successor, same = started("serve", "--take-over", "--listen", "127.0.0.1:0")
            code, server = server.wait(timeout=30), successor
            check(code == 0 and same == origin, f"{code}, {same} after {origin}")
        finally:
            ended.set()
            asking.join()
            try:
                deadline, bundle = time.monotonic() + 60, None
                while bundle is None and time.monotonic() < deadline:
                    try:
                        bundle = get(origin, "/api/bundles/sample-dev")
                    except OSError:
                        time.sleep(0.1)
            finally:
                for process in (server, github):
                    process.terminate()
                    process.wait()
                    process.stdout.close()
        check(set(statuses) == {202}, f"{len(statuses)} answers: {set(statuses)}")
        check(bundle == 200, "what was asked for is published")


TESTS = [refreshes_that_are_asked_for_across_a_takeover_are_all_accepted_and_end, everything_in_one_process,
         the_gateway_alone, a_successor_with_a_wrong_setting_changes_nothing,
         a_successor_that_dies_in_between_leaves_the_old_one_serving, without_a_predecessor_it_simply_starts,
         a_worker_needs_no_takeover, a_service_managers_socket_outlives_each_process,
         a_load_balancer_is_told_before_the_socket_closes]


def main():
    failed = 0
    for test in TESTS:
        try:
            test()
        except (AssertionError, OSError, SystemExit, subprocess.TimeoutExpired) as failure:
            failed += 1
            print(f"failed {test.__name__}: {failure}")
    print(f"{len(TESTS) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
