#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "base/random.h"
#include "storage/testing/conformance.h"

namespace cloudfolio::storage {

void link_blob_store_conformance() {}

using namespace std::chrono_literals;

ETag BlobStoreConformance::put(const std::string& key, std::string bytes,
                               const PutOptions& options) {
  auto etag = blobs.put(ctx, BlobKey(key), std::move(bytes), options);
  EXPECT_TRUE(etag) << etag.error().message();
  return etag ? *etag : ETag();
}

std::string BlobStoreConformance::get(const std::string& key) {
  auto blob = blobs.get(ctx, BlobKey(key));
  return blob ? blob->bytes : std::string(to_string(blob.error().code()));
}

std::vector<std::string> BlobStoreConformance::list(const std::string& prefix,
                                                    std::size_t max_count) {
  std::vector<std::string> keys;
  ListOptions options{.prefix = prefix, .continuation = {}, .max_count = max_count};
  do {
    auto page = blobs.list(ctx, options);
    EXPECT_TRUE(page) << page.error().message();
    if (!page) break;
    EXPECT_LE(page->entries.size(), max_count);
    for (const BlobEntry& entry : page->entries) keys.push_back(entry.key.str());
    options.continuation = page->continuation;
  } while (!options.continuation.empty());
  return keys;
}

namespace {

using Keys = std::vector<std::string>;

PutOptions if_nothing() {
  return {.condition = Nothing{}};
}
PutOptions if_matches(const ETag& etag) {
  return {.condition = Matches{etag}};
}
PutOptions with_lease(const LeaseId& lease) {
  return {.lease = lease};
}

TEST_P(BlobStoreConformance, a_blob_reads_back_with_its_properties) {
  const auto before = std::chrono::floor<std::chrono::seconds>(clock().wall_time());
  PutOptions options;
  options.metadata = {{"fingerprint", "4a33519461f1d68f630106eeb114df05"},
                      {"expires_at", "2025-10-07T11:00:00.123456+00:00"}};
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  const std::string bytes("{\"data\":\0}", 10);
  const ETag etag = put("repos_bundle_context_octocat", bytes, options);
  const auto blob = blobs.get(ctx, BlobKey("repos_bundle_context_octocat"));
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->bytes, bytes);
  EXPECT_EQ(blob->properties.etag, etag);
  EXPECT_EQ(blob->properties.metadata, options.metadata);
  EXPECT_EQ(blob->properties.content_type, "application/json");
  EXPECT_EQ(blob->properties.content_encoding, "utf-8");
  EXPECT_EQ(blob->properties.size_bytes, 10u);
  EXPECT_GE(blob->properties.last_modified, before - 2s);
  EXPECT_LE(blob->properties.last_modified, clock().wall_time() + 2s);
}

TEST_P(BlobStoreConformance, the_head_is_the_blob_without_its_bytes) {
  PutOptions options;
  options.metadata = {{"kind", "bundle"}};
  put("k", "12345", options);
  const auto blob = blobs.get(ctx, BlobKey("k"));
  const auto head = blobs.head(ctx, BlobKey("k"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->etag, blob->properties.etag);
  EXPECT_EQ(head->metadata, blob->properties.metadata);
  EXPECT_EQ(head->size_bytes, 5u);
  EXPECT_EQ(head->last_modified, blob->properties.last_modified);
  EXPECT_EQ(head->content_type, "application/octet-stream");
  EXPECT_EQ(head->content_encoding, "");
}

TEST_P(BlobStoreConformance, a_missing_blob_is_not_found) {
  EXPECT_EQ(get("k"), "not_found");
  EXPECT_EQ(blobs.head(ctx, BlobKey("k")).error().code(), Code::not_found);
  EXPECT_EQ(blobs.get_if_changed(ctx, BlobKey("k"), ETag("x")).error().code(), Code::not_found);
}

TEST_P(BlobStoreConformance, a_put_replaces_everything) {
  PutOptions options;
  options.metadata = {{"fingerprint", "f"}};
  options.content_type = "application/json";
  put("k", "a long first value", options);
  put("k", "short");
  const auto blob = blobs.get(ctx, BlobKey("k"));
  EXPECT_EQ(blob->bytes, "short");
  EXPECT_EQ(blob->properties.metadata, Metadata{});
  EXPECT_EQ(blob->properties.content_type, "application/octet-stream");
}

TEST_P(BlobStoreConformance, an_empty_blob_is_a_blob) {
  put("k", "");
  EXPECT_EQ(get("k"), "");
  EXPECT_EQ(blobs.head(ctx, BlobKey("k"))->size_bytes, 0u);
}

TEST_P(BlobStoreConformance, large_blobs_read_back_and_shrink_and_grow) {
  for (const std::size_t size : {70'000u, 3'000'000u, 10u, 66'000u, 65'536u, 65'537u, 0u}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; i += 1'000) bytes[i] = char(i / 1'000);
    put("k", bytes);
    EXPECT_TRUE(get("k") == bytes) << size;
    EXPECT_EQ(blobs.head(ctx, BlobKey("k"))->size_bytes, size);
  }
  EXPECT_TRUE(blobs.remove(ctx, BlobKey("k"), {}));
  EXPECT_EQ(get("k"), "not_found");
}

TEST_P(BlobStoreConformance, every_put_gives_a_new_etag_even_of_the_same_bytes) {
  const ETag first = put("k", "same");
  const ETag second = put("k", "same");
  EXPECT_NE(first, second);
  EXPECT_TRUE(blobs.remove(ctx, BlobKey("k"), {}));
  const ETag third = put("k", "same");
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
}

TEST_P(BlobStoreConformance, an_unchanged_blob_is_not_sent_again) {
  const ETag first = put("k", "one");
  const auto same = blobs.get_if_changed(ctx, BlobKey("k"), first);
  ASSERT_TRUE(same);
  EXPECT_FALSE(*same);
  put("k", "two");
  const auto changed = blobs.get_if_changed(ctx, BlobKey("k"), first);
  ASSERT_TRUE(changed && *changed);
  EXPECT_EQ((*changed)->bytes, "two");
}

TEST_P(BlobStoreConformance, creating_over_an_existing_blob_is_a_conflict_and_changes_nothing) {
  put("k", "old", if_nothing());
  const auto second = blobs.put(ctx, BlobKey("k"), "new", if_nothing());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::conflict);
  EXPECT_EQ(get("k"), "old");
}

