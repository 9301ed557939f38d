#pragma once
// Copier: brings one place of the destination to what the source has, without ever writing over
// what is not ours.
//
// Each key: read, note the intent with the content's digest, put under a condition (only create, or
// only over our own copy), note the outcome. After a crash, or where an answer was lost, the digest
// tells whether the put happened.
//
// Threads: one thread calls; copies run on its own threads. Lifetime: all that it is given outlives
// it.

#include <optional>
#include <string>
#include <vector>

#include "migrate/journal.h"
#include "migrate/options.h"
#include "migrate/pace.h"
#include "migrate/place.h"
#include "migrate/report.h"
#include "migrate/transfer.h"
#include "migrate/walk.h"

namespace cloudfolio::migrate {

struct Tools {
  Journal& journal;
  Pace& pace;
  const Options& options;
  Report& report;
};

class Copier {
 public:
  Copier(Place& from, Place& to, const Tools& tools) : from_(from), to_(to), tools_(tools) {}

  // Called after each entry, from any thread.
  using Tick = std::function<void()>;

  // One pass over the source, from the checkpoint on (`rest`: it was not at the beginning); then
  // removes here what is gone there.
  Result<Coverage> pass(const Context& ctx, std::int64_t pass, const Tick& tick);

 private:
  struct Work;  // One key on its way.

  Status copy_page(const Context& ctx, std::vector<Pair> pairs, const Tick& tick);
  Status bring(const Context& ctx, Pair pair, std::optional<Row> row);
  // One attempt; the outcome, or nothing where it must be decided anew.
  Result<std::optional<Outcome>> attempt(const Context& ctx, Work& work);
  // `content`: what listing brought; nothing: it is read, in pieces if it is large.
  Result<std::optional<Outcome>> write(const Context& ctx, Work& work,
                                       std::optional<Content> content,
                                       std::optional<storage::ETag> over);
  Result<std::optional<Transfer>> begin(const Context& ctx, const Work& work,
                                        std::optional<Content> content,
                                        const storage::PutIf& condition);
  std::uint64_t memory_for(std::uint64_t size_bytes) const;
  Result<std::optional<Outcome>> compare(const Context& ctx, Work& work);
  // Finds out what became of a write or removal that began.
  Status settle(const Context& ctx, Work& work);
  Outcome not_ours(Work& work, const storage::ETag& there, std::string why);
  void note(Work& work, State state);

  Status remove_gone(const Context& ctx, std::int64_t pass, bool source_is_empty);
  Status remove_one(const Context& ctx, Row row);

  Place& from_;
  Place& to_;
  const Tools tools_;
};

}  // namespace cloudfolio::migrate
