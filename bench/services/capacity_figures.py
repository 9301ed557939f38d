"""Workers from zero, their ledger, and the cost of 1,000 requests; by simulated time and a price table.

The mix of 1,000 requests: 930 reads, 50 searches, 19 unchanged refreshes, 1 changed refresh, and one training per 20
changed. Seconds are read from what other benchmarks measured here (named in each line) where those have run, else a
stated input is taken and said so; prices are those of the program's built-in table, as `cloudfolio costs` uses them.
"""
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent



def built_in_prices():
    """US dollars by unit: the lines of region * of the program's own table."""
    source = (ROOT / "src/costs/price_table.cc").read_text()
    table = json.loads(re.search(r'kBuiltIn = R"\((.*?)\)";', source, re.DOTALL).group(1))
    return {line["unit"]: line["picos"] * 1e-12 for line in table["prices"] if line["region"] == "*"}


PRICES = built_in_prices()
# A container group's price is the dearer one, so the gateway's seconds are taken as if they ran there, too.
CPU, GIB, REQUEST, WRITE, READ = (
    PRICES[unit] for unit in ("cpu_second", "gib_second", "request", "storage_write", "storage_read"))
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


def measure(program):
    figures = json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)
    lines = mix()
    for what, dollars, source in lines:
        print(f"{what:50} {dollars:10.6f} USD   {source}")
    figures["cost_per_1000_requests_usd"] = round(sum(dollars for _, dollars, _ in lines), 6)
    return figures