TEST_P(BlobStoreConformance, a_stale_etag_is_a_conflict_and_changes_nothing) {
  const ETag first = put("k", "one");
  const ETag second = put("k", "two", if_matches(first));
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "three", if_matches(first)).error().code(),
            Code::conflict);
  EXPECT_EQ(blobs.remove(ctx, BlobKey("k"), {.condition = Matches{first}}).error().code(),
            Code::conflict);
  EXPECT_EQ(get("k"), "two");
  EXPECT_TRUE(blobs.remove(ctx, BlobKey("k"), {.condition = Matches{second}}));
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "four", if_matches(second)).error().code(),
            Code::conflict);
  EXPECT_EQ(blobs.remove(ctx, BlobKey("k"), {.condition = Matches{second}}).error().code(),
            Code::conflict);
  EXPECT_EQ(get("k"), "not_found");
}

TEST_P(BlobStoreConformance, removing_a_missing_blob_succeeds) {
  EXPECT_TRUE(blobs.remove(ctx, BlobKey("k"), {}));
}

TEST_P(BlobStoreConformance, of_many_that_create_at_once_one_wins) {
  std::vector<std::thread> threads;
  std::atomic<int> won = 0, conflicts = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto made = blobs.put(ctx, BlobKey("k"), std::to_string(t), if_nothing());
      if (made)
        ++won;
      else if (made.error().code() == Code::conflict)
        ++conflicts;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(conflicts, 7);
}

