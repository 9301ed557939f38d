// cache ls|show|rm: the operator's look at the cache's entries, as the contract names them.

#include <unistd.h>
#include <cstdio>

#include "base/time_text.h"
#include "json/json.h"
#include "main/adopt.h"
#include "main/commands.h"
#include "roles/platform.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

std::string metadata_of(const storage::BlobEntry& entry, const std::string& name) {
  const auto found = entry.properties.metadata.find(name);
  return found == entry.properties.metadata.end() ? "" : found->second;
}

Result<std::vector<storage::BlobEntry>> entries(const Context& ctx, storage::BlobStore& blobs,
                                                const std::string& login) {
  std::string wanted;
  if (!login.empty()) {
    CF_TRY(const auto tenant, tenancy::tenant_from_login(login));
    wanted = tenant.str();
  }
  std::vector<storage::BlobEntry> found;
  storage::ListOptions options;
  do {
    CF_TRY(auto page, blobs.list(ctx, options));
    for (auto& entry : page.entries) {
      if (wanted.empty() || metadata_of(entry, "username") == wanted)
        found.push_back(std::move(entry));
    }
    options.continuation = page.continuation;
  } while (!options.continuation.empty());
  return found;
}

Status list(const Context& ctx, storage::BlobStore& blobs, const CacheCommand& command,
            Output output) {
  CF_TRY(const auto found, entries(ctx, blobs, command.login));
  json::Array shown;
  for (const storage::BlobEntry& entry : found) {
    if (output == Output::json) {
      json::Object metadata;
      for (const auto& [name, value] : entry.properties.metadata) metadata[name] = value;
      shown.push_back({{"key", entry.key.str()},
                       {"size_bytes", entry.properties.size_bytes},
                       {"last_modified", to_text(entry.properties.last_modified)},
                       {"metadata", std::move(metadata)}});
    } else {
      std::printf("%10llu  %s  %-10s %s\n",
                  static_cast<unsigned long long>(entry.properties.size_bytes),
                  to_text(entry.properties.last_modified).c_str(),
                  metadata_of(entry, "kind").c_str(), entry.key.str().c_str());
    }
  }
  if (output == Output::json) {
    const json::Value answer = {{"entries", std::move(shown)}};
    std::printf("%s\n", json::write(answer).c_str());
  }
  return Done{};
}

// A terminal gets no archive thrown at it.
bool is_text(const std::string& bytes) {
  return bytes.find('\0') == std::string::npos;
}

Status show(const Context& ctx, storage::BlobStore& blobs, const std::string& key, Output output) {
  auto blob = blobs.get(ctx, storage::BlobKey(key));
  if (!blob && blob.error().code() == Code::not_found) {
    return Error(Code::not_found, "no entry '" + key + "'; `cloudfolio cache ls` lists the keys");
  }
  if (!blob) return std::move(blob).error();
  if (output == Output::json) {
    json::Object answer;
    answer["key"] = key;
    answer["etag"] = blob->properties.etag.str();
    json::Object metadata;
    for (const auto& [name, value] : blob->properties.metadata) metadata[name] = value;
    answer["metadata"] = std::move(metadata);
    answer["size_bytes"] = blob->properties.size_bytes;
    if (auto value = json::parse(blob->bytes)) answer["value"] = *std::move(value);
    std::printf("%s\n", json::write(answer).c_str());
    return Done{};
  }
  if (!is_text(blob->bytes) && isatty(STDOUT_FILENO) == 1) {
    return Error(Code::invalid_argument, "'" + key + "' is binary; redirect the output to a file");
  }
  std::fwrite(blob->bytes.data(), 1, blob->bytes.size(), stdout);
  if (is_text(blob->bytes)) std::fputc('\n', stdout);
  return Done{};
}

Status remove(const Context& ctx, storage::BlobStore& blobs, const std::vector<std::string>& keys,
              Output output) {
  json::Array removed;
  for (const std::string& key : keys) {
    CF_CHECK(blobs.head(ctx, storage::BlobKey(key)));
    CF_CHECK(blobs.remove(ctx, storage::BlobKey(key), {}));
    removed.emplace_back(key);
    if (output == Output::text) std::printf("removed %s\n", key.c_str());
  }
  if (output == Output::json) {
    const json::Value answer = {{"removed", std::move(removed)}};
    std::printf("%s\n", json::write(answer).c_str());
  }
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const CacheCommand& command) {
  CF_TRY(const auto platform, roles::Platform::open(invocation.config, invocation.clock));
  CF_TRY(storage::BlobStore* const blobs, platform->storage().blobs(cache::kContainer));
  const Context ctx;
  switch (command.verb) {
    case CacheCommand::Verb::ls:
      return list(ctx, *blobs, command, invocation.output);
    case CacheCommand::Verb::show:
      return show(ctx, *blobs, command.keys.front(), invocation.output);
    case CacheCommand::Verb::rm:
      return remove(ctx, *blobs, command.keys, invocation.output);
    case CacheCommand::Verb::adopt:
      return adopt_old_data(ctx, *platform, command.login, invocation.output);
  }
  return Done{};
}

}  // namespace cloudfolio::main
