// training ls|show|run|cancel|retry|logs: trainings, their workers, and what was put aside.

#include <cstdio>

#include "json/json.h"
#include "main/commands.h"
#include "main/show.h"
#include "roles/system.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

std::string text_at(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

template <class Each>
void for_each(const json::Object& answer, std::string_view key, Each each) {
  const json::Array* all = json::find_array(answer, key);
  if (all == nullptr) return;
  for (const json::Value& one : *all)
    if (const json::Object* object = one.if_object()) each(*object);
}

Status print_list(const std::string& answer) {
  CF_TRY(const json::Object shown, json::parse_object(answer));
  for_each(shown, "trainings", [](const json::Object& one) { show_job(one); });
  for_each(shown, "workers", [](const json::Object& one) {
    std::printf("worker %s %s for %s %s\n", text_at(one, "name").c_str(),
                text_at(one, "state").c_str(), text_at(one, "instance").c_str(),
                text_at(one, "reason").c_str());
  });
  if (const std::string problem = text_at(shown, "problem"); !problem.empty())
    std::printf("workers: %s\n", problem.c_str());
  for_each(shown, "poisoned", [](const json::Object& one) {
    std::printf("put aside: %s %s: %s\n", text_at(one, "id").c_str(),
                text_at(one, "instance").c_str(), text_at(one, "reason").c_str());
    std::printf("%s", text_at(one, "log_tail").c_str());
  });
  return Done{};
}

Status print_one(const std::string& answer) {
  CF_TRY(const json::Object shown, json::parse_object(answer));
  show_job(shown);
  for_each(shown, "poisoned", [](const json::Object& one) {
    std::printf("put aside: %s: %s\n", text_at(one, "id").c_str(), text_at(one, "reason").c_str());
  });
  std::printf("%s", text_at(shown, "log_tail").c_str());
  return Done{};
}

Status done(Output output, const std::string& instance) {
  if (output == Output::json)
    std::printf("%s\n", json::write(json::Object{{"id", instance}}).c_str());
  return Done{};
}

Status ask(const Invocation& invocation, const TrainingCommand& command,
           gateway::Trainings& trainings) {
  const Context ctx;
  const bool as_json = invocation.output == Output::json;
  const InstanceId instance(command.instance);
  switch (command.verb) {
    case TrainingCommand::Verb::ls: {
      std::optional<TenantId> tenant;
      if (!command.login.empty()) {
        CF_TRY(tenant, tenancy::tenant_from_login(command.login));
      }
      CF_TRY(const std::string answer, trainings.list(ctx, tenant));
      if (!as_json) return print_list(answer);
      std::printf("%s\n", answer.c_str());
      return Done{};
    }
    case TrainingCommand::Verb::show: {
      CF_TRY(const std::string answer, trainings.show(ctx, instance));
      if (!as_json) return print_one(answer);
      std::printf("%s\n", answer.c_str());
      return Done{};
    }
    case TrainingCommand::Verb::logs: {
      CF_TRY(const std::string answer, trainings.logs(ctx, instance));
      const std::string shown =
          as_json ? json::write(json::Object{{"log", answer}}) + "\n" : answer;
      std::fwrite(shown.data(), 1, shown.size(), stdout);
      return Done{};
    }
    case TrainingCommand::Verb::cancel:
      CF_CHECK(trainings.cancel(ctx, instance));
      return done(invocation.output, command.instance);
    case TrainingCommand::Verb::retry:
      CF_CHECK(trainings.retry(ctx, instance));
      return done(invocation.output, command.instance);
    case TrainingCommand::Verb::run:
      break;
  }
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const TrainingCommand& command) {
  if (command.verb == TrainingCommand::Verb::run) {
    TrainCommand train;
    train.login = command.login;
    return run_command(invocation, train);
  }
  roles::Config config = invocation.config;
  if (config.log_file.empty()) config.log_level = "error";
  CF_TRY(const auto session,
         roles::open_session(config, invocation.clock, roles::System::Work::read_only));
  return ask(invocation, command, session->trainings());
}

}  // namespace cloudfolio::main
