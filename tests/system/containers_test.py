"""compose.yaml's four processes in real containers: a refresh, a search, a role that is stopped and comes back, the end.

The images are imported from what tools/make_image.py assembles, with the settings of the Containerfile's stages.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
MODELS = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cloudfolio/models"
PROJECT = f"cloudfolio-test-{os.getpid()}"
PROFILE = "four-processes"
LOGIN = "sample-dev"
# The engine, and what reads compose files for it.
ENGINES = [("docker", ["docker", "compose"]), ("docker", ["docker-compose"]), ("podman", ["podman-compose"])]


class Skipped(Exception):
    pass


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def run(*command, seconds=60):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds)
    check(ran.returncode == 0, f"{command[:4]} ended with {ran.returncode}: {(ran.stdout + ran.stderr)[-800:]}")
    return ran.stdout


def works(*command):
    return shutil.which(command[0]) and subprocess.run(command, capture_output=True, timeout=30).returncode == 0


def engine():
    for name, compose in ENGINES:
        if works(name, "info") and works(*compose, "version"):
            return name, compose
    raise Skipped("no container engine runs here: neither docker with compose nor podman with podman-compose")


def wait_for(what, holds):
    deadline = time.monotonic() + 30
    while not holds():
        check(time.monotonic() < deadline, f"waited in vain: {what}")
        time.sleep(0.2)


def make_image(name, target, folder):
    root = pathlib.Path(folder) / target
    made = subprocess.run([sys.executable, ROOT / "tools/make_image.py", target, "--binary", PROGRAM, "--root", root],
                          capture_output=True, text=True)
    if made.returncode == 3:
        raise Skipped(made.stderr.strip())
    check(made.returncode == 0, made.stderr)
    stage = (ROOT / "infra/images/Containerfile").read_text().split(f"AS {target}\n")[1].split("\nFROM ")[0]
    said = re.findall(r"^((?:USER|ENTRYPOINT|CMD) .*)$", stage, re.MULTILINE)
    # One at a time, as podman's import wants them.
    said += ["ENV " + one for one in re.search(r"^ENV (.*)$", stage, re.MULTILINE).group(1).split()]
    check(len(said) == 5, said)
    archive = root.with_suffix(".tar")
    run("tar", "--create", "--file", archive, "--directory", root, ".")
    run(name, "import", *(word for line in said for word in ("--change", line)), archive, f"{PROJECT}-{target}", seconds=120)


def compose_file(port, github, folder):
    """compose.yaml as it stands, but for the images' names, the port and the GitHub that is asked."""
    import yaml
    file = yaml.safe_load((ROOT / "compose.yaml").read_text())
    file.pop("name")  # Compose before its second version knows none; -p says it.
    file["services"] = {name: service for name, service in file["services"].items() if PROFILE in service.pop("profiles")}
    file["volumes"] = {"data": {}}
    for name, service in file["services"].items():
        service["image"] = f"{PROJECT}-{service.pop('build')['target']}"
        if name == "gateway":
            service["command"] = [*service["command"], "--listen", f"127.0.0.1:{port}"]
        service["environment"] = {**service["environment"], "CLOUDFOLIO_GITHUB_URL": github,
                                  "CLOUDFOLIO_TRAINING_MAX_STEPS": "2"}
        service["volumes"] = [re.sub(r"^\./", f"{ROOT}/", re.sub(r"^\$\{.*\}:", f"{MODELS}:", volume))
                              for volume in service["volumes"]]
    path = pathlib.Path(folder) / "compose.json"
    path.write_text(json.dumps(file))
    return path, sorted(file["services"])


