#include "storage/azure/testing/shared_access.h"

#include "http/url.h"
#include "storage/azure/shared_key.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr const char* kVersion = "2021-12-02";

Account signed_account(const Account& account, const std::string& text,
                       http::QueryParameters query) {
  const auto signature = sign(std::get<SharedKey>(account.credential).key, text);
  query.emplace_back("sig", signature ? *signature : "");
  Account changed = account;
  changed.credential = SharedAccess{Secret(http::build_query(query))};
  return changed;
}

// Start, policy, addresses and protocols stay empty.
std::string resource_lines(const SharedAccessOptions& options, const std::string& resource) {
  return options.permissions + "\n\n" + options.expiry + "\n" + resource + "\n\n\n\n" + kVersion;
}

}  // namespace

Account with_account_signature(const Account& account, const SharedAccessOptions& options) {
  const std::string text = account.name + "\n" + options.permissions + "\nbqt\nsco\n\n" +
                           options.expiry + "\n\n\n" + kVersion + "\n\n";
  return signed_account(account, text,
                        {{"sv", kVersion},
                         {"ss", "bqt"},
                         {"srt", "sco"},
                         {"sp", options.permissions},
                         {"se", options.expiry}});
}

Account with_container_signature(const Account& account, const std::string& container,
                                 const SharedAccessOptions& options) {
  // Resource kind, then snapshot, encryption scope and five response headers, all empty.
  const std::string text =
      resource_lines(options, "/blob/" + account.name + "/" + container) + "\nc\n\n\n\n\n\n\n";
  return signed_account(
      account, text,
      {{"sv", kVersion}, {"sr", "c"}, {"sp", options.permissions}, {"se", options.expiry}});
}

Account with_queue_signature(const Account& account, const std::string& queue,
                             const SharedAccessOptions& options) {
  return signed_account(account, resource_lines(options, "/queue/" + account.name + "/" + queue),
                        {{"sv", kVersion}, {"sp", options.permissions}, {"se", options.expiry}});
}

Account with_table_signature(const Account& account, const std::string& table,
                             const SharedAccessOptions& options) {
  // Then the bounds of partitions and rows, which are none.
  const std::string text =
      resource_lines(options, "/table/" + account.name + "/" + table) + "\n\n\n\n";
  return signed_account(
      account, text,
      {{"sv", kVersion}, {"tn", table}, {"sp", options.permissions}, {"se", options.expiry}});
}

}  // namespace cloudfolio::storage::azure
