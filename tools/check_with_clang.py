#!/usr/bin/env python3
"""Lets Clang read every source of build/release/compile_commands.json (-fsyntax-only).

GCC and Clang miscompile and accept different things; the second compiler costs no code. A file is read
again only when it, a project header that it includes or its flags changed. The last line is
`N passed, N failed, N skipped`; counts go to build/clang/test-results/summary.json.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang"
CACHE = BUILD / "syntax.json"
CLANG = "clang++-16"
# Flags of the build that mean the same to both compilers.
KEPT = re.compile(r"^(-I|-D|-isystem|-std=|-m|-W(?!error))")
PRECOMPILED = re.compile(r"-include (\S+/(cf_\w+)\.dir/cmake_pch\.hxx)")


def flags_of(entry):
    words = shlex.split(entry["command"])
    kept = []
    i = 1
    while i < len(words):
        if words[i] == "-isystem":
            kept += words[i:i + 2]
            i += 1
        elif KEPT.match(words[i]):
            kept.append(words[i])
        i += 1
    return kept + ["-Werror", "-Wno-unknown-warning-option"]


def content_hash(path, known={}):
    if path not in known:
        try:
            known[path] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
        except OSError:
            known[path] = "absent"
    return known[path]


def is_unchanged(kept, flags):
    return (kept is not None and kept["flags"] == flags
            and all(content_hash(path) == digest for path, digest in kept["files"].items()))


def dependencies(text):
    """The project's files named in a make rule."""
    words = text.replace("\\\n", " ").split(":", 1)[1].split() if ":" in text else []
    return sorted({str(pathlib.Path(word)) for word in words if word.startswith(str(ROOT))})


def precompile(entries):
    """What the build reads once instead of in each file, Clang reads once as well: {header: compiled header}."""
    compiled = {}
    for entry in entries:
        found = PRECOMPILED.search(entry["command"])
        if not found or found[1] in compiled:
            continue
        target = BUILD / f"{found[2]}.pch"
        flags = [flag for flag in flags_of(entry) if flag.startswith(("-D", "-std="))]
        run = subprocess.run([CLANG, "-x", "c++-header", *flags, found[1], "-o", str(target)],
                             cwd=entry["directory"], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"{found[1]}: {run.stderr}")
        compiled[found[1]] = target
    return compiled


def read(entry, number, compiled):
    rule = BUILD / f"rule-{number}.d"
    flags = flags_of(entry)
    found = PRECOMPILED.search(entry["command"])
    common = ["-include-pch", str(compiled[found[1]])] if found else []
    run = subprocess.run([CLANG, "-fsyntax-only", *common, *flags, "-MD", "-MF", str(rule), entry["file"]],
                         cwd=entry["directory"], capture_output=True, text=True)
    files = dependencies(rule.read_text()) if rule.exists() else []
    rule.unlink(missing_ok=True)
    return entry["file"], flags, files, run.returncode, run.stderr


def write_summary(passed, failures, skips):
    results = BUILD / "test-results"
    results.mkdir(parents=True, exist_ok=True)
    summary = {"clang": {"key": "", "reused": False, "passed": passed, "failed": len(failures), "skipped": len(skips),
                         "failures": failures, "skips": skips}}
    (results / "summary.json").write_text(json.dumps(summary))
    print(f"{passed} passed, {len(failures)} failed, {len(skips)} skipped")
    return 1 if failures else 0


def main():
    (BUILD / "test-results").mkdir(parents=True, exist_ok=True)
    (BUILD / "test-results/summary.json").unlink(missing_ok=True)
    if not shutil.which(CLANG):
        return write_summary(0, [], [f"reading the sources with Clang: {CLANG} is not installed"])
    entries = json.loads((ROOT / "build/release/compile_commands.json").read_text())
    try:
        cache = json.loads(CACHE.read_text())
    except (OSError, ValueError):
        cache = {}
    kept = {e["file"]: cache[e["file"]] for e in entries if is_unchanged(cache.get(e["file"]), flags_of(e))}
    due = [e for e in entries if e["file"] not in kept]
    failures = []
    compiled = precompile(due)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        work = [pool.submit(read, entry, number, compiled) for number, entry in enumerate(due)]
        for number, done in enumerate(concurrent.futures.as_completed(work), 1):
            file, flags, files, code, errors = done.result()
            name = str(pathlib.Path(file).relative_to(ROOT))
            print(f"[{number}/{len(due)}] {name}", flush=True)
            if code:
                print(errors)
                failures.append(name)
            else:
                kept[file] = {"flags": flags, "files": {path: content_hash(path) for path in files}}
    CACHE.write_text(json.dumps(kept))
    return write_summary(len(entries) - len(failures), sorted(failures), [])


if __name__ == "__main__":
    sys.exit(main())
