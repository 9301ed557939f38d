#pragma once
// The GraphQL documents that the client sends. Their fixed parts are files under queries/, embedded
// when the project is configured; the depth of trees and the objects of a follow-up vary, so those
// are put together here. Every one is validated against GitHub's published schema
// (tests/compatibility/github).

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace cloudfolio::github {

// Levels of folders that one request sees: the root and so many below it. Beyond, a follow-up asks.
inline constexpr std::size_t kDetailTreeLevels = 4;
inline constexpr std::size_t kFollowUpTreeLevels = 8;

const std::string& list_query();
const std::string& detail_query();

// Objects of one repository that a follow-up asks by their ids.
struct FollowUpRepository {
  std::string node_id;
  std::vector<std::string> tree_oids;
  std::vector<std::string> blob_oids;
};
// Aliases: r<i> the i-th repository; in it t<j> and b<j> its j-th tree and blob. Ids travel as
// variables: $r<i>, $r<i>t<j>, $r<i>b<j>.
std::string follow_up_query(std::span<const FollowUpRepository> repositories);

}  // namespace cloudfolio::github
