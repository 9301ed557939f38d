#!/bin/sh
# run.sh CONTAINER_GROUP_BODY FOLDER: the Bicep modules and the bodies that Resource Manager is sent, against Azure's own
# resource types. Needs the checker and the types: CLOUDFOLIO_CHECKS, or `shared/checks` beside the repository.
body=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
source=${CLOUDFOLIO_SOURCE_DIR:-$(cd "$here/../../.." && pwd)}
skip() {
  echo "skipped compatibility/arm: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
checks=${CLOUDFOLIO_CHECKS:-$(dirname "$source")/shared/checks}
[ -f "$checks/bicepcheck.mjs" ] || checks=$(dirname "$(dirname "$source")")/shared/checks
[ -f "$checks/bicepcheck.mjs" ] || skip "Azure's resource types and bicepcheck.mjs are not here: set CLOUDFOLIO_CHECKS"
command -v node >/dev/null 2>&1 || skip "node is missing: apt-get install nodejs npm"
command -v npm >/dev/null 2>&1 || skip "npm is missing: apt-get install npm"
mkdir -p "$folder" || exit 1
cp "$here/package.json" "$here/package-lock.json" "$folder/" || exit 1
if ! cmp -s "$folder/package-lock.json" "$folder/installed-lock.json"; then
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) ||
    skip "npm cannot install the pinned packages (see $folder/npm.log)"
  cp "$folder/package-lock.json" "$folder/installed-lock.json"
fi
BICEP_DIR=$folder exec python3 "$here/check.py" "$checks/bicepcheck.mjs" "$body" "$source/infra" "$folder"
