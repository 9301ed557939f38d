#include "evaluation/evaluation.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "evaluation/original_scorer.h"
#include "evaluation/withheld.h"
#include "retrieval/measures.h"
#include "retrieval/words.h"
#include "search/portfolio.h"
#include "search/text_embedder.h"

namespace cloudfolio::evaluation {
namespace {

using search::Chunk;
using search::Portfolio;

constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);

// What is ranked: repositories or sections, and which of them each chunk belongs to.
struct Groups {
  std::vector<std::size_t> of_chunk;  // By place; kNoGroup: in none.
  std::size_t count = 0;
  // By question: the groups that answer it.
  std::vector<std::vector<std::size_t>> relevant;
};

struct Section {
  std::size_t repository = 0;
  std::string path;
  std::string heading;  // Folded.
};

bool fits(const Section& section, const std::string& repository, const Relevant& wanted) {
  return retrieval::folded(repository) == retrieval::folded(wanted.repository) &&
         (wanted.path.empty() || section.path == wanted.path) &&
         (wanted.heading.empty() || section.heading == retrieval::folded(wanted.heading));
}

// `chunks` with their headings.
Groups groups_of(const QuerySet& set, const cache::Bundle& bundle,
                 const std::vector<std::vector<Chunk>>& chunks) {
  Groups groups;
  std::vector<Section> sections;
  for (std::size_t r = 0; r < chunks.size(); ++r) {
    const Chunk* before = nullptr;
    if (set.level == Level::repository) sections.push_back({r, {}, {}});
    for (const Chunk& chunk : chunks[r]) {
      if (set.level == Level::repository) {
        groups.of_chunk.push_back(r);
        continue;
      }
      if (chunk.kind == Chunk::Kind::repository) {
        groups.of_chunk.push_back(kNoGroup);
        continue;
      }
      const bool same = before != nullptr && before->path == chunk.path &&
                        before->heading_path == chunk.heading_path;
      before = &chunk;
      if (!same) {
        const auto& path = chunk.heading_path;
        sections.push_back(
            {r, chunk.path, path.empty() ? std::string() : retrieval::folded(path.back())});
      }
      groups.of_chunk.push_back(sections.size() - 1);
    }
  }
  groups.count = sections.size();
  for (const Question& question : set.questions) {
    groups.relevant.emplace_back();
    for (std::size_t s = 0; s < sections.size(); ++s) {
      const std::string& name = bundle.repositories[sections[s].repository].name;
      const bool answers =
          std::any_of(question.relevant.begin(), question.relevant.end(),
                      [&](const Relevant& wanted) { return fits(sections[s], name, wanted); });
      if (answers) groups.relevant.back().push_back(s);
    }
  }
  return groups;
}

std::vector<float> best_of_groups(const Groups& groups, const std::vector<float>& chunk_scores) {
  std::vector<float> best(groups.count, -std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < chunk_scores.size(); ++i) {
    if (groups.of_chunk[i] == kNoGroup) continue;
    float& group = best[groups.of_chunk[i]];
    group = std::max(group, chunk_scores[i]);
  }
  return best;
}

QuestionScore scored(const std::vector<float>& group_scores,
                     const std::vector<std::size_t>& relevant) {
  std::vector<std::size_t> ranks;
  for (const std::size_t group : relevant) ranks.push_back(retrieval::rank_of(group, group_scores));
  return score_of(std::move(ranks));
}

// The groups in the order in which search's hits meet them.
QuestionScore scored(const search::Ranking& ranking, const Groups& groups,
                     const std::vector<std::size_t>& first_place,
                     const std::vector<std::size_t>& relevant) {
  std::vector<std::size_t> rank_of_group(groups.count, 0);
  std::size_t met = 0;
  for (const search::Hit& hit : ranking.hits) {
    const std::size_t place = first_place[hit.place.repository] + hit.place.chunk;
    const std::size_t group = groups.of_chunk[place];
    if (group == kNoGroup || rank_of_group[group] != 0) continue;
    rank_of_group[group] = ++met;
  }
  std::vector<std::size_t> ranks;
  for (const std::size_t group : relevant) ranks.push_back(rank_of_group[group]);
  return score_of(std::move(ranks));
}

// One portfolio as one model sees it.
class View {
 public:
  static Result<View> make(const cache::Publication& publication,
                           const std::vector<std::vector<Chunk>>& chunks,
                           const search::TextEmbedder* embedder, const QuerySet& set) {
    View view;
    if (embedder == nullptr) {
      view.portfolio_ = std::make_unique<Portfolio>(publication, nullptr, chunks);
      return view;
    }
    auto vectors =
        std::make_shared<search::VectorIndex>(embedder->fingerprint(), embedder->dimension());
    std::vector<std::string> texts;
    std::vector<search::ChunkHash> hashes;
    for (std::size_t r = 0; r < chunks.size(); ++r) {
      for (const Chunk& chunk : chunks[r]) {
        texts.push_back(search::embedded_text(publication.bundle->repositories[r].name, chunk));
        hashes.push_back(chunk.hash);
      }
    }
    CF_TRY(const auto embedded, embedder->embed_texts(texts));
    for (std::size_t i = 0; i < hashes.size(); ++i) vectors->add(hashes[i], embedded[i]);
    view.portfolio_ = std::make_unique<Portfolio>(publication, std::move(vectors), chunks);
    texts.clear();
    for (const Question& question : set.questions) texts.push_back(question.text);
    CF_TRY(view.questions_, embedder->embed_texts(texts));
    return view;
  }

