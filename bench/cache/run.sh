#!/usr/bin/env bash
# The cache's speed (cache_bench.cc says what each figure is), beside plain SQLite from Python's own module: what a
# service without our code would write, one row a key, no checksum, no metadata, one commit a put. The figures against
# Azurite are those of the benchmarks azure and migration: taken over where they ran before, else they run now (80 s).
# Writes build/bench/cache.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
OUT=$ROOT/build/bench
mkdir -p "$OUT"
cd "$ROOT"

figure_of() { # BENCHMARK NAME
  python3 - "$OUT/$1.json" "$2" <<'END'
import json, sys
try:
    report = json.load(open(sys.argv[1]))
    print(f"{sys.argv[2]}={report.get('figures', report)[sys.argv[2]]}")
except (OSError, KeyError):
    sys.exit(1)
END
}
others=
for pair in azure:azurite_puts_ratio migration:azurite_migration_ratio; do
  benchmark=${pair%%:*}
  name=${pair#*:}
  figure_of "$benchmark" "$name" > /dev/null || bash "$ROOT/bench/$benchmark/run.sh" >&2
  if figure=$(figure_of "$benchmark" "$name"); then
    others="$others $figure"
  else
    echo "left out: $name (bench/$benchmark said why)" >&2
  fi
done
peer=$(python3 "$ROOT/bench/cache/peer.py" "$OUT")
# shellcheck disable=SC2086
exec "$ROOT/build/release/bench/cache/cache_bench" "$OUT" "$OUT/cache.json" $peer $others
