#!/usr/bin/env bash
# The cache's speed (cache_bench.cc says what each figure is), beside plain SQLite from Python's own module: what a
# service without our code would write, one row a key, no checksum, no metadata, one commit a put. Figures of the
# benchmarks against Azurite (azure, migration) are taken over where they ran before. Writes build/bench/cache.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
OUT=$ROOT/build/bench
mkdir -p "$OUT"

others=$(python3 - "$OUT" <<'END'
import json, pathlib, sys
wanted = {"azurite_puts_ratio", "azurite_migration_ratio"}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    if file.name == "cache.json":
        continue
    report = json.loads(file.read_text())
    for name, value in report.get("figures", report).items():
        if name in wanted:
            wanted.discard(name)
            print(f"{name}={value}")
for name in sorted(wanted):
    print(f"left out: {name} (its benchmark has not run here)", file=sys.stderr)
END
)
peer=$(python3 "$ROOT/bench/cache/peer.py" "$OUT")
# shellcheck disable=SC2086
exec "$ROOT/build/release/bench/cache/cache_bench" "$OUT" "$OUT/cache.json" $peer $others
