#include "simulator/faults.h"

#include <array>
#include <charconv>

namespace cloudfolio::simulator {
namespace {

constexpr std::array kKnown{
    FaultInfo{"bad-gateway", "", "Every request: 502 with an HTML page."},
    FaultInfo{"bad-gateway-above", "N", "GraphQL about more than N repositories: 502."},
    FaultInfo{"service-unavailable", "", "Every request: 503."},
    FaultInfo{"gateway-timeout", "", "Every request: 504."},
    FaultInfo{"graphql-down", "", "Every GraphQL request: 502; REST works."},
    FaultInfo{"something-went-wrong", "",
              "GraphQL: 200 with GitHub's time-out message and no data."},
    FaultInfo{
        "resource-limits", "N",
        "GraphQL: repositories after the N-th of a request are null, RESOURCE_LIMITS_EXCEEDED."},
    FaultInfo{
        "resource-limits-text", "N",
        "GraphQL: file texts of repositories after the N-th are null, RESOURCE_LIMITS_EXCEEDED."},
    FaultInfo{"null-node", "repository", "GraphQL: that repository is null under an error."},
    FaultInfo{"forbidden", "repository", "That repository: FORBIDDEN by GraphQL, 403 by REST."},
    FaultInfo{"taken-down", "repository", "That repository: access blocked, 451 by REST.", true},
    FaultInfo{"primary-limit", "core|graphql|all",
              "The primary budget is used up until its reset."},
    FaultInfo{"secondary-limit", "seconds", "Secondary limit with Retry-After."},
    FaultInfo{"secondary-limit-silent", "", "Secondary limit without Retry-After."},
    FaultInfo{"no-rate-headers", "", "No x-ratelimit headers."},
    FaultInfo{"stall", "milliseconds", "Answers that much later."},
    FaultInfo{"close-connection", "", "The connection breaks off in the middle of the answer."},
    FaultInfo{"malformed-json", "", "The body is cut in half."},
    FaultInfo{"bad-token", "", "401 Bad credentials."},
    FaultInfo{"revoked-token", "token", "That token (without one: every one) is refused: 401."},
    FaultInfo{"public-only", "token",
              "That token (without one: every one) sees no private repositories."},
    FaultInfo{"saml", "", "403: the organization enforces SAML single sign-on."},
    FaultInfo{"missing-scope", "", "403: not accessible by personal access token."},
    FaultInfo{"truncated-tree", "N", "REST's recursive tree stops after N entries, truncated."},
    FaultInfo{"clock-skew", "seconds",
              "GitHub's clock is ahead by that much, or behind if negative."},
    FaultInfo{"renamed", "repository", "It has the name NAME-renamed now; ids stay.", true},
    FaultInfo{"deleted", "repository", "It is gone.", true},
    FaultInfo{"recreated", "repository", "Deleted and made again: same name, other ids.", true},
    FaultInfo{"empty-repository", "repository", "Nothing was ever pushed to it.", true},
    FaultInfo{"archived", "repository", "It is archived.", true},
    FaultInfo{"fork", "repository", "It is a fork.", true},
    FaultInfo{"private", "repository", "It is private.", true},
    FaultInfo{"disabled", "repository", "It is disabled.", true},
    FaultInfo{"truncated-blob", "repository", "Its README.md has 600,000 bytes.", true},
    FaultInfo{"binary-document", "repository", "Its README.md is not text.", true},
    FaultInfo{"lfs-document", "repository", "Its README.md is a Git LFS pointer.", true},
    FaultInfo{"malformed-context", "repository", "Its .repo-context.json is not JSON.", true},
    FaultInfo{"odd-context", "repository", "Its .repo-context.json is a list.", true},
    FaultInfo{"huge-repository", "repository", "5,000 more files in 400 folders, 9 deep.", true},
    FaultInfo{"organization", "login", "That owner is an organization.", true},
};

const FaultInfo* find_fault(std::string_view name) {
  for (const FaultInfo& fault : kKnown)
    if (fault.name == name) return &fault;
  return nullptr;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Error unknown_fault(const std::string& name) {
  std::string message = "no such fault: '" + name + "'. There are:";
  for (const FaultInfo& fault : kKnown) message += " " + std::string(fault.name);
  return Error(Code::invalid_argument, message);
}

PushedFiles huge_files() {
  PushedFiles pushed;
  for (int file = 0; file < 5'000; ++file) {
    const int folder = file % 400;
    std::string path = "huge";
    for (int depth = 0, left = folder; depth < 8; ++depth, left /= 3)
      path += "/d" + std::to_string(left % 3);
    path += "/f" + std::to_string(folder) + "/file" + std::to_string(file) + ".c";
    pushed.files[path] = "/* " + std::to_string(file) + " */\n";
  }
  pushed.message = "Add everything";
  return pushed;
}

std::optional<PushedFiles> files_of_fault(std::string_view name) {
  PushedFiles pushed;
  if (name == "truncated-blob") {
    std::string text = "# A long one\n\n";
    while (text.size() < 600'000)
      text += "Line by line the file grows beyond what one answer holds. \n";
    pushed.files["README.md"] = text.substr(0, 600'000);
  } else if (name == "binary-document") {
    pushed.files["README.md"] = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe", 18);
  } else if (name == "lfs-document") {
    pushed.files["README.md"] =
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
  } else if (name == "malformed-context") {
    pushed.files[".repo-context.json"] = "{\"project_identity\": {\"name\": \"half";
  } else if (name == "odd-context") {
    pushed.files[".repo-context.json"] = "[1, \"two\", {\"three\": null}]";
  } else if (name == "huge-repository") {
    pushed = huge_files();
  } else {
    return std::nullopt;
  }
  return pushed;
}

}  // namespace

std::span<const FaultInfo> known_faults() {
  return kKnown;
}

Status Faults::set(const std::string& spec, World& world) {
  std::string rest = spec;
  Active fault;
  if (const auto star = rest.rfind('*'); star != std::string::npos) {
    fault.times_left = number_in(std::string_view(rest).substr(star + 1));
    if (!fault.times_left)
      return Error(Code::invalid_argument,
                   "fault '" + spec + "': after '*' comes a number of times");
    rest.resize(star);
  }
  const auto equals = rest.find('=');
  const std::string name = rest.substr(0, equals);
  if (equals != std::string::npos) fault.value = rest.substr(equals + 1);
  const FaultInfo* info = find_fault(name);
  if (!info) return unknown_fault(name);
  if (info->value.empty() && !fault.value.empty())
    return Error(Code::invalid_argument, "fault '" + name + "' takes no value");
  if ((info->value == "N" || info->value == "seconds" || info->value == "milliseconds") &&
      !number_in(fault.value))
    return Error(Code::invalid_argument,
                 "fault '" + name + "' needs a number: " + name + "=" + std::string(info->value));
  if (info->changes_world) return change_world(world, name, fault.value);
  active_[name] = std::move(fault);
  return Done{};
}

std::optional<std::string> Faults::take(std::string_view name) {
  const auto found = active_.find(name);
  if (found == active_.end()) return std::nullopt;
  std::string value = found->second.value;
  if (found->second.times_left && --*found->second.times_left <= 0) active_.erase(found);
  return value;
}

std::optional<std::string> Faults::peek(std::string_view name) const {
  const auto found = active_.find(name);
  if (found == active_.end()) return std::nullopt;
  return found->second.value;
}

std::optional<std::int64_t> Faults::peek_number(std::string_view name) const {
  const auto value = peek(name);
  return value ? number_in(*value) : std::nullopt;
}

std::vector<std::string> Faults::active() const {
  std::vector<std::string> out;
  for (const auto& [name, fault] : active_)
    out.push_back(fault.value.empty() ? name : name + "=" + fault.value);
  return out;
}

bool is_target(const RepositoryState& repository, std::string_view target) {
  return folded(target) == folded(repository.name) ||
         folded(target) == folded(repository.owner + "/" + repository.name);
}

RepositoryState* find_target(World& world, std::string_view target) {
  for (RepositoryState* repository : world.all())
    if (target.empty() ? !repository->is_private && repository->head()
                       : is_target(*repository, target))
      return repository;
  return nullptr;
}

Status change_world(World& world, std::string_view name, const std::string& target) {
  if (name == "organization") {
    if (!target.empty()) world.set_organization(target);
    return Done{};
  }
  RepositoryState* repository = find_target(world, target);
  if (!repository)
    return Error(Code::not_found,
                 "fault '" + std::string(name) + "': no repository '" + target + "' in the corpus");
  if (const auto files = files_of_fault(name)) {
    world.push(*repository, *files);
    return Done{};
  }
  if (name == "renamed") return world.rename(*repository, repository->name + "-renamed");
  if (name == "deleted") {
    world.remove(*repository);
    return Done{};
  }
  if (name == "recreated") {
    world.recreate(*repository);
    return Done{};
  }
  if (name == "empty-repository") {
    repository->commits.clear();
    repository->languages.clear();
    repository->size_kib = 0;
  } else if (name == "archived") {
    repository->is_archived = true;
  } else if (name == "fork") {
    repository->is_fork = true;
  } else if (name == "private") {
    repository->is_private = true;
  } else if (name == "disabled") {
    repository->is_disabled = true;
  } else if (name == "taken-down") {
    repository->is_taken_down = true;
  }
  world.touch(*repository);
  return Done{};
}

}  // namespace cloudfolio::simulator
