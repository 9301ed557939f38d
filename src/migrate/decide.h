#pragma once
// What to do about one key of the source, from what both listings and the journal say. Pure.

#include <cstdint>
#include <optional>

#include "migrate/journal.h"
#include "storage/blob_store.h"

namespace cloudfolio::migrate {

enum class Do : std::uint8_t {
  nothing,    // Copied before, or known to be the same; neither side changed since.
  leave,      // The destination changed what we wrote; the source did not change: theirs.
  repeat,     // A known conflict; neither side changed since.
  create,     // Nothing is there.
  overwrite,  // Our own copy is there, and the source has a newer version.
  compare,    // Something is there that may or may not be the same.
  settle,     // A write or removal began and its outcome is not known.
};

// `there`: the destination's ETag, if listing showed one. A listing is a hint: conditions of the
// writes decide.
Do decide(const storage::ETag& source, const std::optional<storage::ETag>& there,
          const std::optional<Row>& row);

}  // namespace cloudfolio::migrate
