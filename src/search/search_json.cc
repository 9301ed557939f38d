#include <cmath>

#include "json/json.h"
#include "search/portfolio_search.h"

namespace cloudfolio::search {
namespace {

json::Value number(double value) {
  return std::isfinite(value) ? json::Value(value) : json::Value(nullptr);
}

json::Object result_json(const SearchResult& result, Explain explain,
                         const std::optional<PrivateShare>& own) {
  json::Object object;
  object["repository"] = result.repository;
  if (own) object["visibility"] = to_string(result.visibility);
  object["path"] = result.path;
  object["commit"] = result.commit;
  object["line_from"] = result.line_from;
  object["line_to"] = result.line_to;
  object["heading"] = result.heading;
  object["score"] = number(result.score);
  object["passage"] = result.passage;
  if (explain == Explain::yes) {
    json::Object why;
    why["exact"] = to_string(result.exact);
    why["lexical"] = number(result.lexical);
    why["dense"] = number(result.dense);
    why["bm25"] = number(result.lexical_raw);
    why["cosine"] = number(result.dense_raw);
    why["lexical_weight"] = result.weights.lexical;
    why["dense_weight"] = result.weights.dense;
    object["explain"] = std::move(why);
  }
  return object;
}

json::Object share_json(const PrivateShare& share) {
  json::Object object;
  object["mode"] = share.mode;
  if (!share.mode_reason.empty()) object["mode_reason"] = share.mode_reason;
  object["model"] = share.model;
  object["generation"] = share.generation;
  if (!share.coverage.empty()) object["coverage"] = share.coverage;
  return object;
}

json::Array facet_json(const std::vector<FacetCount>& counts) {
  json::Array array;
  for (const FacetCount& facet : counts) {
    array.push_back(json::Object{{"value", facet.value}, {"count", facet.count}});
  }
  return array;
}

}  // namespace

std::string to_json(const SearchAnswer& answer) {
  json::Object object;
  object["query"] = answer.query;
  object["mode"] = answer.mode;
  if (!answer.mode_reason.empty()) object["mode_reason"] = answer.mode_reason;
  object["model"] = answer.model;
  object["generation"] = answer.generation;
  object["coverage"] = answer.coverage;
  if (answer.own) object["private"] = share_json(*answer.own);
  json::Array results;
  for (const SearchResult& result : answer.results) {
    results.push_back(result_json(result, answer.explain, answer.own));
  }
  object["results"] = std::move(results);
  object["facets"] = json::Object{{"language", facet_json(answer.facets.languages)},
                                  {"type", facet_json(answer.facets.types)}};
  return json::write(object);
}

std::string to_json(const PortfolioAnswer& answer) {
  json::Object object;
  object["response"] = answer.response;
  json::Array used;
  for (const RepositoryUsed& repository : answer.repositories_used) {
    used.push_back(json::Object{{"name", repository.name},
                                {"relevance_score", number(repository.relevance_score)}});
  }
  object["repositories_used"] = std::move(used);
  object["total_repositories"] = answer.total_repositories;
  object["query"] = answer.query;
  json::Array citations;
  for (const SearchResult& result : answer.citations) {
    citations.push_back(result_json(result, Explain::no, answer.own));
  }
  object["citations"] = std::move(citations);
  object["mode"] = answer.mode;
  object["model"] = answer.model;
  object["generation"] = answer.generation;
  if (answer.own) object["private"] = share_json(*answer.own);
  object["answered_by"] = answer.answered_by;
  return json::write(object);
}

}  // namespace cloudfolio::search
