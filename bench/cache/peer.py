"""Plain SQLite through Python's own module: gets and durable puts of 4 KiB a second. peer.py FOLDER"""
import os
import random
import sqlite3
import sys
import tempfile
import time

KEYS = 10_000
SECONDS = 3


def rate_of(call):
    start = time.monotonic()
    count = 0
    while time.monotonic() - start < SECONDS:
        call(f"repos_bundle_context_tenant-{random.randrange(KEYS)}")
        count += 1
    return count / (time.monotonic() - start)


def main():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        db = sqlite3.connect(os.path.join(folder, "peer.db"), isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
        value = os.urandom(4096)
        db.execute("BEGIN")
        for number in range(KEYS):
            db.execute("INSERT INTO entry VALUES (?, ?)", (f"repos_bundle_context_tenant-{number}", value))
        db.execute("COMMIT")
        gets = rate_of(lambda key: db.execute("SELECT value FROM entry WHERE key = ?", (key,)).fetchone())
        puts = rate_of(lambda key: db.execute("REPLACE INTO entry VALUES (?, ?)", (key, value)))
        print(f"peer_sqlite_gets_per_second={gets:.0f} peer_sqlite_puts_per_second={puts:.0f}")


main()