  const Portfolio& portfolio() const { return *portfolio_; }
  const std::vector<float>& question(std::size_t q) const { return questions_[q]; }

 private:
  std::unique_ptr<Portfolio> portfolio_;
  std::vector<std::vector<float>> questions_;
};

class Asking {
 public:
  Asking(const QuerySet& set, Groups groups, const EvaluationOptions& options)
      : set_(set), groups_(std::move(groups)), options_(options) {}

  const Groups& groups() const { return groups_; }

  template <class Score>
  RankingReport ask(std::string name, Score score) const {
    RankingReport report;
    report.name = std::move(name);
    for (std::size_t q = 0; q < set_.questions.size(); ++q) {
      if (!groups_.relevant[q].empty()) report.scores.push_back(score(q));
    }
    report.measures = measures_of(report.scores, options_.resampling);
    return report;
  }

  RankingReport words(const Portfolio& portfolio) const {
    return ask("bm25", [&](std::size_t q) {
      const auto scores = portfolio.lexical().scores(set_.questions[q].text);
      return scored(best_of_groups(groups_, scores), groups_.relevant[q]);
    });
  }
  RankingReport meaning(std::string name, const View& view) const {
    return ask(std::move(name), [&](std::size_t q) {
      const auto scores = view.portfolio().cosines(view.question(q));
      return scored(best_of_groups(groups_, scores), groups_.relevant[q]);
    });
  }
  RankingReport search(std::string name, const View& view, retrieval::FusionWeights weights) const {
    search::RankingOptions ranking_options;
    ranking_options.limit = view.portfolio().places().size();
    // Of sections every one is ranked, so that a section is found however many stand before it.
    ranking_options.hits_per_repository =
        set_.level == Level::repository ? 1 : view.portfolio().places().size();
    ranking_options.weights = weights;
    std::vector<std::size_t> first_place;
    std::size_t place = 0;
    for (std::size_t r = 0; r < view.portfolio().repository_count(); ++r) {
      first_place.push_back(place);
      place += view.portfolio().chunks(r).size();
    }
    return ask(std::move(name), [&](std::size_t q) {
      search::ParsedQuery query;
      query.text = set_.questions[q].text;
      const auto ranking = search::rank(view.portfolio(), query, view.question(q), ranking_options);
      return scored(ranking, groups_, first_place, groups_.relevant[q]);
    });
  }

 private:
  const QuerySet& set_;
  const Groups groups_;
  const EvaluationOptions& options_;
};

}  // namespace

const RankingReport* EvaluationReport::find(std::string_view ranking) const {
  for (const RankingReport& one : rankings) {
    if (one.name == ranking) return &one;
  }
  return nullptr;
}

Result<EvaluationReport> evaluate(const QuerySet& set, const cache::Publication& publication,
                                  const Models& models, const EvaluationOptions& options) {
  cache::Publication seen = publication;
  seen.bundle = std::make_shared<const cache::Bundle>(without(*publication.bundle, set.withheld));
  std::vector<std::vector<Chunk>> named;
  for (const auto& entry : seen.bundle->repositories) named.push_back(search::chunks_of(entry));
  const auto chunks = rankable_chunks(*seen.bundle, set.withheld);
  const Asking asking(set, groups_of(set, *seen.bundle, named), options);

  EvaluationReport report;
  report.name = set.name;
  report.login = set.login;
  report.level = set.level;
  report.candidate_count = asking.groups().count;
  for (std::size_t q = 0; q < set.questions.size(); ++q) {
    if (asking.groups().relevant[q].empty()) {
      report.unanswerable.push_back(set.questions[q].text);
    }
  }
  report.question_count = set.questions.size() - report.unanswerable.size();
  if (report.question_count == 0) {
    return Error(Code::invalid_argument,
                 "this portfolio has nothing that the query set's questions ask for");
  }
  CF_TRY(const View base, View::make(seen, chunks, models.base, set));
  report.rankings.push_back(asking.words(base.portfolio()));
  if (models.base != nullptr) {
    report.rankings.push_back(asking.meaning("base", base));
    report.rankings.push_back(asking.search("hybrid_base", base, search::kFusionWeights));
  }
  if (models.tuned != nullptr) {
    CF_TRY(const View tuned, View::make(seen, chunks, models.tuned, set));
    report.rankings.push_back(asking.meaning("tuned", tuned));
    report.rankings.push_back(asking.search("hybrid", tuned, options.weights));
  } else if (models.base != nullptr) {
    report.rankings.push_back(report.rankings.back());
    report.rankings.back().name = "hybrid";
  }
  if (set.level == Level::repository && models.base != nullptr) {
    CF_TRY(const auto original, OriginalScorer::fit(*seen.bundle, *models.base));
    std::vector<std::vector<float>> scores;
    for (std::size_t q = 0; q < set.questions.size(); ++q) {
      scores.push_back(original.scores(set.questions[q].text, base.question(q)));
    }
    report.rankings.push_back(asking.ask(
        "original", [&](std::size_t q) { return scored(scores[q], asking.groups().relevant[q]); }));
  }
  return report;
}

}  // namespace cloudfolio::evaluation
