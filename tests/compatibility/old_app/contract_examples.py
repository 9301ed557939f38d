"""The examples of docs/CACHE-CONTRACT.md, "Reading it without our code", run against an account.

The Python example is taken from the page and executed as it stands. The az commands are taken from the page, too: where
az is installed they are run; where it is not, the REST request that each of them makes is sent instead, with the names
and options of the page's command.
"""
import base64
import datetime
import hashlib
import hmac
import os
import re
import shlex
import shutil
import subprocess
import urllib.parse
import xml.etree.ElementTree as xml

VERSION = "2021-12-02"


def examples(source):
    """The page's first sh block as commands, and its python block."""
    with open(os.path.join(source, "docs", "CACHE-CONTRACT.md"), encoding="utf-8") as page:
        text = page.read().split("## Reading it without our code", 1)[1]
    shell = re.search(r"```sh\n(.*?)```", text, re.S).group(1).replace("\\\n", " ")
    python = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    return [shlex.split(line) for line in shell.splitlines() if line.strip()], python


def readers_url(account, key, blob_url, container):
    """The container's address with a SAS token for reading blobs."""
    until = (datetime.datetime.utcnow() + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = ["r", "", until, f"/blob/{account}/{container}", "", "", "", VERSION, "c"] + [""] * 7
    signature = hmac.new(base64.b64decode(key), "\n".join(fields).encode(), hashlib.sha256).digest()
    token = urllib.parse.urlencode({"sp": "r", "se": until, "sv": VERSION, "sr": "c",
                                    "sig": base64.b64encode(signature).decode()})
    return f"{blob_url}/{container}?{token}"


def read_by_python(python, url, login):
    names = {}
    exec(compile(python, "docs/CACHE-CONTRACT.md", "exec"), names)
    return names["read_bundle"](url, login)


def option(command, name):
    return command[command.index(name) + 1] if name in command else None


def run_az(command, connection, folder):
    """What az prints; its --account-name and --auth-mode are replaced by the emulator's connection string."""
    kept, skip = [], 0
    for word in command:
        if skip:
            skip -= 1
        elif word in ("--account-name", "--auth-mode"):
            skip = 1
        else:
            kept.append(word)
    environment = dict(os.environ, AZURE_STORAGE_CONNECTION_STRING=connection, AZURE_CORE_COLLECT_TELEMETRY="no",
                       AZURE_CONFIG_DIR=folder)
    return subprocess.run(kept, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=True).stdout


def has_az():
    return shutil.which("az") is not None


def rest_download(command, container):
    return container.get(option(command, "--name"))[0]


def rest_metadata(command, container):
    with container.call("GET", option(command, "--name"), query={"comp": "metadata"}) as answer:
        return {name[10:].lower(): value for name, value in answer.headers.items()
                if name.lower().startswith("x-ms-meta-")}


def rest_content_lengths(command, container):
    """[].properties.contentLength over all pages of List Blobs."""
    assert option(command, "--query") == "[].properties.contentLength", command
    lengths, marker = [], ""
    while True:
        query = {"restype": "container", "comp": "list"}
        if marker:
            query["marker"] = marker
        with container.call("GET", query=query) as answer:
            page = xml.fromstring(answer.read())
        lengths += [int(length.text) for length in page.iter("Content-Length")]
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return lengths
