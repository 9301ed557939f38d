"""check.py PROGRAM SOURCE PEERS: the old app and `cloudfolio serve` over one storage account (Azurite): each writes, the
other reads; traffic moves over and back."""
import base64
import datetime
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import old_app
from blob_service import Container

PROGRAM, SOURCE, PEERS = sys.argv[1:4]
ACCOUNT, LOGIN, SPELLING = "oldapp", "sample-dev", "Sample-Dev"
KEY = base64.b64encode(b"a key of this test alone, 32 b..").decode()
PATIENCE = 120
results = {"passed": 0, "failed": 0}


def check(what, holds, detail=""):
    results["passed" if holds else "failed"] += 1
    if not holds:
        print(f"failed {what} {detail}"[:2000])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, holds):
    ends = time.monotonic() + PATIENCE
    pause = threading.Event()
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > ends:
            raise RuntimeError("waited too long: " + what)
        pause.wait(0.1)


def start_azurite(folder):
    ports = [free_port() for _ in range(3)]
    environment = dict(os.environ, AZURITE_ACCOUNTS=f"{ACCOUNT}:{KEY}")
    arguments = ["node", PEERS + "/node_modules/azurite/dist/src/azurite.js", "--disableTelemetry", "--silent",
                 "--inMemoryPersistence", "--skipApiVersionCheck"]
    for service, port in zip(("blob", "queue", "table"), ports):
        arguments += [f"--{service}Port", str(port)]
    process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", ports[0])) == 0
    until("Azurite", answers)
    urls = [f"http://127.0.0.1:{port}/{ACCOUNT}" for port in ports]
    connection = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};" + ";".join(
        f"{name}Endpoint={url}" for name, url in zip(("Blob", "Queue", "Table"), urls))
    return process, urls[0], connection


