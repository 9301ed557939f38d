#include "search/ranking.h"

#include <gtest/gtest.h>

#include "search/exact.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

using testing::repository;
using testing::WordEmbedder;

class Folio {
 public:
  explicit Folio(std::vector<cache::RepositoryEntry> repositories,
                 std::map<std::string, std::string> meanings = {})
      : embedder("base:1", std::move(meanings)) {
    auto bundle = std::make_shared<cache::Bundle>();
    bundle->repositories = std::move(repositories);
    auto vectors = std::make_shared<VectorIndex>("base:1", WordEmbedder::kDimension);
    for (const auto& entry : bundle->repositories) {
      for (const Chunk& chunk : chunks_of(entry)) {
        vectors->add(chunk.hash, *embedder.embed_text(embedded_text(entry.name, chunk)));
      }
    }
    cache::Publication publication;
    publication.bundle = bundle;
    folio = std::make_unique<Portfolio>(std::move(publication), vectors);
  }

  Ranking ask(const std::string& text, std::size_t limit = 10, std::size_t hits = 1,
              bool by_meaning = true) const {
    const auto query = parse_query(text);
    EXPECT_TRUE(query.ok()) << text;
    const auto vector = *embedder.embed_text(query->text);
    RankingOptions options;
    options.limit = limit;
    options.hits_per_repository = hits;
    return rank(*folio, *query, by_meaning ? vector : std::vector<float>(), options);
  }
  std::vector<std::string> names(const std::string& text, bool by_meaning = true) const {
    std::vector<std::string> out;
    for (const Hit& hit : ask(text, 10, 1, by_meaning).hits) {
      out.push_back(folio->bundle().repositories[hit.place.repository].name);
    }
    return out;
  }

  WordEmbedder embedder;
  std::unique_ptr<Portfolio> folio;
};

std::vector<cache::RepositoryEntry> sample() {
  return {
      repository("csv-kit", "# csv-kit\nTables and more tables. walkdir walkdir walkdir walkdir.\n",
                 {"tables", "data"}, "Python"),
      repository("toml",
                 "# toml\nReads configuration.\n## Parsing\nCalls parse_document for each file.\n",
                 {"configuration"}),
      repository("walkdir", "# walkdir\nVisits folders.\n## Speed\nIt is quick.\n", {"filesystem"}),
      repository("zeta", "", {"physics"}, "C++")};
}

TEST(ranking, an_exact_name_comes_first_whatever_the_scores_say) {
  const Folio folio(sample());
  EXPECT_EQ(folio.names("walkdir")[0], "walkdir");
  EXPECT_EQ(folio.names("Walkdir", false)[0], "walkdir");
  EXPECT_EQ(folio.names("csv kit")[0], "csv-kit");
  EXPECT_EQ(folio.names("CsvKit")[0], "csv-kit");
  EXPECT_EQ(folio.names("octocat/toml")[0], "toml");
  EXPECT_EQ(folio.names("\"walkdir\"")[0], "walkdir");
}

TEST(ranking, topics_paths_and_identifiers_come_first_too) {
  const Folio folio(sample());
  EXPECT_EQ(folio.names("physics")[0], "zeta");
  EXPECT_EQ(folio.names("src/walkdir.rs")[0], "walkdir");
  EXPECT_EQ(folio.names("toml.rs")[0], "toml");
  EXPECT_EQ(folio.names("parse_document")[0], "toml");
  EXPECT_EQ(folio.names("parse_document()")[0], "toml");
  const Hit best = folio.ask("parse_document").hits[0];
  EXPECT_EQ(best.exact, Exact::identifier);
  EXPECT_EQ(folio.folio->chunk(best.place).heading_text(), "toml > Parsing");
}

TEST(ranking, identifiers_are_told_from_words) {
  for (const char* name : {"parse_document", "parseDocument", "std::vector", "a/b.c", "--flag",
                           "utf8", "get()", "aho-corasick"}) {
    EXPECT_TRUE(looks_like_identifier(name)) << name;
  }
  for (const char* word : {"parser", "Parser", "two words", "x", "end.", "?"}) {
    EXPECT_FALSE(looks_like_identifier(word)) << word;
  }
}

