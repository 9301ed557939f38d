#include "github/queries.h"

#include <algorithm>

#include "github/queries_text.h"  // Made from queries/*.graphql when configuring.

namespace cloudfolio::github {
namespace {

// fragment <name> on Tree { oid entries { … } }, with the folders of so many levels open.
std::string tree_fragment(const std::string& name, std::size_t levels) {
  constexpr std::string_view kEntry = "name mode type oid size";
  std::string inner = "entries { " + std::string(kEntry) + " }";
  for (std::size_t level = 1; level < levels; ++level)
    inner = "entries { " + std::string(kEntry) + " object { ... on Tree { " + inner + " } } }";
  return "fragment " + name + " on Tree { " + inner + " }\n";
}

}  // namespace

const std::string& list_query() {
  static const std::string text = std::string(kListText) + std::string(kRepositoryFieldsText);
  return text;
}

const std::string& detail_query() {
  static const std::string text = std::string(kDetailText) + std::string(kRepositoryFieldsText) +
                                  std::string(kFileTextText) +
                                  tree_fragment("TreeLevels", kDetailTreeLevels);
  return text;
}

std::string follow_up_query(std::span<const FollowUpRepository> repositories) {
  std::string head = "query FollowUp(";
  std::string body = "rateLimit { limit cost remaining used resetAt }\n";
  bool any_tree = false;
  bool any_blob = false;
  for (std::size_t at = 0; at < repositories.size(); ++at) {
    const std::string alias = "r" + std::to_string(at);
    head += "$" + alias + ": ID!, ";
    body += alias + ": node(id: $" + alias + ") { ... on Repository { id ";
    const auto ask = [&](char prefix, std::size_t count, const std::string& fragment) {
      for (std::size_t of = 0; of < count; ++of) {
        const std::string name = prefix + std::to_string(of);
        head += "$" + alias + name + ": GitObjectID!, ";
        body += name + ": object(oid: $" + alias + name + ") { ..." + fragment + " } ";
      }
    };
    ask('t', repositories[at].tree_oids.size(), "TreeLevels");
    ask('b', repositories[at].blob_oids.size(), "FileText");
    any_tree |= !repositories[at].tree_oids.empty();
    any_blob |= !repositories[at].blob_oids.empty();
    body += "} }\n";
  }
  head.resize(head.size() - 2);
  std::string text = head + ") {\n" + body + "}\n";
  if (any_tree) text += tree_fragment("TreeLevels", kFollowUpTreeLevels);
  if (any_blob) text += kFileTextText;
  return text;
}

}  // namespace cloudfolio::github
