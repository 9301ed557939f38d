#include "capacity/usage.h"

#include <algorithm>

namespace cloudfolio::capacity {

std::string_view to_string(Part part) {
  switch (part) {
    case Part::start:
      return "start";
    case Part::work:
      return "work";
    case Part::idle:
      return "idle";
    case Part::stuck:
      return "stuck";
  }
  return "stuck";
}

std::vector<UsagePart> usage_parts(const Worker& worker, WallTime gone_at) {
  std::vector<UsagePart> parts;
  if (!is_set(worker.accepted_at)) return parts;
  const WallTime end = std::max(gone_at, worker.accepted_at);
  const WallTime asked =
      is_set(worker.deleting_at) ? std::clamp(worker.deleting_at, worker.accepted_at, end) : end;
  WallTime at = worker.accepted_at;
  const auto add = [&](Part part, const TenantId& tenant, const std::string& job, WallTime until) {
    until = std::min(until, end);
    if (until <= at) return;
    parts.push_back({part, tenant, job, at, until});
    at = until;
  };
  const WorkSpan* before = nullptr;
  for (const WorkSpan& span : worker.spans) {
    if (before) {
      add(Part::idle, before->tenant, before->job, span.from);
    } else {
      add(Part::start, worker.tenant, worker.job, span.from);
    }
    add(Part::work, span.tenant, span.job, span.to);
    before = &span;
  }
  if (before) {
    add(Part::idle, before->tenant, before->job, asked);
  } else {
    add(Part::start, worker.tenant, worker.job, asked);
  }
  add(Part::stuck, TenantId(), "", end);
  return parts;
}

}  // namespace cloudfolio::capacity
