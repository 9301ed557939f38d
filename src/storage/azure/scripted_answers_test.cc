// Answers that the emulator never gives and Azure does: empty pages, byte order marks, encoded
// names, bodies that say nothing.

#include "http/testing/server_fixture.h"
#include "storage/azure/azure.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;

class ScriptedAnswers : public http::ServerFixture {
 protected:
  void answer_with(http::ServerHandler handler) {
    serve({}, std::move(handler));
    Account account;
    account.name = "octo";
    account.blob_url = account.queue_url = account.table_url = url("/octo");
    account.credential = SharedKey{Secret("a2V5")};
    Options options{.account = account};
    options.retries = {.attempts_max = 2, .pause_first = 1ms};
    storage = *azure::open(options, clock);
    blobs = *storage->blobs("github-cache");
    queue = *storage->queue("jobs");
    table = *storage->table("usage");
  }

  const Context ctx;
  std::unique_ptr<Storage> storage;
  BlobStore* blobs = nullptr;
  Queue* queue = nullptr;
  Table* table = nullptr;
};

std::string blob_xml(const std::string& name) {
  return "<Blob>" + name +
         "<Properties><Last-Modified>Sun, 22 Nov 2026 05:12:44 GMT</Last-Modified><Etag>0x1</Etag>"
         "<Content-Length>5</Content-Length></Properties></Blob>";
}

std::string page_xml(const std::string& blobs, const std::string& marker) {
  return "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
         blobs + "</Blobs><NextMarker>" + marker + "</NextMarker></EnumerationResults>";
}

TEST_F(ScriptedAnswers, an_empty_page_of_blobs_is_not_the_end) {
  std::map<std::string, std::string> pages = {
      {"", page_xml("", "2!96!opaque+/=&")},
      {"2!96!opaque+/=&", page_xml(blob_xml("<Name>a</Name>"), "next")},
      {"next", page_xml("", "")}};
  answer_with([&](http::Request& request) {
    return http::Response{.body = pages.at(std::string(request.find_query("marker").value_or("")))};
  });
  std::vector<std::string> keys;
  ListOptions options;
  int page_count = 0;
  do {
    const auto page = blobs->list(ctx, options);
    ASSERT_TRUE(page) << page.error().message();
    for (const auto& entry : page->entries) keys.push_back(entry.key.str());
    options.continuation = page->continuation;
    ++page_count;
  } while (!options.continuation.empty());
  EXPECT_EQ(page_count, 3);
  EXPECT_EQ(keys, std::vector<std::string>{"a"});
}

TEST_F(ScriptedAnswers, an_empty_page_of_entities_is_not_the_end) {
  answer_with([&](http::Request& request) {
    const auto partition = request.find_query("NextPartitionKey");
    http::Response response{.body = R"({"value":[]})"};
    if (!partition) {
      response.headers.set("x-ms-continuation-NextPartitionKey", "1!8!cA==");
    } else if (*partition == "1!8!cA==" && !request.find_query("NextRowKey")) {
      response.headers.set("x-ms-continuation-NextPartitionKey", "p2");
      response.headers.set("x-ms-continuation-NextRowKey", "r&2");
    } else {
      EXPECT_EQ(request.find_query("NextRowKey"), "r&2");
      EXPECT_EQ(request.find_query("$filter"), "PartitionKey eq 'it''s'");
      response.body = R"({"value":[{"odata.etag":"W/\"x\"","PartitionKey":"it's","RowKey":"r",)"
                      R"("Old":7,"Id@odata.type":"Edm.Guid","Id":"f81d4fae"}]})";
    }
    return response;
  });
  TableQuery query{.partition = "it's"};
  std::vector<Entity> found;
  do {
    const auto page = table->query(ctx, query);
    ASSERT_TRUE(page) << page.error().message();
    found.insert(found.end(), page->entities.begin(), page->entities.end());
    query.continuation = page->continuation;
  } while (!query.continuation.empty());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].values, (Values{{"Old", std::int64_t(7)}, {"Id", std::string("f81d4fae")}}));
}

TEST_F(ScriptedAnswers, names_that_xml_cannot_hold_arrive_encoded) {
  answer_with([&](http::Request&) {
    return http::Response{
        .body = page_xml(blob_xml("<Name Encoded=\"true\">a%EF%BF%BE%25</Name>"), "")};
  });
  const auto page = blobs->list(ctx, {});
  ASSERT_TRUE(page && page->entries.size() == 1);
  EXPECT_EQ(page->entries[0].key.str(), "a\xef\xbf\xbe%");
}

TEST_F(ScriptedAnswers, errors_become_codes_whatever_their_body_is) {
  struct Case {
    int status;
    const char* body;
    Code code;
  };
  const Case cases[] = {
      {401, "<Error><Code>NoAuthenticationInformation</Code></Error>", Code::unauthenticated},
      {403, "<Error><Code>AuthenticationFailed</Code><Message>m\nx</Message></Error>",
       Code::permission_denied},
      {403, "", Code::permission_denied},
      {400, "not <xml", Code::invalid_argument},
      {400, R"({"odata.error":{"code":"InvalidInput"}})", Code::invalid_argument},
      {404, "{", Code::not_found},
      {503, "", Code::unavailable},
      {429, "", Code::rate_limited},
      {302, "", Code::internal}};
  for (const Case& one : cases) {
    answer_with(
        [&](http::Request&) { return http::Response{.status = one.status, .body = one.body}; });
    EXPECT_EQ(blobs->get(ctx, BlobKey("k")).error().code(), one.code) << one.status << one.body;
    EXPECT_EQ(table->get(ctx, {"p", "r"}).error().code(), one.code) << one.status << one.body;
    server.reset();
  }
}

TEST_F(ScriptedAnswers, answers_that_make_no_sense_are_corrupt) {
  for (const char* body : {"", "<html>", "{\"value\":7}", "[]"}) {
    answer_with([&](http::Request&) { return http::Response{.body = body}; });
    EXPECT_EQ(blobs->get(ctx, BlobKey("k")).error().code(), Code::corrupt) << body;
    EXPECT_EQ(table->query(ctx, {}).error().code(), Code::corrupt) << body;
    EXPECT_EQ(table->batch(ctx, {InsertAction{{{"p", "r"}, {}}}}).error().code(), Code::corrupt);
    server.reset();
  }
  answer_with(
      [&](http::Request&) { return http::Response{.body = "<QueueMessagesList><QueueMessage/>"}; });
  EXPECT_EQ(queue->receive(ctx, {}).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace cloudfolio::storage::azure
