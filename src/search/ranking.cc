#include "search/ranking.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "retrieval/words.h"
#include "search/exact.h"

namespace cloudfolio::search {
namespace {

bool holds(const Filter& filter, const std::vector<std::string>& values) {
  const auto has = [&](const std::string& wanted) {
    return std::find(values.begin(), values.end(), wanted) != values.end();
  };
  if (std::any_of(filter.none_of.begin(), filter.none_of.end(), has)) return false;
  return filter.any_of.empty() || std::any_of(filter.any_of.begin(), filter.any_of.end(), has);
}

std::vector<std::string> languages_of(const cache::RepositoryEntry& entry) {
  std::vector<std::string> languages;
  for (const auto& [language, unused] : entry.languages) {
    languages.push_back(retrieval::folded(language));
  }
  if (entry.metadata.language) languages.push_back(retrieval::folded(*entry.metadata.language));
  return languages;
}

bool repository_passes(const cache::RepositoryEntry& entry, const ParsedQuery& query) {
  if (!query.repository.empty()) {
    const std::string name = retrieval::folded(entry.name);
    const std::string full = retrieval::folded(entry.metadata.owner.login) + "/" + name;
    if (!holds(query.repository, {name, full})) return false;
  }
  if (!query.language.empty() && !holds(query.language, languages_of(entry))) return false;
  if (!query.topic.empty()) {
    std::vector<std::string> topics;
    for (const std::string& topic : entry.metadata.topics) {
      topics.push_back(retrieval::folded(topic));
    }
    if (!holds(query.topic, topics)) return false;
  }
  return query.type.empty() || holds(query.type, {repository_type(entry)});
}

bool contains(std::string_view text, const std::string& folded_part) {
  return text.find(folded_part) != std::string_view::npos;
}

// An excluded word is matched whole, an excluded phrase as it is.
bool contains_word(const std::string& text, const std::string& word) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || (static_cast<unsigned char>(c) & 0x80);
  };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return true;
    }
  }
  return false;
}

bool chunk_passes(const cache::RepositoryEntry& entry, const Chunk& chunk,
                  const ParsedQuery& query) {
  if (!query.file.empty()) {
    const std::string path = retrieval::folded(chunk.path);
    const auto part_of = [&](const std::string& part) { return contains(path, part); };
    const auto& wanted = query.file.any_of;
    const auto& unwanted = query.file.none_of;
    if (chunk.kind == Chunk::Kind::repository) return false;
    if (std::any_of(unwanted.begin(), unwanted.end(), part_of)) return false;
    if (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), part_of)) return false;
  }
  if (query.phrases.empty() && query.excluded.empty()) return true;
  std::string text = entry.name + "\n" + chunk.heading_text() + "\n" + chunk.text;
  for (const std::string& topic : entry.metadata.topics) text += "\n" + topic;
  text = retrieval::folded(text);
  for (char& c : text) c = static_cast<unsigned char>(c) <= ' ' ? ' ' : c;
  return std::all_of(query.phrases.begin(), query.phrases.end(),
                     [&](const std::string& phrase) { return contains(text, phrase); }) &&
         std::none_of(query.excluded.begin(), query.excluded.end(),
                      [&](const std::string& word) { return contains_word(text, word); });
}

constexpr double kFacetCosineMin = 0.25;

bool better(const Hit& a, const Hit& b) {
  if (a.exact != b.exact) return a.exact > b.exact;
  if (a.score.total != b.score.total) return a.score.total > b.score.total;
  if (a.place.repository != b.place.repository) return a.place.repository < b.place.repository;
  return a.place.chunk < b.place.chunk;
}

// By meaning alone every passage is a hit, however far; facets count what is near.
bool is_evident(const Hit& hit) {
  return hit.lexical_raw > 0 || hit.exact != Exact::none || !(hit.dense_raw < kFacetCosineMin);
}

// One repository's hits, best first, of those that pass: its documents' chunks, the best of them
// lifted by the repository's own; or that one alone.
class RepositoryHits {
 public:
  void add(Hit hit, Chunk::Kind kind) {
    if (kind == Chunk::Kind::repository) {
      whole_ = hit;
    } else {
      parts_.push_back(hit);
    }
  }

  // `exact`: what the query names of the repository as a whole.
  std::vector<Hit> take(std::size_t count_max, Exact exact) {
    std::sort(parts_.begin(), parts_.end(), better);
    if (parts_.empty() && whole_) {
      parts_.push_back(*whole_);
    } else if (!parts_.empty() && whole_) {
      Hit& best = parts_.front();
      best.exact = std::max(best.exact, whole_->exact);
      best.coverage = std::max(best.coverage, whole_->coverage);
      if (whole_->score.total > best.score.total) best.score = whole_->score;
    }
    if (!parts_.empty()) parts_.front().exact = std::max(parts_.front().exact, exact);
    if (parts_.size() > count_max) parts_.resize(count_max);
    return std::move(parts_);
  }

