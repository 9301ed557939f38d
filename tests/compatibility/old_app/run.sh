#!/bin/sh
# run.sh PROGRAM: the old app's reader and writer (Python, standard library) and the program over one Azurite.
program=$1
here=$(cd "$(dirname "$0")" && pwd)
source=${CLOUDFOLIO_SOURCE_DIR:-$(cd "$here/../../.." && pwd)}
skip() {
  echo "skipped compatibility/old_app: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v python3 >/dev/null 2>&1 || skip "python3 is missing: apt-get install python3"
peers=$(sh "$source/src/storage/azure/testing/emulator/install.sh") || skip "$peers"
exec python3 "$here/check.py" "$program" "$source" "$peers"
