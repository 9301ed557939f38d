#include "http/wire.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "http/json_response.h"
#include "json/json.h"

namespace cloudfolio::http {
namespace {

TEST(Wire, dates_are_imf_fixdates) {
  EXPECT_EQ(http_date(*time_from("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(*time_from("2026-01-01T00:00:00.999Z")), "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST(Wire, a_head_has_its_length_and_no_header_can_be_smuggled_in) {
  Response response{
      200, {{"X-A", "one\r\nX-Evil: two"}, {"content-length", "999"}, {"Connection", "x"}}, "body"};
  ResponseFrame frame;
  frame.keep_alive = KeepAlive::no;
  frame.date = *time_from("2026-01-01T00:00:00Z");
  EXPECT_EQ(response_head(response, frame),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: close\r\n"
            "Content-Length: 4\r\nX-A: one  X-Evil: two\r\n\r\n");
  EXPECT_EQ(response_head({204, {}, {}}, frame).find("Content-Length"), std::string::npos);
}

TEST(Wire, a_request_id_is_the_callers_if_it_is_well_formed) {
  SharedRandom random(Random(1));
  EXPECT_EQ(request_id_from("abc-1.2_3:4", random), "abc-1.2_3:4");
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string(129, 'a')}) {
    const std::string fresh = request_id_from(bad, random);
    EXPECT_EQ(fresh.size(), 16u);
    EXPECT_NE(fresh, bad);
  }
}

TEST(Wire, a_target_is_a_path_an_absolute_url_or_a_star) {
  Request request;
  ASSERT_TRUE(read_target("/a%20b?x=1&y=z#f", request));
  EXPECT_EQ(request.path, "/a%20b");
  EXPECT_EQ(request.find_query("y"), "z");
  Request absolute;
  ASSERT_TRUE(read_target("http://example.test/p?q=1", absolute));
  EXPECT_EQ(absolute.path, "/p");
  EXPECT_EQ(absolute.find_query("q"), "1");
  EXPECT_TRUE(read_target("*", request));
  EXPECT_FALSE(read_target("example.test:443", request));
  EXPECT_FALSE(read_target("", request));
}

TEST(JsonResponse, has_two_spaces_and_the_originals_content_type) {
  const Response response = json_response(200, json::Object{{"a", 1}});
  EXPECT_EQ(response.body.view(), "{\n  \"a\": 1\n}");
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(error_response(404, "gone").body.view(), "{\n  \"error\": \"gone\"\n}");
}

}  // namespace
}  // namespace cloudfolio::http
