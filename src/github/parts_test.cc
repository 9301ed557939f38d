// The client's parts that need no server.

#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "github/api.h"
#include "github/batch_size.h"
#include "github/documents.h"
#include "github/graph_node.h"
#include "github/lists.h"
#include "github/queries.h"
#include "github/webhook.h"

namespace cloudfolio::github {
namespace {

using namespace std::chrono_literals;

// The vector of GitHub's own documentation (docs.github.com/webhooks, "Validating webhook
// deliveries").
TEST(Webhook, only_the_secret_and_the_very_bytes_match) {
  const Secret secret("It's a Secret to Everybody");
  const std::string good =
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  EXPECT_TRUE(signature_matches(secret, "Hello, World!", good));
  EXPECT_FALSE(signature_matches(secret, "Hello, World", good));
  EXPECT_FALSE(signature_matches(Secret("another"), "Hello, World!", good));
  EXPECT_FALSE(signature_matches(Secret(), "Hello, World!", good));
  EXPECT_FALSE(signature_matches(secret, "Hello, World!", good.substr(7)));
  EXPECT_FALSE(signature_matches(secret, "Hello, World!", ""));
}

TEST(Endpoints, graphql_follows_from_the_rest_address) {
  EXPECT_EQ(endpoints_of("https://api.github.com")->graphql, "https://api.github.com/graphql");
  EXPECT_EQ(endpoints_of("https://ghe.example.org/api/v3/")->graphql,
            "https://ghe.example.org/api/graphql");
  EXPECT_EQ(endpoints_of("https://ghe.example.org/api/v3/")->rest,
            "https://ghe.example.org/api/v3");
  EXPECT_EQ(endpoints_of("http://127.0.0.1:4001")->graphql, "http://127.0.0.1:4001/graphql");
}

TEST(BatchSize, halves_when_it_fails_and_remembers_for_a_day) {
  ManualClock clock;
  BatchSize size(25, 100, clock);
  size.failed(25);
  EXPECT_EQ(size.size(), 12u);
  size.failed(12);
  EXPECT_EQ(size.size(), 6u);
  for (int good = 0; good < 60; ++good) size.answered(size.size(), 1s);
  EXPECT_EQ(size.size(), 11u) << "a size that failed is not tried again";
  clock.advance(25h);
  for (int good = 0; good < 60; ++good) size.answered(size.size(), 1s);
  EXPECT_GT(size.size(), 25u);
}

TEST(BatchSize, shrinks_when_answers_take_long_and_never_below_one) {
  ManualClock clock;
  BatchSize size(25, 100, clock);
  size.answered(25, 7s);
  EXPECT_EQ(size.size(), 18u);
  for (int bad = 0; bad < 20; ++bad) size.failed(size.size());
  EXPECT_EQ(size.size(), 1u);
}

TEST(Links, lead_within_the_repository_or_nowhere) {
  EXPECT_EQ(resolve_link("README.md", "docs/README.md"), "docs/README.md");
  EXPECT_EQ(resolve_link("docs/README.md", "../src/./README.md"), "src/README.md");
  EXPECT_FALSE(resolve_link("README.md", "../outside.md").has_value());
  EXPECT_FALSE(resolve_link("README.md", "/etc/passwd").has_value());
  EXPECT_FALSE(resolve_link("README.md", "").has_value());
}

TEST(Text, is_utf8_without_nul) {
  EXPECT_TRUE(is_text("plain"));
  EXPECT_TRUE(is_text("ä€😀"));
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_text("\xff\xfe"));
  EXPECT_FALSE(is_text("\xc0\xaf"));
  EXPECT_FALSE(is_text("\xed\xa0\x80"));
  EXPECT_FALSE(is_text("\xe2\x82"));
}

TEST(Text, is_cut_between_characters) {
  std::string text(kDocumentTextBytesMax - 1, 'a');
  text += "€";
  text.resize(kDocumentBytesMax + 1, 'b');
  Document document;
  set_text(document, text, false);
  EXPECT_EQ(document.state, Document::State::truncated);
  EXPECT_EQ(document.text.size(), kDocumentTextBytesMax - 1);
}

TEST(NextPage, is_read_from_the_link_header) {
  http::Headers headers;
  EXPECT_EQ(next_page(headers), "");
  headers.set("Link",
              "<https://api.github.com/user/repos?page=1>; rel=\"prev\", "
              "<https://api.github.com/user/repos?page=3>; rel=\"next\"");
  EXPECT_EQ(next_page(headers), "https://api.github.com/user/repos?page=3");
}

// One node of a detail answer, with a tree of one README, changed by the test.
struct NodeAnswer {
  json::Object node = json::parse_object(R"({
    "__typename": "Repository", "id": "R_1", "databaseId": 1, "name": "n",
    "owner": {"__typename": "User", "id": "U_1", "login": "o"},
    "defaultBranchRef": {"name": "main", "target": {"oid": "h", "tree": {"oid": "t", "entries": [
      {"name": "README.md", "mode": 33188, "type": "blob", "oid": "b1", "size": 3}]}}},
    "languages": {"edges": []},
    "readme": {"__typename": "Blob", "oid": "b1", "byteSize": 3, "isBinary": false,
               "isTruncated": false, "text": "abc"},
    "context": null, "skills_index": null, "architecture": null})")
                          .value_or({});
  GraphAnswer answer;
  NodeReading read() const { return read_detail_node(answer, 0, node, "https://api.github.com"); }
};

