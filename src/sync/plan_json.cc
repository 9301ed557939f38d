// Plan and BatchOutcome as JSON: notes of a run, read by the same version that wrote them.

#include "cache/bundle.h"
#include "json/json.h"
#include "sync/plan.h"

namespace cloudfolio::sync {

namespace {

json::Array ids_json(const std::vector<std::int64_t>& ids) {
  json::Array array;
  for (const std::int64_t id : ids) array.emplace_back(id);
  return array;
}

std::vector<std::int64_t> ids_from(const json::Value* value) {
  std::vector<std::int64_t> ids;
  if (const auto* array = value ? value->if_array() : nullptr)
    for (const json::Value& element : *array)
      if (const auto id = json::as_int(element)) ids.push_back(*id);
  return ids;
}

std::string text(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

std::uint64_t number(const json::Object& object, std::string_view key) {
  return static_cast<std::uint64_t>(json::find_int(object, key).value_or(0));
}

Coverage coverage_from(std::string_view name) {
  for (const Coverage coverage : {Coverage::whole, Coverage::newest})
    if (to_string(coverage) == name) return coverage;
  return Coverage::partial;
}

// Calls take(object) for each object of the array under `key`.
template <class Take>
void each(const json::Object& from, std::string_view key, Take&& take) {
  if (const auto* array = json::find_array(from, key))
    for (const json::Value& value : *array)
      if (const auto* object = value.if_object()) take(*object);
}

}  // namespace

std::string to_json(const Plan& plan) {
  json::Object object;
  object["generation"] = plan.generation;
  object["base_generation"] = plan.base_generation;
  object["base_etag"] = plan.base_etag;
  object["probe_etag"] = plan.probe_etag;
  object["swept_at"] = plan.swept_at;
  object["one_page"] = plan.one_page;
  object["credential"] = plan.credential;
  object["token_owner_id"] = plan.token_owner.id;
  object["token_owner_login"] = plan.token_owner.login;
  object["had_private"] = plan.had_private;
  object["force"] = plan.force;
  object["touched"] = plan.touched;
  object["coverage"] = to_string(plan.coverage);
  json::Array repositories;
  for (const PlannedRepository& planned : plan.repositories) {
    json::Object item;
    item["fetch"] = planned.action == Action::fetch;
    auto entry = json::parse(cache::to_json(planned.listed));
    if (entry) item["entry"] = *std::move(entry);
    repositories.push_back(std::move(item));
  }
  object["repositories"] = std::move(repositories);
  object["carried"] = ids_json(plan.carried);
  json::Array skipped;
  for (const Skipped& one : plan.skipped) {
    json::Object item;
    item["repository"] = one.repository;
    item["reason"] = one.reason;
    skipped.push_back(std::move(item));
  }
  object["skipped"] = std::move(skipped);
  json::Array gone;
  for (const std::string& name : plan.gone) gone.emplace_back(name);
  object["gone"] = std::move(gone);
  json::Array renamed;
  for (const Rename& one : plan.renamed) {
    json::Object item;
    item["from"] = one.from;
    item["to"] = one.to;
    renamed.push_back(std::move(item));
  }
  object["renamed"] = std::move(renamed);
  json::Array batches;
  for (const auto& batch : plan.batches) batches.push_back(ids_json(batch));
  object["batches"] = std::move(batches);
  object["requests"] = plan.requests;
  object["points"] = plan.points;
  return json::write(object);
}

Result<Plan> plan_from_json(std::string_view text_of_plan) {
  CF_TRY(const json::Object object, json::parse_object(text_of_plan));
  Plan plan;
  plan.generation = number(object, "generation");
  if (plan.generation == 0) return Error(Code::corrupt, "a plan without generation");
  plan.base_generation = number(object, "base_generation");
  plan.base_etag = text(object, "base_etag");
  plan.probe_etag = text(object, "probe_etag");
  plan.swept_at = text(object, "swept_at");
  plan.one_page = json::find_bool(object, "one_page").value_or(false);
  plan.credential = text(object, "credential");
  plan.token_owner.id = json::find_int(object, "token_owner_id").value_or(0);
  plan.token_owner.login = text(object, "token_owner_login");
  plan.had_private = json::find_bool(object, "had_private").value_or(false);
  plan.force = json::find_bool(object, "force").value_or(false);
  plan.touched = json::find_bool(object, "touched").value_or(false);
  plan.coverage = coverage_from(text(object, "coverage"));
  Status read = Done{};
  each(object, "repositories", [&](const json::Object& item) {
    PlannedRepository planned;
    planned.action = json::find_bool(item, "fetch").value_or(true) ? Action::fetch : Action::keep;
    const json::Value* value = json::find(item, "entry");
    auto entry = cache::entry_from_json(value ? json::write(*value) : "");
    if (!entry) {
      read = std::move(entry).error();
      return;
    }
    planned.listed = *std::move(entry);
    plan.repositories.push_back(std::move(planned));
  });
  CF_CHECK(read);
  plan.carried = ids_from(json::find(object, "carried"));
  each(object, "skipped", [&](const json::Object& item) {
    plan.skipped.push_back({text(item, "repository"), text(item, "reason")});
  });
  if (const auto* gone = json::find_array(object, "gone"))
    for (const json::Value& value : *gone)
      plan.gone.emplace_back(json::as_string(value).value_or(""));
  each(object, "renamed", [&](const json::Object& item) {
    plan.renamed.push_back({text(item, "from"), text(item, "to")});
  });
  if (const auto* batches = json::find_array(object, "batches"))
    for (const json::Value& value : *batches) plan.batches.push_back(ids_from(&value));
  plan.requests = json::find_int(object, "requests").value_or(0);
  plan.points = json::find_int(object, "points").value_or(0);
  return plan;
}

std::string to_json(const BatchOutcome& outcome) {
  json::Object object;
  object["staged"] = ids_json(outcome.staged);
  json::Array missing;
  for (const BatchOutcome::Missing& one : outcome.missing) {
    json::Object item;
    item["id"] = one.id;
    item["reason"] = one.reason;
    item["resolved"] = one.resolved;
    missing.push_back(std::move(item));
  }
  object["missing"] = std::move(missing);
  object["requests"] = outcome.requests;
  object["points"] = outcome.points;
  return json::write(object);
}

Result<BatchOutcome> batch_outcome_from_json(std::string_view text_of_outcome) {
  CF_TRY(const json::Object object, json::parse_object(text_of_outcome));
  BatchOutcome outcome;
  outcome.staged = ids_from(json::find(object, "staged"));
  each(object, "missing", [&](const json::Object& item) {
    outcome.missing.push_back({json::find_int(item, "id").value_or(0), text(item, "reason"),
                               json::find_bool(item, "resolved").value_or(false)});
  });
  outcome.requests = json::find_int(object, "requests").value_or(0);
  outcome.points = json::find_int(object, "points").value_or(0);
  return outcome;
}

}  // namespace cloudfolio::sync
