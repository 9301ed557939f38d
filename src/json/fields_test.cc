#include "json/fields.h"

#include <gtest/gtest.h>

namespace cloudfolio::json {
namespace {

struct Item {
  std::string name;
  std::optional<std::string> note;
  static constexpr auto fields() {
    return std::tuple{Required{"name", &Item::name, "Its name."},
                      Field{"note", &Item::note, "What to say of it."}};
  }
};

struct Order {
  std::string username;
  bool force_refresh = false;
  std::int64_t total = 7;
  std::uint8_t small = 1;
  double price = 0.5;
  std::vector<Item> items;
  std::map<std::string, std::int64_t> languages;
  std::optional<Item> gift;
  Value anything;
  static constexpr auto fields() {
    return std::tuple{Required{"username", &Order::username, "GitHub login."},
                      Field{"force_refresh", &Order::force_refresh, "Refetch."},
                      Field{"total", &Order::total, ""},
                      Field{"small", &Order::small, ""},
                      Field{"price", &Order::price, ""},
                      Field{"items", &Order::items, ""},
                      Field{"languages", &Order::languages, ""},
                      Field{"gift", &Order::gift, ""},
                      Field{"anything", &Order::anything, ""}};
  }
};

std::string why_not(std::string_view text, UnknownKeys unknown = UnknownKeys::refused) {
  const auto order = parse_as<Order>(text, unknown);
  return order ? "it is an order" : order.error().message();
}

TEST(Fields, what_is_written_reads_back) {
  const std::string text =
      R"({"username":"ada","force_refresh":true,"total":-3,"small":255,"price":1.25,)"
      R"("items":[{"name":"a","note":"n"},{"name":"b"}],"languages":{"C++":10},)"
      R"("gift":{"name":"g"},"anything":[1,{"x":null}]})";
  const auto order = parse_as<Order>(text);
  ASSERT_TRUE(order) << order.error().message();
  EXPECT_EQ(order->items[1].note, std::nullopt);
  EXPECT_EQ(write(to_json(*order)), text);
}

TEST(Fields, absent_fields_keep_their_defaults_and_null_empties_an_optional) {
  const auto order = parse_as<Order>(R"({"username":"ada","gift":null})");
  ASSERT_TRUE(order) << order.error().message();
  EXPECT_EQ(order->total, 7);
  EXPECT_FALSE(order->gift);
  EXPECT_EQ(write(to_json(*order)),
            R"({"username":"ada","force_refresh":false,"total":7,"small":1,"price":0.5,)"
            R"("items":[],"languages":{},"anything":null})");
}

TEST(Fields, an_error_names_the_field_and_both_types) {
  EXPECT_EQ(why_not("{}"), "field 'username': missing");
  EXPECT_EQ(why_not(R"({"username":3})"), "field 'username': expected string, found number");
  EXPECT_EQ(why_not(R"({"username":null})"), "field 'username': expected string, found null");
  EXPECT_EQ(why_not(R"({"username":"a","items":[{"name":"x"},{"name":[]}]})"),
            "field 'items[1].name': expected string, found array");
  EXPECT_EQ(why_not(R"({"username":"a","items":[{"note":"x"}]})"),
            "field 'items[0].name': missing");
  EXPECT_EQ(why_not(R"({"username":"a","languages":{"C":"many"}})"),
            "field 'languages.C': expected integer, found string");
  EXPECT_EQ(why_not(R"({"username":"a","total":1.5})"),
            "field 'total': expected integer, found a fraction");
  EXPECT_EQ(why_not(R"({"username":"a","small":256})"),
            "field 'small': out of range: between 0 and 255 is allowed");
  EXPECT_EQ(why_not(R"({"username":"a","total":18446744073709551615})"),
            "field 'total': out of range: between -9223372036854775808 and "
            "9223372036854775807 is allowed");
  EXPECT_EQ(why_not("[]"), "expected object, found array");
}

TEST(Fields, an_unknown_key_is_an_error_with_the_nearest_name_or_is_ignored) {
  EXPECT_EQ(why_not(R"({"username":"a","force_refesh":true})"),
            "field 'force_refesh': unknown; did you mean 'force_refresh'?");
  EXPECT_EQ(why_not(R"({"username":"a","zzzzzz":true})"), "field 'zzzzzz': unknown");
  EXPECT_EQ(why_not(R"({"username":"a","items":[{"name":"x","nam":1}]})"),
            "field 'items[0].nam': unknown; did you mean 'name'?");
  EXPECT_EQ(why_not(R"({"username":"a","zzzzzz":true})", UnknownKeys::ignored), "it is an order");
}

TEST(Fields, the_list_documents_itself) {
  std::string listed;
  for_each_field<Item>([&](std::string_view name, std::string_view help, bool required) {
    listed += std::string(name) + (required ? "! " : " ") + std::string(help) + "\n";
  });
  EXPECT_EQ(listed, "name! Its name.\nnote What to say of it.\n");
}

}  // namespace
}  // namespace cloudfolio::json