TEST(ranking, meaning_finds_what_no_word_finds) {
  const Folio folio(sample(), {{"fast", "quick"}, {"directory", "folder"}});
  EXPECT_EQ(folio.names("fast directories walk").size(), 4U);
  const Folio other(sample(), {{"swift", "quick"}});
  EXPECT_EQ(other.names("swift")[0], "walkdir");
  EXPECT_TRUE(other.names("swift", false).empty());
}

TEST(ranking, the_first_k_are_a_prefix_of_the_first_n) {
  std::vector<cache::RepositoryEntry> many;
  for (int i = 0; i < 40; ++i) {
    many.push_back(repository("r" + std::to_string(i),
                              "# t\nwords " + std::string(static_cast<std::size_t>(i % 7), 'w') +
                                  " common text\n## part\nmore common\n"));
  }
  const Folio folio(std::move(many));
  for (const std::size_t hits : {1U, 3U}) {
    const auto all = folio.ask("common words text", 100, hits).hits;
    for (const std::size_t limit : {1U, 5U, 17U, 40U}) {
      const auto some = folio.ask("common words text", limit, hits).hits;
      ASSERT_EQ(some.size(), limit);
      for (std::size_t i = 0; i < limit; ++i) {
        EXPECT_EQ(some[i].place.repository, all[i].place.repository);
        EXPECT_EQ(some[i].place.chunk, all[i].place.chunk);
      }
    }
  }
}

TEST(ranking, a_repository_is_hit_once_unless_more_is_asked) {
  const Folio folio(sample());
  EXPECT_EQ(folio.ask("toml", 10, 1).hits.size(), 4U);
  std::size_t of_toml = 0;
  for (const Hit& hit : folio.ask("toml", 10, 5).hits) of_toml += hit.place.repository == 1 ? 1 : 0;
  EXPECT_EQ(of_toml, 2U);
}

TEST(ranking, filters_leave_hits_out_and_change_no_score) {
  const Folio folio(sample());
  const auto all = folio.ask("configuration files").hits;
  const auto some = folio.ask("configuration files -lang:python").hits;
  ASSERT_EQ(some.size(), all.size() - 1);
  for (const Hit& hit : some) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const Hit& other) {
      return other.place.repository == hit.place.repository;
    });
    EXPECT_DOUBLE_EQ(same->score.total, hit.score.total);
  }
  EXPECT_EQ(folio.names("tables lang:python"), std::vector<std::string>{"csv-kit"});
  EXPECT_EQ(folio.names("topic:physics"), std::vector<std::string>{"zeta"});
  EXPECT_EQ(folio.names("quick repo:walkdir"), std::vector<std::string>{"walkdir"});
  EXPECT_EQ(folio.names("lang:c++"), std::vector<std::string>{"zeta"});
  EXPECT_TRUE(folio.names("type:prose quick").empty());
  EXPECT_EQ(folio.names("\"visits folders\""), std::vector<std::string>{"walkdir"});
  EXPECT_EQ(folio.names("file:README.md -toml -csv"), std::vector<std::string>{"walkdir"});
}

TEST(ranking, a_repository_without_documents_is_found_as_a_whole) {
  const Folio folio(sample());
  const Hit hit = folio.ask("physics", 1, 1, false).hits[0];
  EXPECT_EQ(folio.folio->chunk(hit.place).kind, Chunk::Kind::repository);
}

TEST(ranking, facets_count_repositories_with_evidence) {
  const Folio folio(sample());
  const Ranking ranking = folio.ask("quick configuration", 1, 1, false);
  ASSERT_EQ(ranking.facets.languages.size(), 1U);
  EXPECT_EQ(ranking.facets.languages[0].value, "Rust");
  EXPECT_EQ(ranking.facets.languages[0].count, 2U);
  EXPECT_EQ(ranking.facets.types[0].value, "programming");
}

TEST(ranking, an_empty_portfolio_gives_nothing) {
  const Folio folio({});
  EXPECT_TRUE(folio.ask("anything").hits.empty());
}

}  // namespace
}  // namespace cloudfolio::search
