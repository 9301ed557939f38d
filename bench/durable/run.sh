#!/usr/bin/env bash
# Durable sequences of five activities: ours, plain SQLite with a commit a turn, and, where npm can fetch it, the
# Durable Task SDK for JavaScript on its in-memory backend. Writes build/bench/durable.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
SCRATCH=${XDG_CACHE_HOME:-$HOME/.cache}/cloudfolio/bench-durable
PEER_PACKAGE=@microsoft/durabletask-js@0.4.0
PEER="Durable Task SDK for JavaScript 0.4.0, in memory, not durable"
mkdir -p "$ROOT/build/bench"

peer=()
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  echo "peer left out: $PEER (node and npm are not installed)"
else
  mkdir -p "$SCRATCH"
  [ -d "$SCRATCH/node_modules/@microsoft/durabletask-js" ] ||
    (cd "$SCRATCH" && timeout 120 npm install --silent --no-audit --no-fund --ignore-scripts "$PEER_PACKAGE") \
      >"$SCRATCH/npm.log" 2>&1 || true
  if [ ! -d "$SCRATCH/node_modules/@microsoft/durabletask-js" ]; then
    echo "peer left out: $PEER (npm could not fetch it: see $SCRATCH/npm.log)"
  elif figures=$(cd "$SCRATCH" && timeout 120 node "$ROOT/bench/durable/peer.cjs"); then
    # shellcheck disable=SC2206
    peer=("$PEER" $figures)
  else
    echo "peer left out: $PEER (it did not run)"
  fi
fi

cd "$ROOT/build/bench"
"$ROOT/build/release/bench/durable/durable_bench" durable.json "${peer[@]}"
echo "measured elsewhere on 2 cores, for comparison: Restate 1.7 542-593 a second, DBOS 5.3 on"
echo "PostgreSQL 291-318 a second; both with their SDK and a network hop, which ours has not."
