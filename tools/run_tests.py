#!/usr/bin/env python3
"""Runs the tests of one preset and keeps their counts; `./dev test` calls it.

    tools/run_tests.py run PRESET [--all] [--only REGEX]   run what changed (or all), through CTest
    tools/run_tests.py targets PRESET --only REGEX         the build targets of these tests
    tools/run_tests.py count --presets PRESET… --broken WHAT…
                                                           their sum, with failures and skips named

A test is not run again when it passed without a skip and nothing that it depends on changed since: its program,
the data files of the repository (for a script: every file), and the cloudfolio binary beside it for tests
that start it. Results are build/PRESET/test-results/: GoogleTest's JSON, or the output of a script, whose
last line says `N passed, N failed, N skipped`; and summary.json, the counts of each test.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLOSING = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
SCRIPT_SKIP = re.compile(r"^skipped (.+)$")
GTEST_SKIP = re.compile(r"Skipped\n(.*)\n")
OUTPUT_BYTES_MAX = "2000000"
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def list_tests(build, only):
    listed = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"],
                            capture_output=True, text=True, check=True)
    tests = []
    for test in json.loads(listed.stdout)["tests"]:
        if not re.search(only, test["name"]):
            continue
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        # A test that CMake could not resolve (not built) has no command.
        tests.append({"name": test["name"], "command": test.get("command", []),
                      "labels": properties.get("LABELS", [])})
    return tests


def result_file(test, build):
    for argument in test["command"]:
        if "/test-results/" in argument:
            return pathlib.Path(argument[argument.index("/"):])
    return build / "test-results" / (test["name"].replace("/", "_") + ".json")


def repository_files():
    """What git tracks or would track; in an unpacked archive, everything but build/."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode == 0:
        return sorted(filter(None, listed.stdout.decode().split("\0")))
    paths = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*"))
    return sorted(path for path in paths if not path.startswith((".git/", "build/")))


