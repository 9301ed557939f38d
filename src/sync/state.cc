#include "sync/state.h"

#include "json/json.h"

namespace cloudfolio::sync {

SyncState state_after(const Plan& plan, std::uint64_t generation) {
  SyncState state;
  state.generation = generation;
  state.probe_etag = plan.probe_etag;
  state.swept_at = plan.swept_at;
  state.one_page = plan.one_page;
  state.credential = plan.credential;
  state.token_owner = plan.token_owner;
  state.had_private = plan.had_private;
  return state;
}

std::string to_json(const SyncState& state) {
  json::Object object;
  object["generation"] = state.generation;
  object["probe_etag"] = state.probe_etag;
  object["swept_at"] = state.swept_at;
  object["one_page"] = state.one_page;
  object["complete"] = state.complete;
  object["seen"] = state.seen;
  json::Array skipped;
  for (const Skipped& one : state.skipped) {
    json::Object item;
    item["repository"] = one.repository;
    item["reason"] = one.reason;
    skipped.push_back(std::move(item));
  }
  object["skipped"] = std::move(skipped);
  if (!state.credential.empty()) {
    object["credential"] = state.credential;
    object["token_owner_id"] = state.token_owner.id;
    object["token_owner_login"] = state.token_owner.login;
    object["had_private"] = state.had_private;
  }
  return json::write(object);
}

Result<SyncState> state_from_json(std::string_view text) {
  CF_TRY(const json::Object object, json::parse_object(text));
  SyncState state;
  state.generation = static_cast<std::uint64_t>(json::find_int(object, "generation").value_or(0));
  state.probe_etag = json::find_string(object, "probe_etag").value_or("");
  state.swept_at = json::find_string(object, "swept_at").value_or("");
  state.one_page = json::find_bool(object, "one_page").value_or(false);
  state.complete = json::find_bool(object, "complete").value_or(false);
  state.seen = static_cast<std::size_t>(json::find_int(object, "seen").value_or(0));
  state.credential = json::find_string(object, "credential").value_or("");
  state.token_owner.id = json::find_int(object, "token_owner_id").value_or(0);
  state.token_owner.login = json::find_string(object, "token_owner_login").value_or("");
  state.had_private = json::find_bool(object, "had_private").value_or(false);
  if (const auto* skipped = json::find_array(object, "skipped"))
    for (const json::Value& value : *skipped)
      if (const auto* item = value.if_object())
        state.skipped.push_back({std::string(json::find_string(*item, "repository").value_or("")),
                                 std::string(json::find_string(*item, "reason").value_or(""))});
  return state;
}

}  // namespace cloudfolio::sync