def start_program(folder, arguments, environment):
    """The process and the address that its first line names."""
    process = subprocess.Popen([PROGRAM, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE,
                               stderr=open(os.path.join(folder, "log"), "a"), text=True)
    line = process.stdout.readline()
    return process, "http" + line.strip().split("http", 1)[1].split()[0].rstrip("/.,")


def ask(url, body=None):
    request = urllib.request.Request(url, data=json.dumps(body).encode() if body is not None else None,
                                     headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def refresh(server, force):
    status, started = ask(server + "/api/orchestrator_start", {"username": SPELLING, "force_refresh": force})
    if status == 200:
        return
    check("a refresh starts", status == 202, started)

    def ended():
        state = ask(started["statusQueryGetUri"])[1]
        return state if state.get("runtimeStatus") in ("Completed", "Failed", "Terminated") else None
    check("a refresh completes", until("the refresh", ended)["runtimeStatus"] == "Completed")


def old_entry(name):
    entry = {"name": name, "metadata": {"id": 1, "name": name, "owner": {"login": SPELLING}}, "repoContext": {},
             "readme": "# caf\u00e9 of the old app", "skills_index": "", "architecture": "", "file_types": {},
             "categorized_types": {}, "languages": {}, "has_documentation": False}
    entry["fingerprint"] = old_app.metadata_fingerprint(entry["metadata"])
    return entry


def we_read_what_the_old_app_wrote(cache, server):
    entries = [old_entry("relic")]
    cache.save(old_app.bundle_key(SPELLING), entries, old_app.bundle_fingerprint(entries))
    status, answer = ask(f"{server}/api/bundles/{SPELLING}")
    check("its bundle is served", status == 200 and answer.get("data") is not None, answer)
    data = answer.get("data") or [{}]
    check("with its text", data[0].get("readme") == entries[0]["readme"], data)
    check("with its fingerprint", answer.get("fingerprint") == old_app.bundle_fingerprint(entries), answer)
    single = old_entry("one")
    single["metadata"]["owner"]["login"] = "another"
    cache.save(old_app.older_repository_key("another", "one"), single)
    check("an older version's repository is served", ask(f"{server}/api/bundles/another/one")[0] == 200)
    cache.save(old_app.bundle_key("expired"), entries, ttl=-60)
    check("what has expired is not", ask(f"{server}/api/bundles/expired")[0] == 404)


def the_old_app_reads_what_we_wrote(cache, github):
    bundle = cache.read(old_app.bundle_key(SPELLING))
    check("the bundle is there under the caller's spelling", bundle["status"] == "valid", bundle["status"])
    entries = bundle["data"] or []
    check("it is the refreshed one", len(entries) >= 8, len(entries))
    check("its fingerprint is the old app's", bundle.get("fingerprint") == old_app.bundle_fingerprint(entries))
    for entry in entries:
        single = cache.read(old_app.repository_key(SPELLING, entry["name"]))
        check(f"{entry['name']} has its own entry", single["status"] == "valid" and single["data"] == entry)
        check(f"{entry['name']} has its fingerprint", single.get("fingerprint") == entry["fingerprint"])
    # What the old app would ask before it serves from the cache: does GitHub's listing have these fingerprints?
    listed = ask(f"{github}/users/{LOGIN}/repos?per_page=100")[1]
    of_github = {repository["name"]: old_app.metadata_fingerprint(repository) for repository in listed}
    stale = [entry["name"] for entry in entries if of_github.get(entry["name"]) != entry["fingerprint"]]
    check("nothing is stale by the old app's rule", not stale, stale)
    return entries


def its_clean_up_takes_nothing_live(cache, server):
    before = set(cache.container.list())
    deleted = cache.clean_up(datetime.datetime.utcnow() + datetime.timedelta(days=400))
    check("the rule is at work", old_app.older_repository_key("another", "one") in deleted, deleted)
    live = [name for name in deleted if not name.startswith(("repo_context_another", f"gen/{LOGIN}/"))
            and name not in ("repos_bundle_context_expired",)]
    check("nothing live is deleted", not live, live)
    left = before - set(deleted)
    check("bundle and repositories are left", old_app.bundle_key(LOGIN) in left and
          any(name.startswith(f"repo_level_bundle_{SPELLING}_") for name in left))
    check("the portfolio is served", ask(f"{server}/api/bundles/{SPELLING}")[0] == 200)


def traffic_moves_back_and_over_again(cache, server, entries):
    fewer = entries[:3]
    cache.save(old_app.bundle_key(LOGIN), fewer, old_app.bundle_fingerprint(fewer))

    def served():
        data = ask(f"{server}/api/bundles/{LOGIN}")[1].get("data")
        return data is not None and len(data) == 3
    check("the old app's refresh is served", until("the old app's bundle", served))
    refresh(server, force=True)
    again = cache.read(old_app.bundle_key(LOGIN))
    check("ours follows it", len(again["data"] or []) == len(entries), len(again["data"] or []))
    check("under each spelling", cache.read(old_app.bundle_key(SPELLING))["data"] == again["data"])
    content = old_app.content_fingerprint(again["data"])
    check("content has the old app's fingerprint", len(content) == 32 and content == old_app.content_fingerprint(entries))


def main():
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            azurite, blob_url, connection = start_azurite(folder)
            processes.append(azurite)
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "GITHUB_TOKEN": "any",
                           "CLOUDFOLIO_STORAGE_BACKEND": "azure", "AzureWebJobsStorage": connection,
                           "CLOUDFOLIO_COMPATIBILITY_OLD_APP": "true", "CLOUDFOLIO_TRAINING_ENABLED": "false",
                           "CLOUDFOLIO_BASE_MODEL": "/nonexistent"}
            simulator, github = start_program(
                folder, ["github-sim", "--corpus", SOURCE + "/samples/portfolio", "--listen", "127.0.0.1:0"],
                environment)
            processes.append(simulator)
            server_process, server = start_program(
                folder, ["serve", "--listen", "127.0.0.1:0", "--data", folder + "/data", "--github-url", github],
                environment)
            processes.append(server_process)
            container = Container(ACCOUNT, KEY, blob_url, "github-cache")
            container.create()
            cache = old_app.OldCache(container)
            we_read_what_the_old_app_wrote(cache, server)
            refresh(server, force=False)
            entries = the_old_app_reads_what_we_wrote(cache, github)
            its_clean_up_takes_nothing_live(cache, server)
            traffic_moves_back_and_over_again(cache, server, entries)
        except Exception as error:  # Whatever stops the scenario is its failure.
            check("the scenario runs to its end", False, repr(error))
            with open(os.path.join(folder, "log")) as log:
                print(log.read()[-3000:])
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait(timeout=30)
    print(f"{results['passed']} passed, {results['failed']} failed, 0 skipped")
    return 1 if results["failed"] else 0


sys.exit(main())
