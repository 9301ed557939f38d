#!/usr/bin/env bash
# ./dev bench migration: `cloudfolio migrate run` beside Microsoft's own JS SDK copying the same blobs at the same
# concurrency, both from one account to another of one Azurite. Run from the repository's root after building the
# release preset. Writes build/bench/migration.json.
set -euo pipefail
here=bench/migration
program=build/release/cloudfolio
out=build/bench
mkdir -p "$out"
[ -x "$program" ] || { echo "bench/migration: $program is not built" >&2; exit 2; }
peers=$(sh src/storage/azure/testing/emulator/install.sh) || {
  echo "skipped bench/migration: $peers"
  exit 0
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
exec node $here/compare.cjs "$peers" "$program" "$here/peer.cjs" "$scratch" "$out/migration.json"
