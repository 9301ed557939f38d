#include "http/url.h"

#include <gtest/gtest.h>

namespace cloudfolio::http {
namespace {

TEST(Url, is_taken_apart_and_put_together_again) {
  const auto url = parse_url("HTTPS://API.GitHub.com/repos/a%20b?x=1&y=2#part");
  ASSERT_TRUE(url) << url.error().message();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "api.github.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/repos/a%20b");
  EXPECT_EQ(url->query, "x=1&y=2");
  EXPECT_EQ(url->str(), "https://api.github.com/repos/a%20b?x=1&y=2");
  EXPECT_EQ(parse_url("http://127.0.0.1:7071")->str(), "http://127.0.0.1:7071/");
  EXPECT_EQ(parse_url("http://[::1]:80?q")->str(), "http://[::1]/?q");
}

TEST(Url, what_is_none_says_why_without_repeating_it) {
  for (const char* text :
       {"", "github.com/x", "ftp://host/", "http://", "http:///path", "http://user:secret@host/",
        "http://host:0/", "http://host:99999/", "http://host:8x/", "http://ho st/",
        "http://host/\r\nX: y", "http://[::1/", "http://[::1]x/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), Code::invalid_argument);
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
  }
}

TEST(Url, percent_encoding_keeps_every_byte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/c+é"), "a%20b%2Fc%2B%C3%A9");
  EXPECT_EQ(percent_encode_path("a b/c"), "a%20b/c");
  EXPECT_EQ(percent_decode("a%2fb+c"), "a/b+c");
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Url, a_query_reads_back_as_it_was_built) {
  const QueryParameters parameters{{"q", "c++ & more"}, {"empty", ""}, {"ü", "%"}};
  EXPECT_EQ(build_query(parameters), "q=c%2B%2B%20%26%20more&empty=&%C3%BC=%25");
  EXPECT_EQ(parse_query(build_query(parameters)), parameters);
  EXPECT_EQ(parse_query("a+b=c+d&&flag&bad=%zz"),
            (QueryParameters{{"a b", "c d"}, {"flag", ""}, {"bad", "%zz"}}));
}

}  // namespace
}  // namespace cloudfolio::http
