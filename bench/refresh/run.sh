#!/usr/bin/env bash
# Cold and unchanged refreshes of ten repositories over a GitHub with 150 ms latency, beside the way the
# original asks for the same.
set -eu
cd "$(dirname "$0")/../.."
exec python3 bench/refresh/refresh_bench.py "$@"
