"""Each arrangement of the roles: its example configuration starts, and compose.yaml says what the program understands."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
EXAMPLES = ROOT / "infra/examples"
EMULATOR = ROOT / "src/storage/azure/testing/emulator"
SERVICES = "gateway,orchestrator,sync"
# For each example: how its comment starts it, and what the program must make of it.
WANTED = {
    "one-process.json": ([], {"roles": SERVICES, "storage": "embedded", "capacity": "process"}),
    "four-processes.json": (["--role", "gateway,orchestrator"],
                            {"roles": "gateway,orchestrator", "storage": "embedded", "capacity": "external"}),
    "azure-storage.json": ([], {"roles": SERVICES, "storage": "azure", "capacity": "process"}),
    "external-capacity.json": (["--role", SERVICES], {"roles": SERVICES, "storage": "azure", "capacity": "external"}),
}
ACCOUNT = "AZURE_STORAGE_CONNECTION_STRING"
# An account that is never asked.
SOME_ACCOUNT = {ACCOUNT: "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;"
                         "QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;"}


# What compose.yaml uses of the Compose specification's keys.
SPECIFIED = {
    "top": ["name", "services", "volumes"],
    "service": ["build", "command", "depends_on", "environment", "healthcheck", "image", "network_mode", "profiles",
                "read_only", "restart", "stop_grace_period", "tmpfs", "volumes"],
    "build": ["context", "dockerfile", "target"],
}


class Skipped(Exception):
    pass


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def surroundings(more=None):
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "CLOUDFOLIO_LOG_LEVEL": "warn", **(more or {})}


def checked(*arguments, more=None):
    """What `serve --check-config` makes of it."""
    ran = subprocess.run([PROGRAM, "serve", "--check-config", "--json", *arguments], capture_output=True, text=True,
                         timeout=30, env=surroundings(more))
    return ran, json.loads(ran.stdout) if ran.returncode == 0 else None


def every_example_means_what_it_says():
    check(sorted(WANTED) == sorted(path.name for path in EXAMPLES.iterdir()), list(EXAMPLES.iterdir()))
    for name, (arguments, wanted) in WANTED.items():
        ran, told = checked("--config", EXAMPLES / name, *arguments, more=SOME_ACCOUNT)
        check(ran.returncode == 0, f"{name}: {ran.stderr}")
        check({key: told[key] for key in wanted} == wanted and told["durable"] == "embedded", f"{name}: {told}")
        check(told["listen"] == "127.0.0.1:7071", told)


def what_is_wrong_is_said_and_nothing_is_opened():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "wrong.json"
        for text, said in (('{"server": {"listen": "0.0.0.0:7071"}}', "auth.tokens"),
                           ('{"server": {"listen": "nowhere"}}', "nowhere"),
                           ('{"capacity": {"kid": "process"}}', "capacity.kind"),
                           ('{"storage": {"backend": "azure"}}', "azure.connection_string"),
                           ('{"durable": {"backend": "grpc"}}', "durable.backend")):
            file.write_text(text)
            ran, _ = checked("--config", file, "--data", f"{folder}/data")
            check(ran.returncode == 2 and said in ran.stderr, f"{text}: {ran.returncode} {ran.stderr}")
        ran, _ = checked("--data", f"{folder}/data", "--role", "cook")
        check(ran.returncode == 2 and "cook" in ran.stderr, ran.stderr)
        ran, _ = checked("--data", f"{folder}/data")
        check(ran.returncode == 0 and not (pathlib.Path(folder) / "data").exists(), "nothing is made")


@contextlib.contextmanager
def started(folder, name, roles, more=None):
    """`serve` with an example, a process for each of `roles` ([]: one without --role); the gateway's origin."""
    running = []
    try:
        origin = None
        for role in roles or [None]:
            command = [PROGRAM, "serve", "--config", EXAMPLES / name, "--data", folder, "--listen", "127.0.0.1:0"]
            server = subprocess.Popen(command + (["--role", role] if role else []), stdout=subprocess.PIPE, text=True,
                                      stderr=subprocess.PIPE, env=surroundings(more))
            running.append(server)
            words = server.stdout.readline().split()
            check(words, f"{name} {role}: {server.stderr.read() if not words else ''}")
            origin = next((word for word in words if word.startswith("http://")), origin)
        yield origin
    finally:
        for server in running:
            server.terminate()
        codes = [server.wait(timeout=30) for server in running]
        for server in running:
            server.stdout.close()
            server.stderr.close()
    check(codes == [0] * len(running), codes)


