#!/bin/bash
# The embedded store's speed; see storage_bench.cc for what each line measures.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$ROOT/build/bench"
exec "$ROOT/build/release/bench/storage/storage_bench" "$ROOT/build/bench" "$ROOT/build/bench/storage.json"