def health(origin):
    try:
        with urllib.request.urlopen(origin + "/api/health", timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return {"roles": {}}


def expect_confined(name, container):
    """Nobody's rights, and no root that could be written, as the kernel says it and not the engine."""
    pid = run(name, "inspect", "--format", "{{.State.Pid}}", container).strip()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    check(re.search(r"^Uid:\s+65532\s+65532", status, re.MULTILINE), f"{container}: {status}")
    check(re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), f"{container}: {status}")
    mounts = [line.split() for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    root = next(words for words in mounts if words[4] == "/")
    check("ro" in root[5].split(","), f"{container}: {root}")


def expect_a_day_of_work(name, compose, origin, services):
    wait_for("every role", lambda: health(origin).get("status") == "ok" and health(origin)["roles"]["trainer"] == 1)
    containers = {service: next(found for found in run(name, "ps", "--format", "{{.Names}}").split()
                                if re.fullmatch(f"{PROJECT}[-_]{service}[-_]1", found)) for service in services}
    gateway = containers["gateway"]
    for container in containers.values():
        expect_confined(name, container)
    inside = lambda *words: run(name, "exec", gateway, "/usr/bin/cloudfolio", *words)
    check("18 mirrored" in inside("sync", LOGIN), "the whole portfolio is mirrored")
    check(json.loads(inside("search", LOGIN, "parser", "--json"))["results"], "something is found")
    check("Completed" in inside("status", LOGIN), "status says how it ended")
    wait_for("a training that ends", lambda: "Completed" in inside("training", "ls", LOGIN))
    if name == "docker":  # Podman's checks are made by systemd's timers, where there is one.
        wait_for("a green health check", lambda: run(
            name, "inspect", "--format", "{{.State.Health.Status}}", gateway).strip() == "healthy")
    run(*compose, "stop", "sync")
    wait_for("a role that is missed", lambda: health(origin).get("status") == "degraded")
    check("'sync'" in health(origin)["problem"], health(origin))
    check("no process has role 'sync'" in inside("status", LOGIN), inside("status", LOGIN))
    run(*compose, "start", "sync")
    wait_for("the role's return", lambda: health(origin).get("status") == "ok")


def the_four_processes_work_in_containers():
    name, compose = engine()
    if os.geteuid() != 0:
        raise Skipped("this needs root, to assemble the images with their owners")
    if not (MODELS / "all-MiniLM-L6-v2").exists():
        raise Skipped(f"the base model is not in {MODELS}")
    os.environ["GITHUB_TOKEN"] = "simulated"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="cloudfolio-test-") as folder:
        github = subprocess.Popen([PROGRAM, "github-sim", "--corpus", ROOT / "samples/portfolio", "--listen",
                                   "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            url = next(word for word in github.stdout.readline().split() if word.startswith("http://"))
            path, services = compose_file(port, url, folder)
            compose = [*compose, "-p", PROJECT, "-f", path]
            for target in ("service", "trainer"):
                make_image(name, target, folder)
                tried = subprocess.run([name, "run", "--rm", "--read-only", "--network", "host", f"{PROJECT}-{target}",
                                        "version"], capture_output=True, text=True, timeout=60)
                if tried.returncode in (125, 126, 127):  # The engine's own words, not the program's.
                    raise Skipped(f"{name} starts no container here: {tried.stderr.strip()[-300:]}")
                check(tried.stdout.startswith("cloudfolio "), tried.stdout + tried.stderr)
            try:
                run(*compose, "up", "-d")
                expect_a_day_of_work(name, compose, f"http://127.0.0.1:{port}", services)
            finally:
                run(*compose, "down", "-v")
            check(PROJECT not in run(name, "ps", "-a", "--format", "{{.Names}}"), "containers are left")
        finally:
            github.terminate()
            github.wait()
            for target in ("service", "trainer"):
                subprocess.run([name, "rmi", f"{PROJECT}-{target}"], capture_output=True, timeout=60)


def main():
    try:
        the_four_processes_work_in_containers()
    except (Skipped, ImportError) as reason:
        print(f"skipped containers: {reason}\n0 passed, 0 failed, 1 skipped")
        return 0
    except (AssertionError, OSError, KeyError, StopIteration, subprocess.SubprocessError) as failure:
        print(f"failed containers: {type(failure).__name__} {failure}\n0 passed, 1 failed, 0 skipped")
        return 1
    print("1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
