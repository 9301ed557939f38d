#!/usr/bin/env python3
"""Taste as a test: runs every check of checks.py and pages.py over the repository.

    tests/tidy/tidy.py [NAME]    only the checks whose name holds NAME

Prints what is wrong, a line `failed CHECK` for each check that found something, and closes with
`N passed, N failed, N skipped`. checks_test.py plants each fault and expects it to be found.
"""
import pathlib
import sys

import checks
import pages
from tree import Tree


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    tree = Tree(pathlib.Path(__file__).resolve().parent.parent.parent)
    passed = failed = skipped = 0
    for check in checks.ALL + pages.ALL:
        name = check.__name__
        if wanted not in name:
            continue
        try:
            faults = list(check(tree))
        except pages.Skipped as missing:
            print(f"skipped {name}: {missing}")
            skipped += 1
            continue
        except Exception as error:  # A check that breaks has found something too.
            faults = [f"the check itself failed: {type(error).__name__}: {error}"]
        for fault in faults:
            print(f"  {fault}")
        if faults:
            print(f"failed {name}")
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
