#!/bin/sh
# script_test.sh RESULT COMMAND…: runs a test that is a script and keeps what it prints in RESULT, from which
# tools/run_tests.py counts. Its last line says `N passed, N failed, N skipped`; a line `failed WHAT` names a
# failure, a line `skipped WHAT: what is missing` a skip.
result=$1
shift
mkdir -p "$(dirname "$result")"
"$@" >"$result" 2>&1
code=$?
cat "$result"
exit $code