TEST_P(BlobStoreConformance, counting_by_compare_and_set_loses_nothing) {
  put("counter", "0");
  std::atomic<int> failures = 0;
  const auto count_up = [&] {
    for (int done = 0; done < 20;) {
      const auto blob = blobs.get(ctx, BlobKey("counter"));
      if (!blob) return ++failures, void();
      const auto next = std::to_string(std::stoi(blob->bytes) + 1);
      const auto written =
          blobs.put(ctx, BlobKey("counter"), next, if_matches(blob->properties.etag));
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
  EXPECT_EQ(get("counter"), "80");
}

TEST_P(BlobStoreConformance, a_reader_sees_a_whole_put_or_the_one_before) {
  std::atomic<bool> stop = false;
  const auto value = [](int i) {
    return std::string(std::size_t(60'000 + i % 2 * 20'000), char('a' + i % 26));
  };
  const auto options = [](int i) {
    PutOptions made;
    made.metadata = {{"letter", std::string(1, char('a' + i % 26))}};
    return made;
  };
  put("k", value(0), options(0));
  std::atomic<int> mixed = 0, reads = 0;
  std::thread reader([&] {
    while (!stop) {
      const auto blob = blobs.get(ctx, BlobKey("k"));
      const bool whole = blob && blob->properties.size_bytes == blob->bytes.size() &&
                         blob->bytes == std::string(blob->bytes.size(), blob->bytes[0]) &&
                         blob->properties.metadata.at("letter")[0] == blob->bytes[0];
      if (!whole) ++mixed;
      ++reads;
    }
  });
  for (int i = 1; i < 60 || reads < 20; ++i) put("k", value(i), options(i));
  stop = true;
  reader.join();
  EXPECT_EQ(mixed, 0);
}

TEST_P(BlobStoreConformance, keys_of_the_original_cache_are_ordinary) {
  const Keys keys = {"file_content:octocat:hello:docs/deep/READ ME.md",
                     "gen/octocat/7/repo/hello-world",
                     "model_4a33519461f1d68f630106eeb114df05.zip",
                     "repo_context_octocat_.github",
                     "repos_metadata:octocat:all",
                     "déjà/vu+50%&a=b?c#d"};
  for (const auto& key : keys) put(key, key);
  for (const auto& key : keys) EXPECT_EQ(get(key), key);
  EXPECT_EQ(list("file_content:octocat:", 10), Keys{keys[0]});
}

TEST_P(BlobStoreConformance, keys_and_metadata_against_the_rules_are_refused) {
  const Keys bad = {
      "", "a\nb", "a\\b", "a/../b", "./a", "a/", "a.", "\xff", std::string(1'025, 'k')};
  for (const auto& key : bad) {
    EXPECT_EQ(blobs.put(ctx, BlobKey(key), "x", {}).error().code(), Code::invalid_argument) << key;
    EXPECT_EQ(get(key), "invalid_argument") << key;
  }
  const std::vector<Metadata> bad_metadata = {
      {{"Upper", "x"}},    {{"with-dash", "x"}}, {{"1st", "x"}},
      {{"", "x"}},         {{"a", ""}},          {{"a", " x"}},
      {{"a", "\xc3\xa4"}}, {{"a", "x\ny"}},      {{"a", std::string(9'000, 'x')}}};
  for (const auto& metadata : bad_metadata) {
    PutOptions options;
    options.metadata = metadata;
    EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "x", options).error().code(), Code::invalid_argument);
  }
  EXPECT_EQ(get("k"), "not_found");
  put(std::string(1'024, 'k'), "longest");
}

TEST_P(BlobStoreConformance, a_list_goes_in_byte_order_whatever_the_page_size) {
  const Keys sorted = {"a", "a/b", "a0", "aa", "b", "b_1", "b_10", "b_2", "é"};
  Keys shuffled = sorted;
  std::reverse(shuffled.begin(), shuffled.end());
  for (const auto& key : shuffled) put(key, key);
  for (const std::size_t size : {1u, 2u, 3u, 8u, 9u, 10u})
    EXPECT_EQ(list("", size), sorted) << size;
  EXPECT_EQ(list("b_", 2), (Keys{"b_1", "b_10", "b_2"}));
  EXPECT_EQ(list("a", 1), (Keys{"a", "a/b", "a0", "aa"}));
  EXPECT_EQ(list("zz", 1), Keys{});
}

TEST_P(BlobStoreConformance, a_list_says_sizes_and_metadata) {
  PutOptions options;
  options.metadata = {{"username", "octocat"}, {"no_expiry", "True"}};
  const ETag etag = put("k", "12345", options);
  const auto page = blobs.list(ctx, {});
  ASSERT_TRUE(page && page->entries.size() == 1);
  EXPECT_EQ(page->entries[0].properties.size_bytes, 5u);
  EXPECT_EQ(page->entries[0].properties.metadata, options.metadata);
  EXPECT_EQ(page->entries[0].properties.etag, etag);
}

TEST_P(BlobStoreConformance, a_walk_finds_what_stays_though_its_neighbours_go) {
  for (int i = 0; i < 10; ++i) put("k" + std::to_string(i), "x");
  auto page = blobs.list(ctx, {.prefix = "k", .continuation = {}, .max_count = 5});
  ASSERT_TRUE(page);
  for (const int gone : {0, 4, 5}) {
    EXPECT_TRUE(blobs.remove(ctx, BlobKey("k" + std::to_string(gone)), {}));
  }
  Keys rest;
  std::string continuation = page->continuation;
  while (!continuation.empty()) {
    page = blobs.list(ctx, {.prefix = "k", .continuation = continuation, .max_count = 5});
    ASSERT_TRUE(page);
    for (const auto& entry : page->entries) rest.push_back(entry.key.str());
    continuation = page->continuation;
  }
  EXPECT_EQ(rest, (Keys{"k6", "k7", "k8", "k9"}));
}

TEST_P(BlobStoreConformance, containers_do_not_see_each_other) {
  BlobStore& other = **storage().blobs("other-container");
  put("k", "here");
  EXPECT_EQ(other.get(ctx, BlobKey("k")).error().code(), Code::not_found);
  ASSERT_TRUE(other.put(ctx, BlobKey("k"), "there", {}));
  EXPECT_EQ(get("k"), "here");
  EXPECT_TRUE(other.remove(ctx, BlobKey("k"), {}));
  EXPECT_EQ(get("k"), "here");
}

TEST_P(BlobStoreConformance, a_leased_blob_is_written_only_with_its_lease) {
  const ETag etag = put("k", "old");
  const auto lease = blobs.acquire_lease(ctx, BlobKey("k"), 15s);
  ASSERT_TRUE(lease);
  EXPECT_EQ(blobs.acquire_lease(ctx, BlobKey("k"), 15s).error().code(), Code::conflict);
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "x", {}).error().code(), Code::conflict);
  EXPECT_EQ(blobs.remove(ctx, BlobKey("k"), {}).error().code(), Code::conflict);
  const LeaseId wrong("00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "x", with_lease(wrong)).error().code(), Code::conflict);
  EXPECT_EQ(get("k"), "old");
  EXPECT_EQ(blobs.head(ctx, BlobKey("k"))->etag, etag);
  put("k", "new", with_lease(*lease));
  ASSERT_TRUE(blobs.release_lease(ctx, BlobKey("k"), *lease));
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "x", with_lease(*lease)).error().code(), Code::conflict);
  put("k", "newer");
}

TEST_P(BlobStoreConformance, a_lease_that_ran_out_no_longer_writes) {
  put("k", "old");
  const auto lease = blobs.acquire_lease(ctx, BlobKey("k"), 15s);
  ASSERT_TRUE(lease);
  pass(16s);
  EXPECT_EQ(blobs.put(ctx, BlobKey("k"), "x", with_lease(*lease)).error().code(), Code::conflict);
  // Nobody had it since: it can be renewed.
  ASSERT_TRUE(blobs.renew_lease(ctx, BlobKey("k"), *lease));
  put("k", "mine", with_lease(*lease));
  pass(16s);
  put("k", "theirs");
  EXPECT_EQ(blobs.renew_lease(ctx, BlobKey("k"), *lease).error().code(), Code::conflict);
}

TEST_P(BlobStoreConformance, a_broken_lease_is_lost) {
  put("k", "old");
  const auto lease = blobs.acquire_lease(ctx, BlobKey("k"), 60s);
  ASSERT_TRUE(lease);
  ASSERT_TRUE(blobs.break_lease(ctx, BlobKey("k")));
  ASSERT_TRUE(blobs.break_lease(ctx, BlobKey("k")));
  EXPECT_EQ(blobs.renew_lease(ctx, BlobKey("k"), *lease).error().code(), Code::conflict);
  const auto next = blobs.acquire_lease(ctx, BlobKey("k"), 15s);
  ASSERT_TRUE(next);
  EXPECT_EQ(blobs.release_lease(ctx, BlobKey("k"), *lease).error().code(), Code::conflict);
  put("k", "new", with_lease(*next));
}

TEST_P(BlobStoreConformance, a_lease_needs_a_blob_and_a_fitting_length) {
  EXPECT_EQ(blobs.acquire_lease(ctx, BlobKey("k"), 15s).error().code(), Code::not_found);
  put("k", "x");
  for (const auto length : {0s, 14s, 61s}) {
    EXPECT_EQ(blobs.acquire_lease(ctx, BlobKey("k"), length).error().code(),
              Code::invalid_argument);
  }
}

TEST_P(BlobStoreConformance, a_stopped_or_late_call_does_nothing) {
  std::stop_source stop;
  stop.request_stop();
  const Context stopped = ctx.with_stop(stop.get_token());
  EXPECT_EQ(blobs.put(stopped, BlobKey("k"), "x", {}).error().code(), Code::cancelled);
  const Context late = ctx.with_deadline(clock().now());
  EXPECT_EQ(blobs.put(late, BlobKey("k"), "x", {}).error().code(), Code::deadline_exceeded);
  EXPECT_EQ(get("k"), "not_found");
}

TEST_P(BlobStoreConformance, behaves_like_a_map) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::map<std::string, std::string> model;
  for (int step = 0; step < 400; ++step) {
    const std::string key = "k" + std::to_string(random.below(20));
    switch (random.below(4)) {
      case 0:
      case 1: {
        const std::string bytes(random.below(random.below(10) == 0 ? 100'000 : 300),
                                char('a' + step % 26));
        put(key, bytes);
        model[key] = bytes;
        break;
      }
      case 2:
        EXPECT_TRUE(blobs.remove(ctx, BlobKey(key), {}));
        model.erase(key);
        break;
      default:
        ASSERT_TRUE(get(key) == (model.contains(key) ? model[key] : "not_found")) << step;
    }
  }
  Keys keys;
  for (const auto& [key, bytes] : model) keys.push_back(key);
  EXPECT_EQ(list("", 7), keys);
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BlobStoreConformance);

}  // namespace cloudfolio::storage
