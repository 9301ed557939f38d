#pragma once
// The tables of store.db; their meaning is in docs/formats/embedded-store.md.

#include "sqlite/migration.h"

namespace cloudfolio::storage::embedded {

inline constexpr sqlite::Migration kMigrations[] = {
    {1, R"sql(
      CREATE TABLE place (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (kind, name)
      ) STRICT;

      CREATE TABLE blob (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL,
        key TEXT NOT NULL,
        etag INTEGER NOT NULL,
        modified_us INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        content_type TEXT NOT NULL,
        content_encoding TEXT NOT NULL,
        metadata TEXT NOT NULL,
        lease_id TEXT,
        lease_until_us INTEGER,
        lease_seconds INTEGER,
        sha256 BLOB NOT NULL,
        file TEXT,
        bytes BLOB,
        UNIQUE (place, key)
      ) STRICT;
      CREATE UNIQUE INDEX blob_by_file ON blob (file) WHERE file IS NOT NULL;

      CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        place INTEGER NOT NULL,
        visible_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        inserted_us INTEGER NOT NULL,
        dequeue_count INTEGER NOT NULL,
        receipt INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX message_by_time ON message (place, visible_us, id);

      CREATE TABLE entity (
        place INTEGER NOT NULL,
        partition TEXT NOT NULL,
        row TEXT NOT NULL,
        etag INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (place, partition, row)
      ) STRICT, WITHOUT ROWID;
    )sql"},
};
static_assert(sqlite::numbered_from_one(kMigrations));

inline constexpr sqlite::Schema kSchema{
    .name = "embedded store", .application_id = 0x43465331, .steps = kMigrations};  // "CFS1"

}  // namespace cloudfolio::storage::embedded