TEST(DetailNode, that_is_whole_becomes_a_draft) {
  const NodeAnswer whole;
  const NodeReading reading = whole.read();
  const Draft* draft = std::get_if<Draft>(&reading);
  ASSERT_NE(draft, nullptr);
  EXPECT_EQ(draft->details.document(DocumentKind::readme).text, "abc");
  EXPECT_EQ(draft->details.document(DocumentKind::context).state, Document::State::absent);
}

TEST(DetailNode, torn_by_a_push_is_asked_again) {
  NodeAnswer torn;
  torn.node["readme"].as_object()["oid"] = "b2";
  EXPECT_TRUE(std::holds_alternative<AskAgain>(torn.read()));
  NodeAnswer vanished;
  vanished.node["readme"] = nullptr;
  EXPECT_TRUE(std::holds_alternative<AskAgain>(vanished.read()));
  NodeAnswer appeared;
  appeared.node["context"] = appeared.node["readme"];
  EXPECT_TRUE(std::holds_alternative<AskAgain>(appeared.read()));
}

TEST(DetailNode, whose_text_failed_is_read_by_rest_and_whose_nulls_ran_out_is_asked_smaller) {
  NodeAnswer failed;
  failed.node["readme"] = nullptr;
  failed.answer.errors.push_back({"", "Something odd", {"nodes", "0", "readme", "text"}});
  const NodeReading reading = failed.read();
  const Draft* draft = std::get_if<Draft>(&reading);
  ASSERT_NE(draft, nullptr);
  EXPECT_EQ(draft->raw_blobs.size(), 1u);
  NodeAnswer exhausted;
  exhausted.node["context"] = nullptr;
  exhausted.answer.errors.push_back({"RESOURCE_LIMITS_EXCEEDED", "", {"nodes", "0", "context"}});
  EXPECT_TRUE(std::holds_alternative<AskSmaller>(exhausted.read()));
}

TEST(DetailNode, null_is_gone_only_where_no_error_explains_it) {
  GraphAnswer certain;
  const NodeReading gone = read_detail_node(certain, 0, nullptr, "");
  EXPECT_TRUE(std::holds_alternative<Gone>(std::get<Outcome>(gone)));
  GraphAnswer whole_failed;
  whole_failed.errors.push_back({"", "Something went wrong", {}});
  EXPECT_TRUE(std::holds_alternative<AskAgain>(read_detail_node(whole_failed, 0, nullptr, "")));
  GraphAnswer above;
  above.errors.push_back({"RESOURCE_LIMITS_EXCEEDED", "", {"nodes"}});
  EXPECT_TRUE(std::holds_alternative<AskSmaller>(read_detail_node(above, 0, nullptr, "")));
}

TEST(FollowUp, asks_objects_of_several_repositories_in_one_document) {
  const std::vector<FollowUpRepository> repositories{{"R_1", {"t1", "t2"}, {}},
                                                     {"R_2", {}, {"b1"}}};
  const std::string text = follow_up_query(repositories);
  EXPECT_NE(text.find("query FollowUp($r0: ID!, $r0t0: GitObjectID!, $r0t1: GitObjectID!, "
                      "$r1: ID!, $r1b0: GitObjectID!) {"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("r1: node(id: $r1) { ... on Repository { id b0: object(oid: $r1b0) "
                      "{ ...FileText } } }"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace cloudfolio::github
