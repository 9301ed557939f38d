#include "simulator/control.h"

#include "http/json_response.h"
#include "http/router.h"
#include "json/json.h"

namespace cloudfolio::simulator {
namespace {

using http::Request;
using http::Response;

Response refused(const Error& error) {
  return http::error_response(http::status_of(error.code()), error.message());
}

json::Object identity(const RepositoryState& repository) {
  json::Object out{{"owner", repository.owner},
                   {"repo", repository.name},
                   {"id", repository.database_id},
                   {"node_id", repository.node_id},
                   {"pushed_at", repository.pushed_at}};
  if (const CommitState* head = repository.head()) {
    out["head_oid"] = head->oid;
    out["tree_oid"] = head->files->root_oid();
  }
  return out;
}

std::string text_of(const json::Object& body, std::string_view key) {
  return std::string(json::find_string(body, key).value_or(""));
}

Result<RepositoryState*> named(World& world, const json::Object& body) {
  const std::string owner = text_of(body, "owner");
  const std::string name = text_of(body, "repo");
  RepositoryState* found = world.find(owner, name);
  if (!found) return Error(Code::not_found, "no repository '" + owner + "/" + name + "'");
  return found;
}

// The metadata that a body names; the rest stays.
void edit(RepositoryState& repository, const json::Object& body) {
  if (json::find(body, "description"))
    repository.description = json::find_string(body, "description");
  if (json::find(body, "homepage")) repository.homepage = json::find_string(body, "homepage");
  if (const json::Array* topics = json::find_array(body, "topics")) {
    repository.topics.clear();
    for (const json::Value& topic : *topics)
      if (const auto text = json::as_string(topic)) repository.topics.emplace_back(*text);
  }
  if (const json::Object* languages = json::find_object(body, "languages")) {
    repository.languages.clear();
    for (const auto& item : *languages)
      repository.languages.emplace_back(std::string(item.key()),
                                        json::as_int(item.value()).value_or(0));
  }
  if (const auto archived = json::find_bool(body, "archived")) repository.is_archived = *archived;
  if (const auto is_private = json::find_bool(body, "private")) repository.is_private = *is_private;
}

Result<json::Object> push(World& world, const json::Object& body) {
  CF_TRY(RepositoryState * repository, named(world, body));
  PushedFiles pushed;
  if (const json::Object* files = json::find_object(body, "files"))
    for (const auto& item : *files) {
      const auto text = json::as_string(item.value());
      if (!text && !item.value().is_null())
        return Error(Code::invalid_argument, "'files' maps a path to a text, or to null");
      pushed.files[std::string(item.key())] =
          text ? std::optional<std::string>(*text) : std::nullopt;
    }
  if (const auto message = json::find_string(body, "message"))
    pushed.message = std::string(*message);
  edit(*repository, body);
  world.push(*repository, pushed);
  return identity(*repository);
}

using Change = Result<json::Object> (*)(World&, const json::Object&);

const std::pair<std::string_view, Change> kChanges[] = {
    {"push", push},
    {"create",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * made, world.create(text_of(body, "owner"), text_of(body, "repo")));
       edit(*made, body);
       if (json::find_object(body, "files")) return push(world, body);
       return identity(*made);
     }},
    {"edit",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * repository, named(world, body));
       edit(*repository, body);
       world.touch(*repository);
       return identity(*repository);
     }},
    {"rename",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * repository, named(world, body));
       CF_CHECK(world.rename(*repository, text_of(body, "name")));
       return identity(*repository);
     }},
    {"rename-account",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_CHECK(world.rename_account(text_of(body, "login"), text_of(body, "to")));
       return json::Object{{"login", text_of(body, "to")}};
     }},
    {"delete",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * repository, named(world, body));
       world.remove(*repository);
       return identity(*repository);
     }},
    {"recreate",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * repository, named(world, body));
       return identity(world.recreate(*repository));
     }},
    {"make-private",
     [](World& world, const json::Object& body) -> Result<json::Object> {
       CF_TRY(RepositoryState * repository, named(world, body));
       repository->is_private = true;
       world.touch(*repository);
       return identity(*repository);
     }},
};

Response change_faults(ControlView view, const json::Object& body) {
  if (const json::Array* cleared = json::find_array(body, "clear"))
    for (const json::Value& name : *cleared) view.faults.clear(json::as_string(name).value_or(""));
  if (const json::Array* set = json::find_array(body, "set"))
    for (const json::Value& spec : *set)
      if (const auto done =
              view.faults.set(std::string(json::as_string(spec).value_or("")), view.world);
          !done)
        return refused(done.error());
  json::Array active;
  for (const std::string& name : view.faults.active()) active.emplace_back(name);
  return http::json_response(200, json::Object{{"active", std::move(active)}});
}

Response list_faults(const Faults& faults) {
  json::Array known;
  for (const FaultInfo& fault : known_faults())
    known.push_back(json::Object{{"name", json::String(fault.name)},
                                 {"value", json::String(fault.value)},
                                 {"help", json::String(fault.help)}});
  json::Array active;
  for (const std::string& name : faults.active()) active.emplace_back(name);
  return http::json_response(
      200, json::Object{{"active", std::move(active)}, {"known", std::move(known)}});
}

Response set_limits(ControlView view, const json::Object& body) {
  const auto remaining = json::find_int(body, "remaining");
  if (!remaining) return http::error_response(400, "'remaining' must be a number");
  view.budgets.set(text_of(body, "resource"), *remaining,
                   std::chrono::seconds(json::find_int(body, "reset_in_seconds").value_or(3'600)));
  return http::json_response(200, json::Object{{"remaining", *remaining}});
}

}  // namespace

void add_control_routes(http::Router& router, CurrentControl view) {
  const auto post = [&](const std::string& pattern, const std::string& name, auto answer) {
    router.add(http::Method::post, pattern, name, [view, answer](const Request& request) {
      const auto body = json::parse_object(request.body);
      if (!body) return refused(body.error());
      return answer(view(), *body);
    });
  };
  for (const auto& [name, change] : kChanges)
    post("/_sim/" + std::string(name), "control_" + std::string(name),
         [change = change](ControlView at, const json::Object& body) {
           auto done = change(at.world, body);
           return done ? http::json_response(200, *done) : refused(done.error());
         });
  post("/_sim/faults", "control_faults", change_faults);
  post("/_sim/limits", "control_limits", set_limits);
  router.add(http::Method::get, "/_sim/faults", "control_faults",
             [view](const Request&) { return list_faults(view().faults); });
  router.add(http::Method::delete_, "/_sim/faults", "control_faults", [view](const Request&) {
    view().faults.clear_all();
    return http::json_response(200, json::Object{{"active", json::Array()}});
  });
}

}  // namespace cloudfolio::simulator