 private:
  std::optional<Hit> whole_;
  std::vector<Hit> parts_;
};

std::vector<FacetCount> sorted_counts(const std::map<std::string, std::size_t>& counts) {
  std::vector<FacetCount> out;
  for (const auto& [value, count] : counts) out.push_back({value, count});
  std::stable_sort(out.begin(), out.end(),
                   [](const FacetCount& a, const FacetCount& b) { return a.count > b.count; });
  return out;
}

Facets facets_of(const Portfolio& portfolio, const std::vector<bool>& has_hit) {
  std::map<std::string, std::size_t> languages;
  std::map<std::string, std::size_t> types;
  for (std::size_t r = 0; r < has_hit.size(); ++r) {
    if (!has_hit[r]) continue;
    const cache::RepositoryEntry& entry = portfolio.bundle().repositories[r];
    if (!entry.languages.empty()) {
      ++languages[entry.languages.front().first];
    } else if (entry.metadata.language) {
      ++languages[*entry.metadata.language];
    }
    ++types[repository_type(entry)];
  }
  return {sorted_counts(languages), sorted_counts(types)};
}

}  // namespace

std::string_view to_string(Exact exact) {
  switch (exact) {
    case Exact::none:
      return "none";
    case Exact::identifier:
      return "identifier";
    case Exact::path:
      return "path";
    case Exact::topic:
      return "topic";
    case Exact::name:
      return "name";
  }
  return "none";
}

std::string repository_type(const cache::RepositoryEntry& entry) {
  const cache::CategorizedTypes& types = entry.categorized_types;
  const std::pair<std::int64_t, std::string_view> counts[] = {{types.programming, "programming"},
                                                              {types.data, "data"},
                                                              {types.markup, "markup"},
                                                              {types.prose, "prose"}};
  const auto* most =
      std::max_element(std::begin(counts), std::end(counts),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
  return most->first > 0 ? std::string(most->second) : "other";
}

Ranking rank(const Portfolio& portfolio, const ParsedQuery& query,
             std::span<const float> query_vector, RankingOptions options) {
  const std::vector<float> lexical = portfolio.lexical().scores(query.text);
  const std::vector<float> coverage = portfolio.lexical().coverage(query.text);
  const std::vector<float> cosines =
      query_vector.empty() ? std::vector<float>() : portfolio.cosines(query_vector);
  const auto scores =
      retrieval::fuse(lexical, coverage, cosines, options.weights.value_or(portfolio.weights()));
  const ExactName name(query.text);

  std::vector<RepositoryHits> by_repository(portfolio.repository_count());
  const auto& repositories = portfolio.bundle().repositories;
  std::vector<Exact> exact_of(repositories.size(), Exact::none);
  std::vector<bool> passes(repositories.size());
  for (std::size_t r = 0; r < repositories.size(); ++r) {
    passes[r] = repository_passes(repositories[r], query);
    if (passes[r]) exact_of[r] = name.of_repository(repositories[r]);
  }
  for (std::size_t i = 0; i < portfolio.places().size(); ++i) {
    const ChunkPlace place = portfolio.places()[i];
    if (!passes[place.repository]) continue;
    const Chunk& chunk = portfolio.chunk(place);
    // A topic or a path that others may have too says which repository is meant, not which passage:
    // the repository's best one alone is put first by it.
    const Exact of_whole = exact_of[place.repository];
    const Exact exact =
        std::max(of_whole == Exact::name ? of_whole : Exact::none, name.of_chunk(chunk));
    const bool found = lexical[i] > 0 || of_whole != Exact::none || exact != Exact::none ||
                       query.text.empty() || (i < cosines.size() && std::isfinite(cosines[i]));
    if (!found || !chunk_passes(repositories[place.repository], chunk, query)) continue;
    Hit hit;
    hit.place = place;
    hit.exact = exact;
    hit.score = scores[i];
    hit.lexical_raw = static_cast<double>(lexical[i]);
    hit.dense_raw = i < cosines.size() ? static_cast<double>(cosines[i]) : std::nan("");
    hit.coverage = static_cast<double>(coverage[i]);
    by_repository[place.repository].add(hit, chunk.kind);
  }

  Ranking ranking;
  std::vector<bool> has_hit(repositories.size());
  for (std::size_t r = 0; r < by_repository.size(); ++r) {
    std::vector<Hit> hits = by_repository[r].take(options.hits_per_repository, exact_of[r]);
    has_hit[r] = std::any_of(hits.begin(), hits.end(), is_evident);
    ranking.hits.insert(ranking.hits.end(), hits.begin(), hits.end());
  }
  ranking.facets = facets_of(portfolio, has_hit);
  std::sort(ranking.hits.begin(), ranking.hits.end(), better);
  if (ranking.hits.size() > options.limit) ranking.hits.resize(options.limit);
  return ranking;
}

}  // namespace cloudfolio::search
