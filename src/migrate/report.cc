#include "migrate/report.h"

#include "json/json.h"

namespace cloudfolio::migrate {

namespace {

constexpr std::array<std::string_view, kOutcomesCount> kNames{
    "to_copy",  "copied",        "replaced",   "same",   "unchanged", "removed",
    "vanished", "changed_there", "conflict",   "failed", "equal",     "differs",
    "missing",  "stale",         "only_there", "undone", "restored"};
static_assert(kNames.back() == "restored");

std::size_t at(Outcome outcome) {
  return static_cast<std::size_t>(outcome);
}

bool is_move(Outcome outcome) {
  return outcome == Outcome::copied || outcome == Outcome::replaced || outcome == Outcome::removed;
}

bool is_named(Outcome outcome) {
  switch (outcome) {
    case Outcome::replaced:
    case Outcome::changed_there:
    case Outcome::conflict:
    case Outcome::failed:
    case Outcome::differs:
    case Outcome::missing:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  return kNames[at(outcome)];
}

void Report::add(Outcome outcome, std::uint64_t size_bytes, const std::string& place,
                 const std::string& key, std::string why) {
  const std::scoped_lock lock(mutex_);
  ++counts_[at(outcome)];
  bytes_[at(outcome)] += size_bytes;
  if (is_named(outcome) && findings_.size() < kFindingsMax)
    findings_.push_back({outcome, place, key, std::move(why)});
}

void Report::absorb(const Report& pass) {
  const std::scoped_lock lock(mutex_, pass.mutex_);
  for (std::size_t i = 0; i < kOutcomesCount; ++i) {
    const bool adds = is_move(static_cast<Outcome>(i));
    counts_[i] = pass.counts_[i] + (adds ? counts_[i] : 0);
    bytes_[i] = pass.bytes_[i] + (adds ? bytes_[i] : 0);
  }
  std::erase_if(findings_, [](const Finding& finding) { return !is_move(finding.outcome); });
  for (const Finding& finding : pass.findings_)
    if (findings_.size() < kFindingsMax) findings_.push_back(finding);
}

bool Report::moved() const {
  return count(Outcome::copied) + count(Outcome::replaced) + count(Outcome::removed) > 0;
}

std::uint64_t Report::count(Outcome outcome) const {
  const std::scoped_lock lock(mutex_);
  return counts_[at(outcome)];
}

std::uint64_t Report::size_bytes(Outcome outcome) const {
  const std::scoped_lock lock(mutex_);
  return bytes_[at(outcome)];
}

std::vector<Finding> Report::findings() const {
  const std::scoped_lock lock(mutex_);
  return findings_;
}

bool Report::clean() const {
  return count(Outcome::conflict) + count(Outcome::failed) + count(Outcome::differs) +
             count(Outcome::missing) + count(Outcome::stale) ==
         0;
}

json::Value Report::to_json() const {
  json::Object counts, bytes;
  json::Array findings;
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < kOutcomesCount; ++i) {
      if (counts_[i] == 0) continue;
      counts[kNames[i]] = counts_[i];
      bytes[kNames[i]] = bytes_[i];
    }
    for (const Finding& finding : findings_) {
      json::Object shown;
      shown["outcome"] = to_string(finding.outcome);
      shown["place"] = finding.place;
      // The separator of an entity's keys is no character to print.
      std::string key = finding.key;
      if (const auto between = key.find('\x1f'); between != std::string::npos) key[between] = '/';
      shown["key"] = key;
      shown["why"] = finding.why;
      findings.push_back(std::move(shown));
    }
  }
  json::Object object;
  object["counts"] = std::move(counts);
  object["bytes"] = std::move(bytes);
  object["findings"] = std::move(findings);
  object["clean"] = clean();
  object["passes"] = passes;
  object["seconds"] = seconds;
  if (estimated_seconds > 0) object["estimated_seconds"] = estimated_seconds;
  return object;
}

}  // namespace cloudfolio::migrate
