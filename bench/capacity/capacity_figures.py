"""Workers from zero, their ledger, and the cost of 1,000 requests; adds the figures to build/bench/services.json.

The mix of 1,000 requests: 930 reads, 50 searches, 19 unchanged refreshes, 1 changed refresh, and one training per 20
changed. Seconds are read from what other benchmarks measured here (named in each line) where those have run, else a
stated input is taken and said so; prices are those of the program's built-in table, as `cloudfolio costs` uses them.
"""
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build/bench/services.json"

BARS = {"duplicate_starts": 0, "orphans_after_1000_cycles": 0, "idle_workers_after_660_s": 0,
        "ledger_error_fraction": 0.001, "cost_per_1000_requests_usd": 0.35}

# US dollars: the lines of region * in src/costs/price_table.cc. A container group's price is the dearer one, so the
# gateway's seconds are taken as if they ran there, too.
CPU, GIB, REQUEST, WRITE, READ = 13.5e-6, 1.5e-6, 0.4e-6, 6.5e-6, 0.5e-6
# A trainer's group is ordered with 2 processors and 4 GiB, started in 60 s, and stays for 600 s after its work.
TRAINER = 2 * CPU + 4 * GIB
TRAINER_START, TRAINER_IDLE = 60, 600
# A gateway is one processor and 1 GiB; a sync or orchestrator worker likewise.
SERVICE = CPU + GIB


def figure(bench, name, scale, otherwise):
    path = ROOT / "build/bench" / f"{bench}.json"
    try:
        return float(json.loads(path.read_text())["figures"][name]) * scale, f"measured: {bench}.json {name}"
    except (OSError, KeyError, ValueError):
        return otherwise, f"stated input, {bench}.json has no {name}"


def mix():
    search, search_source = figure("search", "query_p50_ms", 1e-3, 0.003)
    unchanged, unchanged_source = figure("refresh", "unchanged_p95_seconds", 1, 0.2)
    changed, changed_source = figure("refresh", "p95_seconds_10_repositories", 1, 0.6)
    training, training_source = figure("demo", "training_minutes", 60, 60)
    return [
        ("requests answered", 1000 * REQUEST, "price table"),
        ("930 reads: processor and memory", 930 * 0.001 * SERVICE, "stated input: 1 ms each"),
        ("930 reads: one read of the store each", 930 * READ, "stated input: no memory cache helps"),
        ("50 searches: processor and memory", 50 * search * SERVICE, search_source),
        ("50 searches: three reads of the store each", 150 * READ, "stated input"),
        ("19 unchanged refreshes: a worker's time", 19 * unchanged * SERVICE, unchanged_source),
        ("19 unchanged refreshes: 4 writes, 6 reads each", 19 * (4 * WRITE + 6 * READ), "stated input"),
        ("1 changed refresh: a worker's time", changed * SERVICE, changed_source),
        ("1 changed refresh: 80 writes, 120 reads", 80 * WRITE + 120 * READ, "stated input"),
        ("1/20 training: its seconds", training * TRAINER / 20, training_source),
        ("1/20 training: start and idle tail", (TRAINER_START + TRAINER_IDLE) * TRAINER / 20,
         "60 s start (stated input) and the 600 s limit"),
    ]


def main(arguments):
    bench = ROOT / "build/release/bench/capacity/capacity_bench"
    figures = json.loads(subprocess.run([bench, *arguments], check=True, capture_output=True, text=True).stdout)
    lines = mix()
    for what, dollars, source in lines:
        print(f"{what:50} {dollars:10.6f} USD   {source}")
    figures["cost_per_1000_requests_usd"] = round(sum(dollars for _, dollars, _ in lines), 6)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = json.loads(OUT.read_text()) if OUT.exists() else {"name": "services"}
    report["machine"] = f"{os.cpu_count()} x {platform.machine()}, {platform.platform()}"
    report.setdefault("figures", {}).update(figures)
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    missed = 0
    for name, value in figures.items():
        bar = BARS.get(name)
        missed += bar is not None and value > bar
        print(f"{name:44} {value:>12}" + (f"   (at most {bar})" if bar is not None else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
