#!/bin/sh
# Installs the pinned npm packages beside this script (the Azurite emulator and Microsoft's own
# clients) into the per-user cache, once, and prints their folder. Where that cannot be done, prints
# why and ends with 1.
here=$(cd "$(dirname "$0")" && pwd)
folder=${CLOUDFOLIO_AZURE_PEERS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cloudfolio/azure-peers}
fail() {
  echo "$1"
  exit 1
}
command -v node >/dev/null 2>&1 || fail "node is missing: apt-get install nodejs npm"
mkdir -p "$folder" || fail "no folder $folder"
exec 9>"$folder/.lock" && flock 9 || fail "$folder cannot be locked"
if ! cmp -s "$here/package-lock.json" "$folder/installed-lock.json"; then
  command -v npm >/dev/null 2>&1 || fail "npm is missing: apt-get install npm"
  cp "$here/package.json" "$here/package-lock.json" "$folder/" || fail "$folder cannot be written"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --omit=dev >npm.log 2>&1) ||
    fail "npm cannot install the pinned packages (see $folder/npm.log)"
  cp "$folder/package-lock.json" "$folder/installed-lock.json"
fi
echo "$folder"
