#!/usr/bin/env python3
"""Stands for the Azure CLI in the runbook's test: the commands that the page uses, no other, with the options that the
CLI's reference gives them (azure-cli 2.91.0). What they ask goes to a simulated Resource Manager (ARM_ORIGIN) and to the
storage account of AZURE_STORAGE_CONNECTION_STRING.
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

import jmespath

VERSION = "2020-08-04"
GROUPS = "providers/Microsoft.ContainerInstance/containerGroups"
EVERYWHERE = ["--output -o", "--query", "--subscription", "--only-show-errors!", "--debug!", "--verbose!"]
ONE = ["--ids", "--name -n", "--resource-group -g"]
ACCOUNT = ["--account-key", "--account-name", "--connection-string", "--auth-mode", "--sas-token"]
# Of each command its options; "!": a flag, "*": required.
COMMANDS = {
    "container list": ["--resource-group -g"],
    "container delete": [*ONE, "--yes -y!"],
    "resource show": [*ONE, "--api-version", "--latest-include-preview -v!", "--namespace", "--parent", "--resource-type",
                      "--include-response-body"],
    "storage blob list": [*ACCOUNT, "--container-name -c*", "--delimiter", "--include", "--marker", "--num-results",
                          "--prefix", "--show-next-marker!", "--timeout", "--blob-endpoint"],
    "storage message peek": [*ACCOUNT, "--queue-name -q*", "--num-messages", "--timeout", "--queue-endpoint"],
    "storage queue generate-sas": [*ACCOUNT, "--name -n*", "--expiry", "--https-only!", "--ip", "--permissions",
                                   "--policy-name", "--start", "--queue-endpoint"],
}


def refuse(text):
    sys.exit(f"ERROR: {text}")


def parsed(words):
    command = next((name for name in COMMANDS if words[:len(name.split())] == name.split()), None)
    if command is None:
        refuse(f"'{' '.join(words[:3])}' is misspelled or not recognized by the system")
    known, flags, required = {}, set(), set()
    for spelled in COMMANDS[command] + EVERYWHERE:
        names = spelled.rstrip("!*").split()
        known.update({name: names[0] for name in names})
        flags |= {names[0]} if spelled.endswith("!") else set()
        required |= {names[0]} if spelled.endswith("*") else set()
    given, rest = {}, words[len(command.split()):]
    while rest:
        option = known.get(rest.pop(0))
        if option is None:
            refuse(f"unrecognized arguments of {command}")
        if option not in flags and (not rest or rest[0].startswith("-")):
            refuse(f"argument {option}: expected one argument")
        given[option] = True if option in flags else rest.pop(0)
    if required - set(given):
        refuse(f"the following arguments are required: {sorted(required - set(given))}")
    return command, given


def resource_manager(method, path):
    request = urllib.request.Request(f"{os.environ['ARM_ORIGIN']}/{path}?api-version={os.environ['ARM_API']}",
                                     method=method, headers={"Authorization": "Bearer token-of-a-test"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


class Account:
    """A storage account, with a signature of its key for everything."""

    def __init__(self):
        parts = dict(part.split("=", 1) for part in os.environ["AZURE_STORAGE_CONNECTION_STRING"].strip(";").split(";"))
        self.name, self.key, self.parts = parts["AccountName"], base64.b64decode(parts["AccountKey"]), parts

    def sign(self, *fields):
        return base64.b64encode(hmac.new(self.key, "\n".join(fields).encode(), hashlib.sha256).digest()).decode()

    def ask(self, service, path, query="", method="GET", body=None, headers=None):
        rights, end = "rwdlacup", "2099-01-01T00:00:00Z"
        signature = self.sign(self.name, rights, "bq", "sco", "", end, "", "", VERSION, "")
        signed = urllib.parse.urlencode({"sv": VERSION, "ss": "bq", "srt": "sco", "sp": rights, "se": end, "sig": signature})
        url = f"{self.parts[service + 'Endpoint']}/{path}?{query}{'&' if query else ''}{signed}"
        request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers, answer.read()

    def signature_of_queue(self, queue, rights, end):
        signature = self.sign(rights, "", end, f"/queue/{self.name}/{queue}", "", "", "", VERSION)
        return urllib.parse.urlencode({"se": end, "sp": rights, "sv": VERSION, "sig": signature})


def run(command, given):
    group = f"subscriptions/s/resourceGroups/{given.get('--resource-group', '')}/{GROUPS}"
    if command == "container list":
        return resource_manager("GET", group)["value"]
    if command == "container delete":
        if "--yes" not in given:
            refuse("Unable to prompt for confirmation as no tty available. Use --yes.")
        return resource_manager("DELETE", f"{group}/{given['--name']}")
    account = Account()
    if given.get("--account-name", account.name) != account.name:
        refuse(f"there is no account {given['--account-name']}")
    if command == "storage blob list":
        if given.get("--num-results") != "*":
            refuse("the runbook wants them all")
        _, body = account.ask("Blob", given["--container-name"], "restype=container&comp=list")
        return [{"name": blob.findtext("Name"),
                 "properties": {"contentLength": int(blob.findtext("Properties/Content-Length"))}}
                for blob in xml.fromstring(body).iter("Blob")]
    if command == "storage message peek":
        count = given.get("--num-messages", "1")
        _, body = account.ask("Queue", given["--queue-name"] + "/messages", f"peekonly=true&numofmessages={count}")
        return [{"id": one.findtext("MessageId")} for one in xml.fromstring(body).iter("QueueMessage")]
    if command == "storage queue generate-sas":
        return account.signature_of_queue(given["--name"], given["--permissions"], given["--expiry"])
    if command == "resource show":
        words = given["--ids"].split("/")
        if words[6:8] != ["Microsoft.Storage", "storageAccounts"] or words[8] != account.name or words[9] != "queueServices":
            refuse(f"no such resource: {given['--ids']}")
        headers, _ = account.ask("Queue", words[-1], "comp=metadata")
        return {"properties": {"approximateMessageCount": int(headers["x-ms-approximate-messages-count"])}}
    return refuse(f"{command} is not simulated")


def main():
    command, given = parsed(sys.argv[1:])
    answer = run(command, given)
    if "--query" in given:
        answer = jmespath.search(given["--query"], answer)
    if given.get("--output") in ("tsv", "table"):
        for row in answer if isinstance(answer, list) else [answer]:
            print("  ".join(map(str, row.values())) if isinstance(row, dict) else row)
    elif answer is not None:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
