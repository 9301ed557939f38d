#!/bin/sh
# run.sh STORE_TOOL: our client and Microsoft's npm SDKs read what the other wrote.
emulator=${CLOUDFOLIO_SOURCE_DIR:-$(cd "$(dirname "$0")/../../.." && pwd)}/src/storage/azure/testing/emulator
if ! peers=$(sh "$emulator/install.sh"); then
  echo "skipped compatibility/azure: $peers"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi
exec node "$(dirname "$0")/check.cjs" "$peers" "$1" "$emulator/start.cjs"