def expect_healthy(origin, trainers):
    """Waits until no role is missing; trainers that come with work are none before."""
    deadline = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(origin + "/api/health", timeout=20) as answer:
            health = json.load(answer)
        counts = {"gateway": 1, "orchestrator": 1, "sync": 1, "trainer": trainers}
        if health["status"] == "ok" and health["roles"] == counts:
            return
        check(time.monotonic() < deadline, health)
        time.sleep(0.1)


def one_process_starts():
    with tempfile.TemporaryDirectory() as folder, started(folder, "one-process.json", []) as origin:
        expect_healthy(origin, trainers=0)


def four_processes_start():
    with tempfile.TemporaryDirectory() as folder, \
            started(folder, "four-processes.json", ["orchestrator", "gateway", "sync", "trainer"]) as origin:
        expect_healthy(origin, trainers=1)


@contextlib.contextmanager
def emulator():
    """Azurite on free ports; what to add to the environment."""
    installed = subprocess.run(["sh", EMULATOR / "install.sh"], capture_output=True, text=True, timeout=120)
    if installed.returncode != 0:
        raise Skipped(installed.stdout.strip())
    key = "a2V5LW9mLWEtdGVzdA=="
    with tempfile.TemporaryDirectory() as here:
        azurite = subprocess.Popen(
            ["node", EMULATOR / "start.cjs", installed.stdout.strip(), "--inMemoryPersistence", "--disableTelemetry",
             "--blobPort", "0", "--queuePort", "0", "--tablePort", "0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=here,
            env=surroundings({"AZURITE_ACCOUNTS": f"example:{key}"}))
        try:
            urls = {}
            while len(urls) < 3:
                line = azurite.stdout.readline()
                check(line, "the emulator ended")
                found = re.search(r"Azurite (\w+) service is successfully listening at (http\S+)", line)
                if found:
                    urls[found.group(1)] = found.group(2) + "/example"
            yield {ACCOUNT: f"DefaultEndpointsProtocol=http;AccountName=example;AccountKey={key};" +
                            "".join(f"{kind}Endpoint={url};" for kind, url in urls.items())}
        finally:
            azurite.stdin.close()
            azurite.wait(timeout=30)
            azurite.stdout.close()


def both_over_azure_storage_start():
    for name, roles in (("azure-storage.json", []), ("external-capacity.json", [SERVICES])):
        with emulator() as account, tempfile.TemporaryDirectory() as folder, \
                started(folder, name, roles, account) as origin:
            expect_healthy(origin, trainers=0)


def compose():
    try:
        import yaml
    except ImportError:
        raise Skipped("python3-yaml is not installed") from None
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def compose_runs_what_the_program_understands():
    file = compose()
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "infra/images/Containerfile").read_text(), re.MULTILINE)
    read = set()
    for name, service in file["services"].items():
        if "build" not in service:
            continue
        target = service["build"]["target"]
        check(target in stages and service["image"] == f"cloudfolio-{target}", f"{name}: {service['image']}")
        check((ROOT / service["build"]["dockerfile"]).exists() and service["read_only"], name)
        check(any(volume.startswith("./infra/examples:/etc/cloudfolio") for volume in service["volumes"]), name)
        command = service["command"]
        config = pathlib.Path(command[command.index("--config") + 1]).name
        read.add(config)
        command = [str(EXAMPLES / config) if word.endswith("/" + config) else word for word in command]
        azure = ACCOUNT in service["environment"]
        own = {ACCOUNT: service["environment"][ACCOUNT].replace("${AZURITE_KEY:-}", "a2V5")} if azure else {}
        ran, told = checked(*command[1:], more=own)
        check(command[0] == "serve" and ran.returncode == 0, f"{name}: {ran.stderr}")
        check((told["storage"] == "azure") == azure, f"{name}: {told}")
        check((target == "trainer") == (told["roles"] == "trainer"), f"{name}: {told}")
    check(read == set(WANTED), f"examples that no service reads: {set(WANTED) - read}")