def repository_hash(everything):
    """A hash over the files that tests read: data and scripts, or every file of the repository."""
    total = hashlib.sha256()
    for path in repository_files():
        is_source = path.endswith((".cc", ".h", "CMakeLists.txt", ".cmake"))
        is_page = path.endswith(".md") and not path.startswith(("samples/", "tests/", "docs/"))
        if not everything and (is_source or is_page):
            continue
        file = ROOT / path
        if file.is_file():
            total.update(path.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    total.update(os.environ.get("CLOUDFOLIO_CORPUS", "").encode())
    return total.hexdigest()


def stamp(path):
    try:
        status = os.stat(path)
        return f"{path} {status.st_size} {status.st_mtime_ns}"
    except OSError:
        return f"{path} absent"


def key_of(test, build, hashes):
    command = test["command"]
    is_program = bool(command) and command[0].startswith(str(build))
    parts = [json.dumps(command), hashes["data" if is_program else "all"]]
    parts += [stamp(word) for word in command if word.startswith(str(build)) and "/test-results/" not in word]
    if test["labels"] != ["unit"]:
        parts.append(stamp(build / "cloudfolio"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_gtest(file, output):
    """Counts of a GoogleTest result file; the skips' reasons stand only in the output."""
    counts = {"passed": 0, "failed": 0, "skipped": 0, "failures": [], "skips": []}
    reasons = [reason.strip() for reason in GTEST_SKIP.findall(output)]
    for suite in json.loads(file.read_text(encoding="utf-8"))["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                counts["failed"] += 1
                counts["failures"].append(name)
            elif case.get("result") == "SKIPPED":
                counts["skipped"] += 1
                reason = reasons[len(counts["skips"])] if len(reasons) > len(counts["skips"]) else "no reason given"
                counts["skips"].append(f"{name}: {reason}")
            elif case.get("status") == "RUN":
                counts["passed"] += 1
    return counts


def read_script(output):
    counts = {"passed": 0, "failed": 0, "skipped": 0, "failures": [], "skips": []}
    found = None
    for line in output.splitlines():
        found = CLOSING.match(line.strip()) or found
        skip = SCRIPT_SKIP.match(line.strip())
        if skip:
            counts["skips"].append(skip.group(1))
        elif line.startswith("failed "):
            counts["failures"].append(line[len("failed "):])
    if not found:
        return None
    counts["passed"], counts["failed"] = int(found.group(1)), int(found.group(2))
    counts["skipped"] = int(found.group(3) or 0)
    return counts


def read_result(test, build, passed, output):
    """What one test came to. One that ended badly without saying which case failed counts as one failure."""
    file = result_file(test, build)
    counts = None
    try:
        if file.suffix == ".json":
            counts = read_gtest(file, output)
        elif file.exists():
            counts = read_script(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, KeyError):
        counts = None
    counts = counts or {"passed": 0, "failed": 0, "skipped": 0, "failures": [], "skips": []}
    if not passed and counts["failed"] == 0:
        counts["failed"] = 1
        counts["failures"].append("ended with an error outside of its cases (crash, sanitizer or time limit)")
    elif passed and counts["passed"] + counts["failed"] + counts["skipped"] == 0:
        counts["failed"] = 1
        counts["failures"].append("said that it passed and ran no case")
    return counts


def sanitizer_prefix():
    """Sanitizers of GCC 12 need address randomisation off on kernels that use many random bits."""
    if shutil.which("setarch") and subprocess.run(["setarch", os.uname().machine, "-R", "true"],
                                                  capture_output=True).returncode == 0:
        return ["setarch", os.uname().machine, "-R"]
    return []


def run_ctest(build, tests, preset):
    """Runs these tests; returns {name: (passed, output)}."""
    results = build / "test-results"
    junit = results / "junit.xml"
    junit.unlink(missing_ok=True)
    for test in tests:
        result_file(test, build).unlink(missing_ok=True)
    names = "|".join(re.escape(test["name"]) for test in tests)
    prefix = sanitizer_prefix() if preset in ("asan", "tsan") else []
    subprocess.run(prefix + ["ctest", "--test-dir", str(build), "-R", f"^({names})$", "-j", str(os.cpu_count()),
                             "--output-on-failure", "--output-junit", str(junit),
                             "--test-output-size-passed", OUTPUT_BYTES_MAX,
                             "--test-output-size-failed", OUTPUT_BYTES_MAX], env={**os.environ, **SANITIZERS})
    said = {}
    if junit.exists():
        for case in ElementTree.parse(junit).getroot().iter("testcase"):
            said[case.get("name")] = (case.get("status") == "run", case.findtext("system-out") or "")
    return said


def run(preset, only, run_all):
    build = ROOT / "build" / preset
    results = build / "test-results"
    results.mkdir(parents=True, exist_ok=True)
    summary_file = results / "summary.json"
    try:
        before = json.loads(summary_file.read_text())
    except (OSError, ValueError):
        before = {}
    summary_file.unlink(missing_ok=True)  # A run that dies leaves no counts of an earlier one.
    tests = list_tests(build, only)
    hashes = {"data": repository_hash(everything=False), "all": repository_hash(everything=True)}
    summary, due = {}, []
    for test in tests:
        kept = before.get(test["name"])
        test["key"] = key_of(test, build, hashes)
        if not run_all and kept and kept["key"] == test["key"] and not kept["failed"] and not kept["skipped"]:
            summary[test["name"]] = {**kept, "reused": True}
        else:
            due.append(test)
    print(f"{preset}: {len(due)} of {len(tests)} test programs to run", flush=True)
    said = run_ctest(build, due, preset) if due else {}
    for test in due:
        passed, output = said.get(test["name"], (False, ""))
        summary[test["name"]] = {"key": test["key"], "reused": False, **read_result(test, build, passed, output)}
    summary_file.write_text(json.dumps(summary, indent=1))
    return 1 if any(entry["failed"] for entry in summary.values()) else 0


def count(presets, broken):
    total = {"passed": 0, "failed": len(broken), "skipped": 0}
    for what in broken:
        print(f"failed  {what}")
    reused = programs = 0
    for preset in presets:
        file = ROOT / "build" / preset / "test-results/summary.json"
        if not file.exists():
            total["failed"] += 1
            print(f"failed  {preset}: its tests left no result")
            continue
        summary = json.loads(file.read_text())
        in_preset = {word: sum(entry[word] for entry in summary.values()) for word in total}
        print(f"  {preset:8} " + ", ".join(f"{number} {word}" for word, number in in_preset.items()))
        for name, entry in sorted(summary.items()):
            programs += 1
            reused += entry["reused"]
            for word in total:
                total[word] += entry[word]
            for failure in entry["failures"]:
                print(f"failed  {preset}/{name}: {failure}")
            for skip in entry["skips"]:
                print(f"skipped {preset}/{name}: {skip}")
    if reused:
        print(f"{reused} of {programs} test programs did not change since they passed (--all runs them again)")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 1 if total["failed"] or not total["passed"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["run", "targets", "count"])
    parser.add_argument("preset", nargs="?")
    parser.add_argument("--only", default=".")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--presets", nargs="*", default=[])
    parser.add_argument("--broken", nargs="*", default=[])
    options = parser.parse_args()
    if options.what == "count":
        return count(options.presets, options.broken)
    if options.what == "targets":
        build = ROOT / "build" / options.preset
        # CTest knows no program of a test before it is built: cloudfolio_test (cmake/rooms.cmake) names it so.
        for test in list_tests(build, options.only):
            print(test["name"].replace("/", "_") + "_test")
        return 0
    return run(options.preset, options.only, options.all)


if __name__ == "__main__":
    sys.exit(main())
