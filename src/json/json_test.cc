#include "json/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace cloudfolio::json {
namespace {

std::string why_not(std::string_view text, ParseLimits limits = {}) {
  const auto value = parse(text, limits);
  return value ? "it is JSON" : value.error().message();
}

Value read(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *std::move(value) : Value();
}

TEST(Json, an_error_says_where_and_what) {
  EXPECT_EQ(why_not("{\n  \"a\": 1,\n  \"b\": tru\n}"), "not JSON: line 3, column 8: syntax error");
  EXPECT_EQ(why_not("[1, 2"), "not JSON: line 1, column 6: the text ends too early");
  EXPECT_EQ(why_not(""), "not JSON: line 1, column 1: the text ends too early");
  EXPECT_EQ(why_not("1 2"), "not JSON: line 1, column 3: more text after the end of the value");
  EXPECT_NE(why_not("\"\xC3(\""), "it is JSON");
  EXPECT_NE(why_not("\"\\ud800\""), "it is JSON");
  EXPECT_EQ(parse("nope").error().code(), Code::invalid_argument);
}

TEST(Json, limits_on_size_and_depth_hold) {
  EXPECT_EQ(why_not("[1,2,3]", {.bytes_max = 6}),
            "not read as JSON: 7 bytes, at most 6 are allowed");
  EXPECT_EQ(why_not("[[[1]]]", {.depth_max = 3}), "it is JSON");
  EXPECT_NE(why_not("[[[[1]]]]", {.depth_max = 3}).find("nested deeper than 3 levels"),
            std::string::npos);
  const std::string bomb(1'000'000, '[');
  EXPECT_NE(why_not(bomb).find("nested deeper than 64 levels"), std::string::npos);
}

TEST(Json, compact_and_pretty_read_back_the_same) {
  const Value value = read(R"({"b":[1,2.5,"x",null,true,{}],"a":{"deep":[]},"ü":"\u0001é\n"})");
  EXPECT_EQ(write(value),
            "{\"b\":[1,2.5,\"x\",null,true,{}],\"a\":{\"deep\":[]},"
            "\"ü\":\"\\u0001é\\n\"}");
  EXPECT_EQ(write_pretty(read(R"({"a":[1,{"b":"c"}],"d":{}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": {}\n}");
  EXPECT_EQ(read(write_pretty(value)), value);
}

TEST(Json, integers_keep_their_64_bits_and_larger_ones_become_doubles) {
  EXPECT_EQ(write(read("[-9223372036854775808,18446744073709551615]")),
            "[-9223372036854775808,18446744073709551615]");
  EXPECT_EQ(write(read("100000000000000000000")), "1e+20");
}

TEST(Json, malformed_utf8_is_replaced_when_written) {
  EXPECT_EQ(write(Value("a\xFF"
                        "b\xE2\x82")),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

// Each expectation is what CPython's json.dumps(value, sort_keys=True) prints.
TEST(PythonDumps, numbers_look_as_python_prints_them) {
  const auto shown = [](double number) { return python_dumps(Value(number)); };
  EXPECT_EQ(shown(1.0), "1.0");
  EXPECT_EQ(shown(-0.0), "-0.0");
  EXPECT_EQ(shown(0.1), "0.1");
  EXPECT_EQ(shown(12345.678), "12345.678");
  EXPECT_EQ(shown(0.0001), "0.0001");
  EXPECT_EQ(shown(0.00001), "1e-05");
  EXPECT_EQ(shown(0.000012345), "1.2345e-05");
  EXPECT_EQ(shown(1e15), "1000000000000000.0");
  EXPECT_EQ(shown(1e16), "1e+16");
  EXPECT_EQ(shown(123456789012345678.0), "1.2345678901234568e+17");
  EXPECT_EQ(shown(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(shown(5e-324), "5e-324");
  EXPECT_EQ(shown(std::nan("")), "NaN");
  EXPECT_EQ(shown(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(PythonDumps, keys_are_sorted_and_text_is_ascii) {
  EXPECT_EQ(python_dumps(read("{\"b\":[1,2],\"a\":{\"z\":null,\"y\":true},\"\xC3\xA9\":1}")),
            "{\"a\": {\"y\": true, \"z\": null}, \"b\": [1, 2], \"\\u00e9\": 1}");
  EXPECT_EQ(python_dumps(read("\"d\xC3\xA9 \xF0\x9F\x98\x80 \x7F \\u2028 / \\\" \\\\ \\t\"")),
            "\"d\\u00e9 \\ud83d\\ude00 \\u007f \\u2028 / \\\" \\\\ \\t\"");
  EXPECT_EQ(python_dumps(read("[]")), "[]");
}

TEST(PythonDumps, the_canonical_text_of_a_repository_is_the_originals) {
  const Value repository = read(R"({"id":1003,"updated_at":"2025-01-01T00:00:00Z",
    "pushed_at":"2025-01-01T00:00:00Z","size":7,"default_branch":"d\u00e9veloppement",
    "language":"C++"})");
  EXPECT_EQ(python_dumps(repository),
            "{\"default_branch\": \"d\\u00e9veloppement\", \"id\": 1003, \"language\": \"C++\", "
            "\"pushed_at\": \"2025-01-01T00:00:00Z\", \"size\": 7, "
            "\"updated_at\": \"2025-01-01T00:00:00Z\"}");
}

TEST(Find, absent_or_of_another_type_is_nothing) {
  const Value value = read(R"({"name":"a","count":3,"whole":4.0,"half":0.5,"on":true,
    "list":[{"x":"deep"}],"object":{"k":"v"},"nothing":null})");
  EXPECT_EQ(find_string(value, "name"), "a");
  EXPECT_EQ(find_string(value, "count"), std::nullopt);
  EXPECT_EQ(find_string(value, "absent"), std::nullopt);
  EXPECT_EQ(find_string(value, "nothing"), std::nullopt);
  EXPECT_EQ(find_string(Value(3), "name"), std::nullopt);
  EXPECT_EQ(find_int(value, "count"), 3);
  EXPECT_EQ(find_int(value, "whole"), 4);
  EXPECT_EQ(find_int(value, "half"), std::nullopt);
  EXPECT_EQ(find_number(value, "count"), 3.0);
  EXPECT_EQ(find_bool(value, "on"), true);
  EXPECT_EQ(find_bool(value, "count"), std::nullopt);
  ASSERT_TRUE(find_object(value, "object"));
  EXPECT_EQ(find_string(*find_object(value, "object"), "k"), "v");
  EXPECT_EQ(find_object(value, "list"), nullptr);
  ASSERT_TRUE(find_array(value, "list"));
  EXPECT_EQ(*find_path(value, "list.0.x"), Value("deep"));
  EXPECT_EQ(find_path(value, "list.1.x"), nullptr);
  EXPECT_EQ(find_path(value, "list.x"), nullptr);
  EXPECT_EQ(find_path(value, "name.x"), nullptr);
}

TEST(Json, any_text_is_refused_or_survives_a_round_trip) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  constexpr std::string_view kPieces[] = {"{",   "}", "[",  "]",     ",",  ":",    "\"a\"",
                                          "1",   "e", "-",  "\\",    "\"", "null", "\xF0\x9F",
                                          "0.5", " ", "\n", "\\u12", "é",  "true"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto left = random.below(12); left > 0; --left)
      text += kPieces[random.below(std::size(kPieces))];
    const auto value = parse(text);
    if (!value) continue;
    const auto again = parse(write(*value));
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, *value) << text;
  }
}

TEST(Find, a_path_through_an_object_points_into_that_object) {
  const auto object = parse_object(R"({"a":{"b":[1,2]}})");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(find_path(*object, "a.b.1"), &object->at("a").at("b").at(1));
  EXPECT_EQ(find_path(*object, "a"), &object->at("a"));
  EXPECT_EQ(find_path(*object, "a.c"), nullptr);
}

}  // namespace
}  // namespace cloudfolio::json
