#include "storage/azure/table_requests.h"

#include "storage/azure/entity_json.h"

namespace cloudfolio::storage::azure {
namespace {

// Well-formed, and of no entity: the service calls a malformed one a bad request, not a conflict.
constexpr const char* kNoEtag = "W/\"datetime'1601-01-01T00%3A00%3A00.0000000Z'\"";

std::string header_etag(const ETag& etag) {
  const std::string& text = etag.str();
  const bool fits = text.starts_with("W/\"datetime'") && text.ends_with("'\"") &&
                    text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
  return fits ? text : kNoEtag;
}

std::string doubled_quotes(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '\'' ? std::string("''") : std::string(1, c);
  return doubled;
}

std::string literal(std::string_view text) {
  return "'" + doubled_quotes(text) + "'";
}

std::string if_match(const UpdateIf& condition) {
  const auto* matches = std::get_if<Matches>(&condition);
  return matches ? header_etag(matches->etag) : "*";
}

WireRequest write_request(std::string_view table, const Entity& entity, Write write,
                          const std::string& mark) {
  WireRequest request;
  request.method = write == Write::merge ? http::Method::patch : http::Method::put;
  request.path = entity_path(table, entity.key);
  request.body = entity_json(entity, mark);
  return request;
}

struct RequestOf {
  std::string_view table;
  const std::string& mark;

  WireRequest operator()(const InsertAction& action) const {
    WireRequest request;
    request.method = http::Method::post;
    request.path = "/" + std::string(table);
    request.headers.set("Prefer", "return-no-content");
    request.body = entity_json(action.entity, mark);
    return request;
  }
  // Without If-Match: that header is all the difference to an update.
  WireRequest operator()(const UpsertAction& action) const {
    return write_request(table, action.entity, action.write, mark);
  }
  WireRequest operator()(const UpdateAction& action) const {
    WireRequest request = write_request(table, action.entity, action.write, mark);
    request.headers.set("If-Match", if_match(action.condition));
    return request;
  }
  WireRequest operator()(const RemoveAction& action) const {
    WireRequest request;
    request.method = http::Method::delete_;
    request.path = entity_path(table, action.key);
    request.headers.set("If-Match", if_match(action.condition));
    return request;
  }
};

}  // namespace

std::string entity_path(std::string_view table, const EntityKey& key) {
  return "/" + std::string(table) + "(PartitionKey='" +
         http::percent_encode(doubled_quotes(key.partition)) + "',RowKey='" +
         http::percent_encode(doubled_quotes(key.row)) + "')";
}

void add_table_headers(WireRequest& request) {
  request.headers.set("Accept", "application/json;odata=minimalmetadata");
  request.headers.set("DataServiceVersion", "3.0");
  request.headers.set("MaxDataServiceVersion", "3.0;NetFx");
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
}

WireRequest action_request(std::string_view table, const TableAction& action,
                           const std::string& mark) {
  WireRequest request = std::visit(RequestOf{table, mark}, action);
  add_table_headers(request);
  return request;
}

WireRequest query_request(std::string_view table, const TableQuery& query) {
  WireRequest request;
  request.path = "/" + std::string(table) + "()";
  std::string filter;
  if (query.partition) filter = "PartitionKey eq " + literal(*query.partition);
  if (!query.row_from.empty()) filter += " and RowKey ge " + literal(query.row_from);
  if (!query.row_before.empty()) filter += " and RowKey lt " + literal(query.row_before);
  if (!filter.empty()) request.query.emplace_back("$filter", filter);
  request.query.emplace_back("$top", std::to_string(query.max_count));
  for (auto& next : http::parse_query(query.continuation)) request.query.push_back(std::move(next));
  add_table_headers(request);
  return request;
}

WireRequest create_request(std::string_view table) {
  WireRequest request;
  request.method = http::Method::post;
  request.path = "/Tables";
  request.headers.set("Prefer", "return-no-content");
  request.body = "{\"TableName\":\"" + std::string(table) + "\"}";
  add_table_headers(request);
  return request;
}

std::string continuation_of(const Reply& reply) {
  http::QueryParameters next;
  for (const char* name : {"NextPartitionKey", "NextRowKey"})
    if (const auto value = reply.response.headers.find("x-ms-continuation-" + std::string(name)))
      next.emplace_back(name, std::string(*value));
  return http::build_query(next);
}

}  // namespace cloudfolio::storage::azure