def compose_names_only_what_it_has():
    file = compose()
    profiles = {}
    for name, service in file["services"].items():
        for profile in service["profiles"]:
            profiles.setdefault(profile, set()).add(name)
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            check(source.startswith((".", "$")) or source in file["volumes"], f"{name}: {volume}")
    check({f"{profile}.json" for profile in profiles} == set(WANTED), sorted(profiles))
    for names in profiles.values():
        for name in names:
            missing = set(file["services"][name].get("depends_on", [])) - names
            check(not missing, f"{name} depends on {missing}, of other profiles")


def compose_says_only_what_the_specification_has():
    """A key or a form that Compose would refuse or overlook."""
    file = compose()
    check(not [key for key in file if key not in SPECIFIED["top"] and not key.startswith("x-")], list(file))
    duration = re.compile(r"(\d+(us|ms|s|m|h))+")
    for name, service in file["services"].items():
        check(set(service) <= set(SPECIFIED["service"]), f"{name}: {set(service) - set(SPECIFIED['service'])}")
        check(set(service.get("build", {})) <= set(SPECIFIED["build"]), f"{name}: {service.get('build')}")
        check(duration.fullmatch(service.get("stop_grace_period", "1s")), name)
        check(all(isinstance(word, str) for word in service["command"]), f"{name}: a word that is none")
        check(all(isinstance(value, str) for value in service["environment"].values()), f"{name}: {service['environment']}")
        left = re.sub(r"\$\{[A-Z_]+(:-[^}$]*)?\}", "", json.dumps(service))
        check("$" not in left, f"{name}: {left}")
        for volume in service["volumes"]:
            check(re.fullmatch(r"(\$\{[^}]*\}|[^:]+):/[a-z/]+(:ro)?", volume), f"{name}: {volume}")


def compose_asks_for_health_as_the_image_does():
    file = compose()
    containerfile = (ROOT / "infra/images/Containerfile").read_text()
    for name, service in file["services"].items():
        if "build" not in service:
            continue
        stage = containerfile.split(f"AS {service['build']['target']}\n")[1].split("\nFROM ")[0]
        options, command = re.search(r"^HEALTHCHECK (.*) CMD (\[.*\])$", stage, re.MULTILINE).groups()
        wanted = {key.replace("-", "_"): value for key, value in re.findall(r"--([a-z-]+)=(\w+)", options)}
        if service["healthcheck"] == {"disable": True}:
            role = service["command"][service["command"].index("--role") + 1]
            check(role in ("orchestrator", "sync"), f"{name} has a port to be asked at")
        else:
            check(service["healthcheck"] == {"test": ["CMD", *json.loads(command)], **wanted}, f"{name}: {service['healthcheck']}")


def compose_is_taken_by_a_container_runtime():
    for command in (["docker", "compose"], ["podman-compose"]):
        # Before its version 1.0.6 podman-compose knows no profiles.
        helped = subprocess.run([*command, "--help"], capture_output=True, text=True) if shutil.which(command[0]) else None
        if helped and helped.returncode == 0 and "--profile" in helped.stdout:
            ran = subprocess.run([*command, "-f", ROOT / "compose.yaml", "--profile", "*", "config"], capture_output=True,
                                 text=True, timeout=60)
            check(ran.returncode == 0, ran.stderr)
            return
    raise Skipped("neither docker compose nor a podman-compose that knows profiles is installed")


TESTS = [every_example_means_what_it_says, what_is_wrong_is_said_and_nothing_is_opened, one_process_starts,
         four_processes_start, both_over_azure_storage_start, compose_runs_what_the_program_understands,
         compose_names_only_what_it_has, compose_says_only_what_the_specification_has,
         compose_asks_for_health_as_the_image_does, compose_is_taken_by_a_container_runtime]


def main():
    failed = skipped = 0
    for test in TESTS:
        try:
            test()
        except Skipped as reason:
            skipped += 1
            print(f"skipped {test.__name__}: {reason}")
        except (AssertionError, OSError, KeyError, subprocess.SubprocessError) as failure:
            failed += 1
            print(f"failed {test.__name__}: {type(failure).__name__} {failure}")
    print(f"{len(TESTS) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
