#include "simulator/graph_schema.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace cloudfolio::simulator {
namespace {

// One type a line group: "type [: possible types]", then its fields, indented.
constexpr std::string_view kSchema = R"(Query
  rateLimit(dryRun:Boolean):RateLimit
  viewer:User!
  user(login:String!):User
  organization(login:String!):Organization
  repositoryOwner(login:String!):RepositoryOwner
  repository(owner:String!,name:String!,followRenames:Boolean):Repository
  node(id:ID!):Node
  nodes(ids:[ID!]!):[Node]!
Node : Repository User Organization Blob Tree Commit Ref Language License RepositoryTopic Topic
  id:ID!
RateLimit
  cost:Int!
  limit:Int!
  nodeCount:Int!
  remaining:Int!
  resetAt:DateTime!
  used:Int!
RepositoryOwner : User Organization
  id:ID!
  login:String!
  url:URI!
  resourcePath:URI!
  avatarUrl(size:Int):URI!
  repository(name:String!,followRenames:Boolean):Repository
  repositories(privacy:RepositoryPrivacy,visibility:RepositoryVisibility,orderBy:RepositoryOrder,affiliations:[RepositoryAffiliation],ownerAffiliations:[RepositoryAffiliation],isLocked:Boolean,after:String,before:String,first:Int,last:Int,isArchived:Boolean,isFork:Boolean):RepositoryConnection!
User
  id:ID!
  databaseId:Int
  login:String!
  name:String
  url:URI!
  resourcePath:URI!
  avatarUrl(size:Int):URI!
  createdAt:DateTime!
  repository(name:String!,followRenames:Boolean):Repository
  repositories(privacy:RepositoryPrivacy,visibility:RepositoryVisibility,orderBy:RepositoryOrder,affiliations:[RepositoryAffiliation],ownerAffiliations:[RepositoryAffiliation],isLocked:Boolean,after:String,before:String,first:Int,last:Int,isArchived:Boolean,isFork:Boolean):RepositoryConnection!
Organization
  id:ID!
  databaseId:Int
  login:String!
  name:String
  url:URI!
  resourcePath:URI!
  avatarUrl(size:Int):URI!
  createdAt:DateTime!
  repository(name:String!,followRenames:Boolean):Repository
  repositories(privacy:RepositoryPrivacy,visibility:RepositoryVisibility,orderBy:RepositoryOrder,affiliations:[RepositoryAffiliation],ownerAffiliations:[RepositoryAffiliation],isLocked:Boolean,after:String,before:String,first:Int,last:Int,isArchived:Boolean,isFork:Boolean):RepositoryConnection!
RepositoryConnection
  totalCount:Int!
  totalDiskUsage:Int!
  pageInfo:PageInfo!
  nodes:[Repository]
  edges:[RepositoryEdge]
RepositoryEdge
  cursor:String!
  node:Repository
PageInfo
  endCursor:String
  hasNextPage:Boolean!
  hasPreviousPage:Boolean!
  startCursor:String
Repository
  id:ID!
  databaseId:Int
  name:String!
  nameWithOwner:String!
  owner:RepositoryOwner!
  url:URI!
  resourcePath:URI!
  description:String
  homepageUrl:URI
  createdAt:DateTime!
  updatedAt:DateTime!
  pushedAt:DateTime
  diskUsage:Int
  forkingAllowed:Boolean!
  forkCount:Int!
  stargazerCount:Int!
  isArchived:Boolean!
  isDisabled:Boolean!
  isEmpty:Boolean!
  isFork:Boolean!
  isLocked:Boolean!
  isMirror:Boolean!
  isPrivate:Boolean!
  isTemplate:Boolean!
  visibility:RepositoryVisibility!
  primaryLanguage:Language
  licenseInfo:License
  defaultBranchRef:Ref
  ref(qualifiedName:String!):Ref
  object(oid:GitObjectID,expression:String):GitObject
  languages(after:String,before:String,first:Int,last:Int,orderBy:LanguageOrder):LanguageConnection
  repositoryTopics(after:String,before:String,first:Int,last:Int):RepositoryTopicConnection!
Ref
  id:ID!
  name:String!
  prefix:String!
  repository:Repository!
  target:GitObject
GitObject : Blob Tree Commit
  id:ID!
  oid:GitObjectID!
  abbreviatedOid:String!
  repository:Repository!
Blob
  id:ID!
  oid:GitObjectID!
  abbreviatedOid:String!
  repository:Repository!
  byteSize:Int!
  isBinary:Boolean
  isTruncated:Boolean!
  text:String
Tree
  id:ID!
  oid:GitObjectID!
  abbreviatedOid:String!
  repository:Repository!
  entries:[TreeEntry!]
Commit
  id:ID!
  oid:GitObjectID!
  abbreviatedOid:String!
  repository:Repository!
  committedDate:DateTime!
  authoredDate:DateTime!
  message:String!
  tree:Tree!
  file(path:String!):TreeEntry
TreeEntry
  name:String!
  path:String
  mode:Int!
  type:String!
  oid:GitObjectID!
  size:Int!
  object:GitObject
LanguageConnection
  totalCount:Int!
  totalSize:Int!
  pageInfo:PageInfo!
  edges:[LanguageEdge]
  nodes:[Language]
LanguageEdge
  cursor:String!
  size:Int!
  node:Language!
Language
  id:ID!
  name:String!
  color:String
License
  id:ID!
  key:String!
  name:String!
  spdxId:String
  url:URI
  hidden:Boolean!
  pseudoLicense:Boolean!
RepositoryTopicConnection
  totalCount:Int!
  pageInfo:PageInfo!
  edges:[RepositoryTopicEdge]
  nodes:[RepositoryTopic]
RepositoryTopicEdge
  cursor:String!
  node:RepositoryTopic
RepositoryTopic
  id:ID!
  url:URI!
  resourcePath:URI!
  topic:Topic!
Topic
  id:ID!
  name:String!
  stargazerCount:Int!
)";

