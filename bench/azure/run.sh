#!/bin/bash
# Puts of 4 KiB into Azurite, sixteen at a time: our client and @azure/storage-blob 12.32.0, five runs of each in turn.
# The emulator takes most of the time of both. Writes build/bench/azure.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
EMULATOR=$ROOT/src/storage/azure/testing/emulator
mkdir -p "$ROOT/build/bench"
if ! peers=$(sh "$EMULATOR/install.sh"); then
  echo "left out: $peers"
  exit 0
fi
exec node "$ROOT/bench/azure/compare.cjs" "$peers" "$EMULATOR/start.cjs" \
  "$ROOT/build/release/bench/azure/azure_bench" "$ROOT/build/bench/azure.json"
