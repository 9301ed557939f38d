#pragma once
// AciPlatform: workers as container groups of Azure Container Instances, through Azure Resource
// Manager's REST interface (learn.microsoft.com/rest/api/container-instances/container-groups).
//
// A group is ours by its tags `cloudfolio-owner` and `cloudfolio-queue`; `cloudfolio-generation`
// says which. No tag names a tenant or a job: tags are shown in bills. A group never restarts and
// has no address; what it may do, it may as the user-assigned identity that it is given.
//
// list() asks for each group that is up, because the list leaves out what its container does.
// Threads:  thread-safe.
// Lifetime: client and tokens outlive it.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "capacity/platform.h"
#include "http/client.h"

namespace cloudfolio::capacity {

inline constexpr std::string_view kContainerGroupsApi = "2026-07-01";
inline constexpr std::size_t kListPagesMax = 20;

// Where the right to call Resource Manager comes from: a managed identity's token for
// https://management.azure.com/.
class AccessTokens {
 public:
  virtual ~AccessTokens() = default;
  virtual Result<Secret> get(const Context& ctx) = 0;
  // It was refused: the next get() must fetch another.
  virtual void forget() = 0;
};

struct AciOptions {
  std::string url = "https://management.azure.com";
  std::string subscription;
  std::string resource_group;
  std::string owner;  // Of the groups: one installation.
  std::string queue;
  // Of the user-assigned identity that the worker acts as, and that may pull the image.
  std::string identity_id;
  std::string registry = {};  // "example.azurecr.io"; empty: a public image.
  std::vector<std::string> command = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::map<std::string, std::string> cost_tags = {};  // By which Cost Management groups.
};

class AciPlatform final : public Platform {
 public:
  AciPlatform(AciOptions options, http::Client& client, AccessTokens& tokens)
      : options_(std::move(options)), client_(client), tokens_(tokens) {}

  CreateAnswer create(const Context& ctx, const CreateRequest& request) override;
  Result<std::vector<Group>> list(const Context& ctx) override;
  Status remove(const Context& ctx, const std::string& name) override;

 private:
  std::string groups_url() const;
  std::string group_url(const std::string& name) const;
  Result<http::Response> send(const Context& ctx, http::Method method, const std::string& url,
                              std::string body);
  Result<Group> look_closer(const Context& ctx, Group group);

  const AciOptions options_;
  http::Client& client_;
  AccessTokens& tokens_;
};

// The body of the PUT that makes a group.
std::string container_group_json(const AciOptions& options, const CreateRequest& request);
// What Resource Manager's answer to that PUT means.
CreateAnswer create_answer_from(const http::Response& response);

}  // namespace cloudfolio::capacity
