#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "base/random.h"
#include "base/time_text.h"
#include "storage/testing/conformance.h"

namespace cloudfolio::storage {

void link_table_conformance() {}

ETag TableConformance::insert(const std::string& partition, const std::string& row, Values values) {
  auto etag = table.insert(ctx, {{partition, row}, std::move(values)});
  EXPECT_TRUE(etag) << etag.error().message();
  return etag ? *etag : ETag();
}

std::vector<std::string> TableConformance::query(TableQuery query) {
  std::vector<std::string> keys;
  do {
    auto page = table.query(ctx, query);
    EXPECT_TRUE(page) << page.error().message();
    if (!page) break;
    EXPECT_LE(page->entities.size(), query.max_count);
    for (const Entity& entity : page->entities)
      keys.push_back(entity.key.partition + "/" + entity.key.row);
    query.continuation = page->continuation;
  } while (!query.continuation.empty());
  return keys;
}

std::string TableConformance::value(const std::string& partition, const std::string& row,
                                    const std::string& name) {
  const auto entity = table.get(ctx, {partition, row});
  if (!entity) return std::string(to_string(entity.error().code()));
  const auto found = entity->values.find(name);
  if (found == entity->values.end()) return "NONE";
  if (const auto* number = std::get_if<std::int64_t>(&found->second))
    return std::to_string(*number);
  return std::get<std::string>(found->second);
}

namespace {

using Keys = std::vector<std::string>;

Value number(std::int64_t n) {
  return n;
}

TEST_P(TableConformance, every_kind_of_value_reads_back) {
  const Values values = {{"Text", std::string("déjà 😀 \"'\\ \n")},
                         {"Empty", std::string()},
                         {"Number", std::int64_t(5)},
                         {"Largest", std::numeric_limits<std::int64_t>::max()},
                         {"Smallest", std::numeric_limits<std::int64_t>::min()},
                         {"Real", 1.0 / 3},
                         {"Whole", 2.0},
                         {"Infinite", std::numeric_limits<double>::infinity()},
                         {"Yes", true},
                         {"No", false},
                         {"Time", *time_from("2026-11-22T01:02:03.123456Z")},
                         {"First", *time_from("1601-01-01T00:00:00Z")},
                         {"Bytes", Binary{std::string("\0\xff", 2)}},
                         {"NoBytes", Binary{}}};
  const ETag etag = insert("p", "r", values);
  const auto entity = table.get(ctx, {"p", "r"});
  ASSERT_TRUE(entity);
  EXPECT_EQ(entity->key, (EntityKey{"p", "r"}));
  EXPECT_EQ(entity->etag, etag);
  EXPECT_EQ(entity->values, values);
}

TEST_P(TableConformance, a_missing_entity_is_not_found) {
  EXPECT_EQ(value("p", "r", "A"), "not_found");
  EXPECT_EQ(table.update(ctx, {{"p", "r"}, {}}, Write::replace, Anything{}).error().code(),
            Code::not_found);
  EXPECT_EQ(table.update(ctx, {{"p", "r"}, {}}, Write::merge, Matches{ETag("W/1")}).error().code(),
            Code::not_found);
  EXPECT_TRUE(table.remove(ctx, {"p", "r"}, Anything{}));
}

TEST_P(TableConformance, inserting_twice_is_a_conflict_and_changes_nothing) {
  insert("p", "r", {{"A", number(1)}});
  EXPECT_EQ(table.insert(ctx, {{"p", "r"}, {{"A", number(2)}}}).error().code(), Code::conflict);
  EXPECT_EQ(value("p", "r", "A"), "1");
}

TEST_P(TableConformance, replacing_drops_and_merging_keeps_what_is_not_named) {
  insert("p", "r", {{"A", number(1)}, {"B", number(2)}});
  ASSERT_TRUE(table.update(ctx, {{"p", "r"}, {{"B", number(3)}}}, Write::merge, Anything{}));
  EXPECT_EQ(value("p", "r", "A"), "1");
  EXPECT_EQ(value("p", "r", "B"), "3");
  ASSERT_TRUE(table.update(ctx, {{"p", "r"}, {{"C", number(4)}}}, Write::replace, Anything{}));
  EXPECT_EQ(value("p", "r", "A"), "NONE");
  EXPECT_EQ(value("p", "r", "C"), "4");
}

TEST_P(TableConformance, upserting_creates_or_overwrites) {
  ASSERT_TRUE(table.upsert(ctx, {{"p", "r"}, {{"A", number(1)}}}, Write::merge));
  ASSERT_TRUE(table.upsert(ctx, {{"p", "r"}, {{"B", number(2)}}}, Write::merge));
  EXPECT_EQ(value("p", "r", "A"), "1");
  ASSERT_TRUE(table.upsert(ctx, {{"p", "r"}, {{"C", number(3)}}}, Write::replace));
  EXPECT_EQ(value("p", "r", "A"), "NONE");
  EXPECT_EQ(value("p", "r", "C"), "3");
}

TEST_P(TableConformance, a_stale_etag_is_a_conflict_and_changes_nothing) {
  const ETag first = insert("p", "r", {{"A", number(1)}});
  const auto second =
      table.update(ctx, {{"p", "r"}, {{"A", number(2)}}}, Write::replace, Matches{first});
  ASSERT_TRUE(second);
  EXPECT_NE(*second, first);
  EXPECT_EQ(table.update(ctx, {{"p", "r"}, {{"A", number(3)}}}, Write::merge, Matches{first})
                .error()
                .code(),
            Code::conflict);
  EXPECT_EQ(table.remove(ctx, {"p", "r"}, Matches{first}).error().code(), Code::conflict);
  EXPECT_EQ(value("p", "r", "A"), "2");
  EXPECT_TRUE(table.remove(ctx, {"p", "r"}, Matches{*second}));
  EXPECT_EQ(table.remove(ctx, {"p", "r"}, Matches{*second}).error().code(), Code::conflict);
  EXPECT_EQ(value("p", "r", "A"), "not_found");
}

TEST_P(TableConformance, counting_by_compare_and_set_loses_nothing) {
  insert("p", "counter", {{"N", number(0)}});
  std::atomic<int> failures = 0;
  const auto count_up = [&] {
    for (int done = 0; done < 20;) {
      auto entity = table.get(ctx, {"p", "counter"});
      if (!entity) return ++failures, void();
      entity->values["N"] = std::get<std::int64_t>(entity->values["N"]) + 1;
      const auto written = table.update(ctx, *entity, Write::replace, Matches{entity->etag});
      if (written)
        ++done;
      else if (written.error().code() != Code::conflict)
        return ++failures, void();
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(count_up);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(value("p", "counter", "N"), "80");
}

TEST_P(TableConformance, a_query_goes_in_key_order_whatever_the_page_size) {
  for (const char* row : {"10", "9", "b", "-", "A", "", "a", "_", "é"}) insert("p", row);
  insert("o", "x");
  insert("q", "y");
  const Keys in_p = {"p/", "p/-", "p/10", "p/9", "p/A", "p/_", "p/a", "p/b", "p/é"};
  for (const std::size_t size : {1u, 2u, 4u, 9u, 1000u}) {
    EXPECT_EQ(query({.partition = "p", .max_count = size}), in_p) << size;
  }
  EXPECT_EQ(query({.partition = "p", .row_from = "9", .row_before = "a", .max_count = 2}),
            (Keys{"p/9", "p/A", "p/_"}));
  EXPECT_EQ(query({.partition = "p", .row_from = "b"}), (Keys{"p/b", "p/é"}));
  EXPECT_EQ(query({.partition = "none"}), Keys{});
  Keys all = {"o/x"};
  all.insert(all.end(), in_p.begin(), in_p.end());
  all.push_back("q/y");
  for (const std::size_t size : {1u, 3u, 1000u}) EXPECT_EQ(query({.max_count = size}), all) << size;
}

TEST_P(TableConformance, a_query_brings_values_and_etags) {
  const ETag etag = insert("p", "r", {{"A", number(1)}});
  const auto page = table.query(ctx, {.partition = "p"});
  ASSERT_TRUE(page && page->entities.size() == 1);
  EXPECT_EQ(page->entities[0].etag, etag);
  EXPECT_EQ(page->entities[0].values, (Values{{"A", number(1)}}));
}

TEST_P(TableConformance, a_batch_happens_as_a_whole) {
  const ETag sum = insert("p", "sum", {{"N", number(1)}});
  insert("p", "old");
  insert("p", "merged", {{"A", number(1)}});
  const auto outcome = table.batch(
      ctx, {InsertAction{{{"p", "event-1"}, {{"N", number(2)}}}},
            UpdateAction{{{"p", "sum"}, {{"N", number(3)}}}, Write::replace, Matches{sum}},
            RemoveAction{{"p", "old"}, Anything{}},
            UpsertAction{{{"p", "merged"}, {{"B", number(2)}}}, Write::merge}});
  ASSERT_TRUE(outcome) << outcome.error().message();
  const auto* etags = std::get_if<std::vector<ETag>>(&*outcome);
  ASSERT_TRUE(etags && etags->size() == 4);
  EXPECT_EQ(table.get(ctx, {"p", "sum"})->etag, (*etags)[1]);
  EXPECT_TRUE((*etags)[2].empty());
  EXPECT_EQ(value("p", "sum", "N"), "3");
  EXPECT_EQ(value("p", "event-1", "N"), "2");
  EXPECT_EQ(value("p", "old", "N"), "not_found");
  EXPECT_EQ(value("p", "merged", "A"), "1");
}

TEST_P(TableConformance, a_refused_batch_says_which_action_and_changes_nothing) {
  const ETag sum = insert("p", "sum", {{"N", number(1)}});
  insert("p", "event-1");
  const UpdateAction add{{{"p", "sum"}, {{"N", number(2)}}}, Write::replace, Matches{sum}};
  const UpdateAction stale{
      {{"p", "sum"}, {{"N", number(2)}}}, Write::replace, Matches{ETag("W/\"x\"")}};
  const auto refusal = [&](const std::vector<TableAction>& actions) -> std::string {
    const auto outcome = table.batch(ctx, actions);
    if (!outcome) return outcome.error().message();
    const auto* refused = std::get_if<BatchRefusal>(&*outcome);
    if (!refused) return "done";
    return std::to_string(refused->index) + " " + std::string(to_string(refused->error.code()));
  };
  EXPECT_EQ(refusal({add, InsertAction{{{"p", "event-1"}, {}}}}), "1 conflict");
  EXPECT_EQ(refusal({InsertAction{{{"p", "event-2"}, {}}}, stale}), "1 conflict");
  EXPECT_EQ(refusal({InsertAction{{{"p", "event-3"}, {}}},
                     UpdateAction{{{"p", "none"}, {}}, Write::merge, Anything{}}}),
            "1 not_found");
  EXPECT_EQ(value("p", "sum", "N"), "1");
  EXPECT_EQ(value("p", "event-2", "N"), "not_found");
  EXPECT_EQ(value("p", "event-3", "N"), "not_found");
}

TEST_P(TableConformance, a_batch_against_the_rules_is_refused) {
  const auto code = [&](const std::vector<TableAction>& actions) {
    return table.batch(ctx, actions).error().code();
  };
  EXPECT_EQ(code({}), Code::invalid_argument);
  EXPECT_EQ(code({InsertAction{{{"p", "r"}, {}}}, InsertAction{{{"q", "r"}, {}}}}),
            Code::invalid_argument);
  EXPECT_EQ(code({InsertAction{{{"p", "r"}, {}}}, RemoveAction{{"p", "r"}, Anything{}}}),
            Code::invalid_argument);
  std::vector<TableAction> many;
  for (int i = 0; i < 101; ++i) many.push_back(InsertAction{{{"p", std::to_string(i)}, {}}});
  EXPECT_EQ(code(many), Code::invalid_argument);
  many.pop_back();
  EXPECT_TRUE(table.batch(ctx, many));
  EXPECT_EQ(query({.partition = "p"}).size(), 100u);
}

TEST_P(TableConformance, keys_and_values_against_the_rules_are_refused) {
  for (const std::string& key :
       {std::string("a/b"), std::string("a\\b"), std::string("#"), std::string("?"),
        std::string("a\nb"), std::string("\xff"), std::string(513, 'k')}) {
    EXPECT_EQ(table.insert(ctx, {{key, "r"}, {}}).error().code(), Code::invalid_argument) << key;
    EXPECT_EQ(table.insert(ctx, {{"p", key}, {}}).error().code(), Code::invalid_argument) << key;
  }
  const std::vector<Values> bad = {{{"1st", number(1)}},
                                   {{"a-b", number(1)}},
                                   {{"", number(1)}},
                                   {{"RowKey", number(1)}},
                                   {{"A", std::string(32'769, 'x')}},
                                   {{"A", std::string("\xff")}},
                                   {{"A", Binary{std::string(65'537, 'x')}}},
                                   {{"A", *time_from("1600-12-31T00:00:00Z")}}};
  for (const Values& values : bad) {
    EXPECT_EQ(table.insert(ctx, {{"p", "r"}, values}).error().code(), Code::invalid_argument);
  }
  Values large;
  for (int i = 0; i < 20; ++i) large["V" + std::to_string(i)] = Binary{std::string(60'000, 'x')};
  EXPECT_EQ(table.insert(ctx, {{"p", "r"}, large}).error().code(), Code::invalid_argument);
  EXPECT_EQ(query({}), Keys{});
  insert("it's 100% \"ok\" + &,(:@", std::string(512, 'k'), {{"A", std::string(32'768, 'x')}});
}

TEST_P(TableConformance, tables_do_not_see_each_other_and_case_makes_no_difference) {
  insert("p", "r", {{"A", number(1)}});
  Table& other = **storage().table("Other");
  EXPECT_EQ(other.get(ctx, {"p", "r"}).error().code(), Code::not_found);
  Table& same = **storage().table("CONFORMANCE");
  EXPECT_TRUE(same.get(ctx, {"p", "r"}));
}

TEST_P(TableConformance, behaves_like_a_map) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::map<std::string, std::int64_t> model;
  for (int step = 0; step < 300; ++step) {
    const EntityKey key{"p", std::to_string(random.below(10))};
    const Entity entity{key, {{"N", number(step)}}};
    const bool exists = model.contains(key.row);
    switch (random.below(5)) {
      case 0:
        ASSERT_EQ(table.insert(ctx, entity).ok(), !exists);
        if (!exists) model[key.row] = step;
        break;
      case 1:
        ASSERT_TRUE(table.upsert(ctx, entity, Write::replace));
        model[key.row] = step;
        break;
      case 2:
        ASSERT_EQ(table.update(ctx, entity, Write::merge, Anything{}).ok(), exists);
        if (exists) model[key.row] = step;
        break;
      case 3:
        ASSERT_TRUE(table.remove(ctx, key, Anything{}));
        model.erase(key.row);
        break;
      default:
        ASSERT_EQ(value("p", key.row, "N"), exists ? std::to_string(model[key.row]) : "not_found");
    }
  }
  Keys keys;
  for (const auto& [row, n] : model) keys.push_back("p/" + row);
  EXPECT_EQ(query({.partition = "p", .max_count = 3}), keys);
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TableConformance);

}  // namespace cloudfolio::storage
