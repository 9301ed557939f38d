// The bucket function against the committed vectors and its own properties (F1 to F3).

#include "flags/bucket.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "flags/setting.h"
#include "storage/rules.h"

namespace cloudfolio::flags {
namespace {

struct Vector {
  std::string flag;
  std::string tenant;
  std::uint32_t hash = 0;
  std::uint32_t bucket = 0;
};

// A line is FLAG, FORM, TENANT, HASH (hex), BUCKET with tabs between: of form `text` the tenant is
// written with %XX, of form `repeated` it is "COUNT TEXT", the text so many times.
Vector vector_from(const std::string& line) {
  std::istringstream fields(line);
  std::string form, tenant, hash, bucket;
  Vector vector;
  std::getline(fields, vector.flag, '\t');
  std::getline(fields, form, '\t');
  std::getline(fields, tenant, '\t');
  std::getline(fields, hash, '\t');
  std::getline(fields, bucket, '\t');
  if (form == "text") {
    vector.tenant = storage::from_metadata_value(tenant).value_or("?");
  } else {
    const std::size_t space = tenant.find(' ');
    for (int i = std::stoi(tenant.substr(0, space)); i > 0; --i)
      vector.tenant += tenant.substr(space + 1);
  }
  vector.hash = static_cast<std::uint32_t>(std::stoul(hash, nullptr, 16));
  vector.bucket = static_cast<std::uint32_t>(std::stoul(bucket));
  return vector;
}

TEST(BucketTest, every_committed_vector_has_its_hash_and_its_bucket) {
  const std::string file =
      std::string(std::getenv("CLOUDFOLIO_SOURCE_DIR")) + "/src/flags/testing/buckets.tsv";
  std::ifstream lines(file);
  ASSERT_TRUE(lines) << file;
  std::size_t count = 0, empty = 0, with_nul = 0, beyond_ascii = 0;
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Vector vector = vector_from(line);
    ASSERT_EQ(murmur3_32(vector.flag + '\x1f' + vector.tenant), vector.hash) << line;
    ASSERT_EQ(bucket_of(vector.flag, vector.tenant), vector.bucket) << line;
    empty += vector.tenant.empty();
    with_nul += vector.tenant.find('\0') != std::string::npos;
    beyond_ascii += vector.tenant.find('\xc3') != std::string::npos;
    longest = std::max(longest, vector.tenant.size());
  }
  EXPECT_GE(count, 10'000u);
  EXPECT_GE(empty, 1u);
  EXPECT_GE(with_nul, 1u);
  EXPECT_GE(beyond_ascii, 1u);
  EXPECT_EQ(longest, 1u << 20);
}

// The algorithm's published test values.
TEST(BucketTest, the_hash_is_murmur3) {
  EXPECT_EQ(murmur3_32(""), 0u);
  EXPECT_EQ(murmur3_32("", 1), 0x514E28B7u);
  EXPECT_EQ(murmur3_32("", 0xffffffffu), 0x81F16F39u);
  EXPECT_EQ(murmur3_32("test", 0x9747b28cu), 0x704b81dcu);
  EXPECT_EQ(murmur3_32("Hello, world!", 0x9747b28cu), 0x24884CBAu);
  EXPECT_EQ(murmur3_32("The quick brown fox jumps over the lazy dog", 0x9747b28cu), 0x2FA826CDu);
}

std::string tenant_number(int number) {
  return "tenant-" + std::to_string(number);
}

TEST(BucketTest, one_percent_of_a_hundred_thousand_tenants_is_one_percent) {
  for (const char* flag : {"ENABLE_GRAPHQL_BATCH_FETCH", "ENABLE_QUOTA_ENFORCEMENT", "x"}) {
    int in = 0;
    for (int i = 0; i < 100'000; ++i) in += bucket_of(flag, tenant_number(i)) < 100;
    EXPECT_GE(in, 800) << flag;
    EXPECT_LE(in, 1200) << flag;
  }
}

// Chi-square over the 2x2 tables of all pairs: were flags correlated, the sum over 1,225 pairs (one
// degree of freedom each) would be far from its mean of 1,225 with a deviation of about 50.
TEST(BucketTest, fifty_flags_are_independent_over_ten_thousand_tenants) {
  constexpr int kFlags = 50;
  constexpr int kTenants = 10'000;
  std::vector<std::vector<bool>> in(kFlags, std::vector<bool>(kTenants));
  for (int f = 0; f < kFlags; ++f) {
    const std::string flag = "flag-" + std::to_string(f);
    for (int t = 0; t < kTenants; ++t) in[f][t] = bucket_of(flag, tenant_number(t)) < 3'000;
  }
  double sum = 0;
  double worst = 0;
  for (int a = 0; a < kFlags; ++a) {
    for (int b = a + 1; b < kFlags; ++b) {
      double cells[2][2] = {};
      for (int t = 0; t < kTenants; ++t) cells[in[a][t]][in[b][t]] += 1;
      double chi = 0;
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j) {
          const double expected =
              (cells[i][0] + cells[i][1]) * (cells[0][j] + cells[1][j]) / kTenants;
          chi += (cells[i][j] - expected) * (cells[i][j] - expected) / expected;
        }
      }
      sum += chi;
      worst = std::max(worst, chi);
    }
  }
  const double pairs = kFlags * (kFlags - 1) / 2.0;
  EXPECT_NEAR(sum, pairs, 5 * std::sqrt(2 * pairs));
  EXPECT_LT(worst, 20);  // p of 8e-6 each; 1 % over all pairs.
}

}  // namespace
}  // namespace cloudfolio::flags
