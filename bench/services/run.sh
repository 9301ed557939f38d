#!/bin/bash
# The services' figures: flags and their guard, restarts under load, a shadow's cost, trainings
# beside refreshes, workers from zero and their money, sizes of images. Writes build/bench/services.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
exec python3 "$ROOT/bench/services/services_bench.py" "$@"
