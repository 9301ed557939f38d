#include "roles/listen.h"

#include <gtest/gtest.h>

namespace cloudfolio::roles {
namespace {

TEST(Listen, reads_host_and_port) {
  EXPECT_EQ(parse_listen("127.0.0.1:7071")->address, "127.0.0.1");
  EXPECT_EQ(parse_listen("127.0.0.1:7071")->port, 7071);
  EXPECT_EQ(parse_listen("[::1]:0")->address, "::1");
}

TEST(Listen, refuses_what_is_no_address_and_says_what_is) {
  for (const char* text :
       {"", "7071", ":7071", "localhost", "localhost:", "localhost:x", "h:70000", "h:-1"}) {
    const auto listen = parse_listen(text);
    ASSERT_FALSE(listen) << text;
    EXPECT_NE(listen.error().message().find("127.0.0.1:7071"), std::string::npos);
  }
}

}  // namespace
}  // namespace cloudfolio::roles
