// The same over real repositories, where the corpus is there: GraphQL and REST of one state must
// agree, owner by owner, and a cold read must stay within its requests.

#include <iostream>

#include "github/testing/simulated_github.h"

namespace cloudfolio::github {
namespace {

class CorpusTest : public SimulatedGithub {
 protected:
  void SetUp() override {
    const auto corpus = shared_corpus();
    if (corpus.empty())
      GTEST_SKIP() << "the corpus is missing: set CLOUDFOLIO_CORPUS, or put it at ../shared/corpus";
    simulator::Options options;
    options.corpus = corpus;
    serve(std::move(options));
    auto opened = http::open_client({}, clock);
    ASSERT_TRUE(opened.ok());
    http = *std::move(opened);
  }
};

TEST_F(CorpusTest, graphql_and_rest_of_one_state_agree_and_a_cold_read_is_cheap) {
  for (const std::string& owner : github->owners()) {
    client = open_client();
    github->reset_counters();
    const auto probe = client->probe(ctx, owner);
    ASSERT_TRUE(probe.ok()) << owner;
    std::vector<RepositoryRef> refs;
    for (const Repository& repository : probe->page) refs.push_back(ref_of(repository));
    const auto by_graph = client->fetch_details(ctx, refs, Transport::graphql);
    ASSERT_TRUE(by_graph.ok()) << owner << ": " << by_graph.error().message();
    const auto requests = github->counters().requests_count();
    std::cout << owner << ": " << refs.size() << " repositories, " << requests << " requests, "
              << github->counters().points << " points\n";
    if (refs.size() <= 10) {
      EXPECT_LE(requests, 4) << owner;
    }
    const auto by_rest = client->fetch_details(ctx, refs, Transport::rest);
    ASSERT_TRUE(by_rest.ok()) << owner << ": " << by_rest.error().message();
    for (std::size_t at = 0; at < refs.size(); ++at) {
      const Details* one = by_graph->repositories[at].details();
      const Details* other = by_rest->repositories[at].details();
      ASSERT_TRUE(one && other) << owner << "/" << refs[at].name;
      EXPECT_TRUE(*one == *other) << owner << "/" << refs[at].name;
    }
  }
}

}  // namespace
}  // namespace cloudfolio::github
