"""check.py BICEPCHECK BODY_PROGRAM INFRA FOLDER: every Bicep module, every request body (written as Bicep), and the
KEDA manifest. Each check is also shown something wrong, which it must find."""
import json
import pathlib
import subprocess
import sys

CHECKER, PROGRAM, INFRA, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
TYPE = "Microsoft.ContainerInstance/containerGroups@2026-07-01"
passed, failed, skipped = 0, 0, 0


def findings(path):
    run = subprocess.run(["node", CHECKER, path], capture_output=True, text=True)
    return (run.stdout + run.stderr).strip() if run.returncode else ""


def report(what, good, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"failed {what}: {detail}")


def bicep(value, depth=0):
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        lines = [f"{pad}'{key}': {bicep(one, depth + 1)}" for key, one in value.items()]
        return "{\n" + "\n".join(lines) + "\n" + "  " * depth + "}" if lines else "{}"
    if isinstance(value, list):
        return "[\n" + "\n".join(pad + bicep(one, depth + 1) for one in value) + "\n" + "  " * depth + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "\\'") + "'"


def check_text(text):
    path = FOLDER / "body.bicep"
    path.write_text(text)
    return findings(path)


for module in sorted(INFRA.glob("**/*.bicep")):
    report(module.name, not findings(module), findings(module))
    wrong = module.read_text().replace("location: location", "locaton: location", 1)
    report(module.name + " with a wrong property", check_text(wrong) != "", "the checker finds nothing")

for number, line in enumerate(subprocess.run([PROGRAM], check=True, capture_output=True, text=True).stdout.splitlines()):
    body = {"name": "group", **json.loads(line)}
    text = f"resource group '{TYPE}' = {bicep(body)}\n"
    found = check_text(text)
    report(f"container group body {number}", not found, found)
    report("a body with a wrong word", check_text(text.replace("'Never'", "'Nevr'")) != "", "the checker finds nothing")
    report("a body without its containers", check_text(text.replace("'containers'", "'container'")) != "",
           "the checker finds nothing")

try:
    import yaml
except ImportError:
    yaml = None
if yaml is None:
    skipped += 1
    print("skipped the KEDA manifest: python3-yaml is missing: apt-get install python3-yaml")
else:
    manifests = list(yaml.safe_load_all((INFRA / "keda/model-training-scaledjob.yaml").read_text()))
    job = next(one for one in manifests if one["kind"] == "ScaledJob")["spec"]
    trigger = job["triggers"][0]
    pod = job["jobTargetRef"]["template"]["spec"]
    names = {one["metadata"]["name"] for one in manifests if one["kind"] == "TriggerAuthentication"}
    wanted = {
        "a change never ends what trains": job["rollout"]["strategy"] == "gradual",
        "from zero": job["minReplicaCount"] == 0,
        "at most as many as the program's default": job["maxReplicaCount"] == 4,
        "the program's queue": trigger["metadata"]["queueName"] == "model-training-queue",
        "a Job a message": trigger["metadata"]["queueLength"] == "1",
        "its authentication is there": trigger["authenticationRef"]["name"] in names,
        "a pod is never tried twice": job["jobTargetRef"]["backoffLimit"] == 0 and pod["restartPolicy"] == "Never",
        "not as root, read-only": pod["securityContext"]["runAsNonRoot"] and
                                  pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"],
    }
    for what, good in wanted.items():
        report("KEDA manifest, " + what, good, "it does not say so")

print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
