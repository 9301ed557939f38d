#!/usr/bin/env bash
# How long a first visit takes, and a second: `./dev demo --once` twice in a fresh clone, without compiler cache and
# with an empty folder for weights. Debian packages are installed on the machine already; the time that they took
# when ./dev installed them (build/dev/durations) is added where it is known, and said where it is not.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The commit, and what is not committed yet.
git clone -q --no-hardlinks "$ROOT" "$work/clone"
git -C "$ROOT" diff HEAD --binary | (cd "$work/clone" && git apply --allow-empty 2>/dev/null || true)

seconds_of_demo() {
  local began
  began=$(date +%s.%N)
  if ! (cd "$work/clone" && env -u GITHUB_TOKEN CCACHE_DISABLE=1 XDG_CACHE_HOME="$work/cache" ./dev demo --once) \
    >"$work/$1.log" 2>&1; then
    tail -n 40 "$work/$1.log" >&2
    exit 1
  fi
  awk -v began="$began" -v ended="$(date +%s.%N)" 'BEGIN { printf "%.2f", ended - began }'
}

first=$(seconds_of_demo first)
second=$(seconds_of_demo second)
packages=$(awk '$1 == "packages" { print $2 }' "$ROOT/build/dev/durations" 2>/dev/null || true)
step_seconds() { awk -v name="$1" '$1 == name { print $2 }' "$work/clone/build/dev/durations"; }
mkdir -p "$ROOT/build/bench"
FIRST=$first SECOND=$second PACKAGES=$packages BUILD=$(step_seconds release) TRAIN=$(step_seconds train) \
  WEIGHTS=$(step_seconds weights) python3 - "$ROOT/build/bench/demo.json" <<'END'
import json, os, platform, sys

def number(name):
    return float(os.environ[name] or 0)

figures = {
    "first_run_minutes": round((number("FIRST") + number("PACKAGES")) / 60, 2),
    "second_run_seconds": number("SECOND"),
    "build_minutes": round(number("BUILD") / 60, 2),
    "training_minutes": round(number("TRAIN") / 60, 2),
    "weights_seconds": number("WEIGHTS"),
}
if os.environ["PACKAGES"]:
    figures["packages_seconds"] = number("PACKAGES")
limits = {"first_run_minutes": 12, "second_run_seconds": 10, "training_minutes": 1}
machine = f"{os.cpu_count()} x {platform.machine()}, {platform.platform()}"
print(f"{'figure':24} {'here':>10} {'at most':>10}")
for name, value in figures.items():
    print(f"{name:24} {value:10.2f} {limits.get(name, ''):>10}")
if not os.environ["PACKAGES"]:
    print("first_run_minutes is without the installation of Debian packages: they were here before ./dev")
with open(sys.argv[1], "w") as file:
    json.dump({"name": "demo", "machine": machine, "figures": figures}, file, indent=1)
END
