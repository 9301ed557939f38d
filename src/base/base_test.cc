#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time_text.h"

namespace cloudfolio {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error(Code::invalid_argument, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  CF_TRY(const int once, half(number));
  CF_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, the_first_error_is_passed_on) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error(), Error(Code::invalid_argument, "odd"));
}

TEST(Result, a_derived_pointer_becomes_the_base_pointer) {
  const auto open = []() -> Result<std::unique_ptr<Clock>> {
    return std::make_unique<ManualClock>();
  };
  EXPECT_TRUE(open());
}

TEST(Error, tells_the_story_outermost_first) {
  EXPECT_EQ(Error(Code::unavailable, "refused").while_doing("list").while_doing("sync").message(),
            "sync: list: refused");
}

TEST(Error, every_code_has_a_name_that_reads_back) {
  for (int i = 0; i <= int(Code::internal); ++i) {
    EXPECT_EQ(code_from(to_string(Code(i))), Code(i));
  }
  EXPECT_EQ(code_from("invented_later"), Code::internal);
}

TEST(TimeText, reads_back_what_it_writes) {
  ManualClock clock;
  EXPECT_EQ(to_text(clock.wall_time()), "2026-01-01T00:00:00Z");
  clock.advance(std::chrono::microseconds(61'000'042));
  EXPECT_EQ(to_text(clock.wall_time()), "2026-01-01T00:01:01.000042Z");
  EXPECT_EQ(time_from(to_text(clock.wall_time())), clock.wall_time());
}

TEST(TimeText, reads_the_forms_that_older_systems_wrote) {
  const auto noon = time_from("2025-10-07T12:00:00Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(time_from("2025-10-07T12:00:00"), noon);
  EXPECT_EQ(time_from("2025-10-07T14:00:00+02:00"), noon);
  EXPECT_EQ(time_from("2025-10-07T12:00:00.000000+00:00"), noon);
  EXPECT_EQ(time_from("2025-10-07 12:00:00"), noon);
}

TEST(TimeText, refuses_what_is_no_time) {
  for (const char* text :
       {"", "2025", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-01",
        "2025-01-01T25:00:00Z", "2025-01-01T00:00:00Zjunk", "2025-01-01T00:00:00."}) {
    EXPECT_FALSE(time_from(text)) << text;
  }
}

TEST(Context, a_child_never_gets_more_time_than_its_parent) {
  const ManualClock clock;
  const Context parent(TenantId("a"), clock.now() + std::chrono::seconds(5));
  EXPECT_EQ(parent.with_deadline(clock.now() + std::chrono::seconds(9)).deadline(),
            parent.deadline());
}

TEST(Secret, does_not_print) {
  std::ostringstream out;
  out << Secret("hunter2");
  EXPECT_EQ(out.str(), "<secret>");
}

TEST(Random, the_same_seed_gives_the_same_stream) {
  Random one(7), other(7);
  EXPECT_EQ(one.next(), other.next());
  EXPECT_LT(one.below(10), 10u);
  EXPECT_LT(one.unit(), 1.0);
}

}  // namespace
}  // namespace cloudfolio