constexpr std::array<std::string_view, 13> kInputTypes{"Int",
                                                       "String",
                                                       "Boolean",
                                                       "ID",
                                                       "URI",
                                                       "DateTime",
                                                       "GitObjectID",
                                                       "RepositoryOrder",
                                                       "RepositoryPrivacy",
                                                       "Float",
                                                       "LanguageOrder",
                                                       "RepositoryVisibility",
                                                       "RepositoryAffiliation"};

std::string without_wrappers(std::string_view type) {
  std::string named;
  for (const char c : type)
    if (c != '[' && c != ']' && c != '!') named += c;
  return named;
}

GraphField field_from(std::string_view line) {
  GraphField field;
  const auto open = line.find('(');
  const auto colon = open == std::string_view::npos ? line.find(':') : line.find("):") + 1;
  field.name = std::string(line.substr(0, std::min(open, colon)));
  field.type = std::string(line.substr(colon + 1));
  field.named_type = without_wrappers(field.type);
  if (open == std::string_view::npos) return field;
  std::istringstream arguments(std::string(line.substr(open + 1, colon - open - 2)));
  for (std::string one; std::getline(arguments, one, ',');) {
    const auto at = one.find(':');
    field.arguments[one.substr(0, at)] = one.substr(at + 1);
  }
  return field;
}

std::map<std::string, GraphType, std::less<>> read_schema() {
  std::map<std::string, GraphType, std::less<>> types;
  std::istringstream lines{std::string(kSchema)};
  GraphType* type = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) {
      GraphField field = field_from(std::string_view(line).substr(2));
      type->fields.emplace(field.name, field);
      continue;
    }
    std::istringstream words(line);
    std::string name;
    words >> name;
    type = &types[name];
    type->name = name;
    for (std::string possible; words >> possible;)
      if (possible != ":") type->possible_types.push_back(possible);
    if (type->possible_types.empty()) type->possible_types.push_back(name);
  }
  return types;
}

}  // namespace

bool GraphType::may_be(std::string_view concrete) const {
  return std::find(possible_types.begin(), possible_types.end(), concrete) != possible_types.end();
}

const GraphType* find_graph_type(std::string_view name) {
  static const auto types = read_schema();
  const auto found = types.find(name);
  return found == types.end() ? nullptr : &found->second;
}

std::string_view graph_schema_text() {
  return kSchema;
}

bool is_input_type(std::string_view name) {
  return std::find(kInputTypes.begin(), kInputTypes.end(), name) != kInputTypes.end();
}

}  // namespace cloudfolio::simulator
