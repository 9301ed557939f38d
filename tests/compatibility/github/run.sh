#!/bin/sh
# run.sh SIMULATOR_SERVER FOLDER: installs the pinned npm packages into FOLDER (once) and checks the
# simulator's answers and the client's documents against GitHub's published schemas.
server=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
skip() {
  echo "skipped compatibility/github: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v node >/dev/null 2>&1 || skip "node is missing: apt-get install nodejs npm"
command -v npm >/dev/null 2>&1 || skip "npm is missing: apt-get install npm"
mkdir -p "$folder" || exit 1
cp "$here/package.json" "$here/package-lock.json" "$here/check.mjs" "$folder/" || exit 1
if ! cmp -s "$folder/package-lock.json" "$folder/installed-lock.json"; then
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) ||
    skip "npm cannot install the pinned packages (see $folder/npm.log)"
  cp "$folder/package-lock.json" "$folder/installed-lock.json"
fi
source=${CLOUDFOLIO_SOURCE_DIR:-$(cd "$here/../../.." && pwd)}
exec node "$folder/check.mjs" "$server" "$source/tests/fixtures/github-sample"
