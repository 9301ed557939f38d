#pragma once
// The tables of `orchestrations.db`, as numbered steps (docs/formats/history.md).
//
// Times are microseconds since 1970, UTC. Statuses are Durable Task's numbers. Blobs are protocol
// messages (durable/codec.h).

#include "sqlite/migration.h"

namespace cloudfolio::durable {

inline constexpr sqlite::Migration kJournalSteps[] = {
    {1, R"sql(
      CREATE TABLE instance (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        execution_id TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        status INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        completed INTEGER,
        parent_key INTEGER,
        parent BLOB,
        trace_parent TEXT NOT NULL,
        tags BLOB NOT NULL,
        custom_status TEXT NOT NULL,
        stalled TEXT,
        chunks_count INTEGER NOT NULL,
        events_count INTEGER NOT NULL,
        history_bytes INTEGER NOT NULL,
        last_event_id INTEGER NOT NULL
      );
      CREATE INDEX instance_by_parent ON instance (parent_key) WHERE parent_key IS NOT NULL;
      CREATE INDEX instance_by_completed ON instance (completed) WHERE completed IS NOT NULL;
      CREATE TABLE history (
        instance_key INTEGER NOT NULL,
        number INTEGER NOT NULL,
        events BLOB NOT NULL,
        PRIMARY KEY (instance_key, number)
      ) WITHOUT ROWID;
      CREATE TABLE task (
        instance_key INTEGER NOT NULL,
        task_id INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        event BLOB NOT NULL,
        PRIMARY KEY (instance_key, task_id)
      ) WITHOUT ROWID;
      CREATE TABLE inbox (
        seq INTEGER PRIMARY KEY,
        instance_key INTEGER NOT NULL,
        due INTEGER,
        event BLOB NOT NULL
      );
      CREATE INDEX inbox_by_instance ON inbox (instance_key);
    )sql"},
};
static_assert(sqlite::numbered_from_one(kJournalSteps));

inline constexpr sqlite::Schema kJournalSchema{
    .name = "orchestration log", .application_id = 0x43464f52, .steps = kJournalSteps};  // "CFOR"

}  // namespace cloudfolio::durable
