#!/bin/bash
# Workers from zero and their money, by simulated time; the cost of 1,000 requests line by line. Adds its figures to
# build/bench/services.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
exec python3 "$ROOT/bench/capacity/capacity_figures.py" "$@"
