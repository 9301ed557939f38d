#include "http/router.h"

#include <gtest/gtest.h>

#include "http/url.h"

namespace cloudfolio::http {
namespace {

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    add(Method::get, "/api/bundles/{username}", "bundle");
    add(Method::get, "/api/bundles/{username}/status", "status");
    add(Method::get, "/api/bundles/{username}/{repo}", "repository");
    add(Method::post, "/api/bundles/{username}/refresh", "refresh");
    add(Method::get, "/files/{path*}", "files");
    add(Method::get, "/", "root");
  }

  void add(Method method, std::string_view pattern, std::string_view name) {
    router.add(method, pattern, name, [](const Request& request) {
      std::string text = request.route;
      for (const auto& [key, value] : request.path_parameters) text += " " + key + "=" + value;
      return Response{200, {}, text};
    });
  }

  Response ask(Method method, std::string path) {
    Request request;
    request.method = method;
    request.path = std::move(path);
    return router.route(request);
  }
  std::string get(std::string path) {
    const Response response = ask(Method::get, std::move(path));
    return response.status == 200 ? std::string(response.body.view())
                                  : std::to_string(response.status);
  }

  Router router;
};

TEST_F(RouterTest, placeholders_match_one_decoded_segment) {
  EXPECT_EQ(get("/api/bundles/ada"), "bundle username=ada");
  EXPECT_EQ(get("/api/bundles/ada/"), "bundle username=ada");
  EXPECT_EQ(get("/api/bundles/a%2Fb/my%20repo"), "repository repo=my repo username=a/b");
  EXPECT_EQ(get("/api/bundles//x"), "404");
  EXPECT_EQ(get("/api/bundles/%zz"), "404");
  EXPECT_EQ(get("/"), "root");
}

TEST_F(RouterTest, a_literal_goes_before_a_placeholder) {
  EXPECT_EQ(get("/api/bundles/ada/status"), "status username=ada");
  EXPECT_EQ(get("/api/bundles/ada/refresh"), "repository repo=refresh username=ada");
}

TEST_F(RouterTest, a_rest_matches_everything_that_is_left) {
  EXPECT_EQ(get("/files/a/b%20c/d"), "files path=a/b c/d");
  EXPECT_EQ(get("/files"), "files path=");
}

TEST_F(RouterTest, what_matches_nothing_is_not_found) {
  EXPECT_EQ(ask(Method::get, "/nowhere").status, 404);
  EXPECT_EQ(ask(Method::get, "/api/bundles/a/b/c").status, 404);
  router.set_not_found([](const Request&) { return Response{410, {}, {}}; });
  EXPECT_EQ(ask(Method::get, "/nowhere").status, 410);
}

TEST_F(RouterTest, another_method_is_told_which_ones_are_allowed) {
  const Response refused = ask(Method::delete_, "/api/bundles/ada/refresh");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.find("allow"), "GET, HEAD, OPTIONS, POST");
  const Response options = ask(Method::options, "/api/bundles/ada");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.find("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask(Method::head, "/api/bundles/ada").status, 200);
}

TEST_F(RouterTest, the_same_shape_twice_is_a_bug) {
  EXPECT_DEATH(add(Method::get, "/api/bundles/{other}", "again"), "broken invariant");
}

TEST(Message, header_names_compare_without_case) {
  Headers headers{{"Content-Type", "a"}, {"X-One", "1"}};
  EXPECT_EQ(headers.find("content-type"), "a");
  headers.set("CONTENT-TYPE", "b");
  EXPECT_EQ(headers.find("Content-Type"), "b");
  headers.remove("x-one");
  EXPECT_FALSE(headers.find("X-One"));
}

TEST(Message, a_shared_body_is_not_copied) {
  const auto bytes = std::make_shared<const std::string>("cached bundle");
  const Body body(bytes);
  const Body copy = body;
  EXPECT_EQ(copy.view().data(), bytes->data());
}

}  // namespace
}  // namespace cloudfolio::http
