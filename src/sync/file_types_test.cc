#include "sync/file_types.h"

#include <gtest/gtest.h>

namespace cloudfolio::sync {
namespace {

TEST(FileTypes, extensions_are_pythons) {
  const std::pair<const char*, const char*> cases[] = {
      {"a.py", ".py"},     {"src/A.CPP", ".cpp"},
      {"a.tar.gz", ".gz"}, {"Makefile", ""},
      {".gitignore", ""},  {"x/.env.local", ".local"},
      {"..a", ""},         {"a.", "."},
      {"v1.2/README", ""}, {"", ""},
      {"...", ""}};
  for (const auto& [path, extension] : cases) EXPECT_EQ(extension_of(path), extension) << path;
}

TEST(FileTypes, the_first_language_that_has_an_extension_decides) {
  EXPECT_EQ(category_of(".md"), FileCategory::prose);  // Markdown, not GCC Machine Description
  EXPECT_EQ(category_of(".txt"), FileCategory::data);  // Adblock Filter List
  EXPECT_EQ(category_of(".cfg"), FileCategory::data);  // HAProxy
  EXPECT_EQ(category_of(".tf"), FileCategory::programming);   // HCL
  EXPECT_EQ(category_of(".php"), FileCategory::programming);  // Hack
  EXPECT_EQ(category_of(".html"), FileCategory::markup);
  EXPECT_EQ(category_of(".json"), FileCategory::data);
  EXPECT_EQ(category_of(".py"), FileCategory::programming);
  EXPECT_EQ(category_of(".rst"), FileCategory::prose);
  EXPECT_EQ(category_of(".no-such-thing"), FileCategory::nil);
  EXPECT_EQ(category_of(""), FileCategory::nil);
}

TEST(FileTypes, are_counted_by_extension_and_by_category) {
  const FileTypes types =
      count_file_types({"a.py", "b/c.PY", "README.md", "data.json", "x.zzzz", "LICENSE", ".env"});
  EXPECT_EQ(types.counts, (std::vector<std::pair<std::string, std::int64_t>>{
                              {".json", 1}, {".md", 1}, {".py", 2}, {".zzzz", 1}}));
  EXPECT_EQ(types.categories, (cache::CategorizedTypes{2, 1, 0, 1, 1}));
}

}  // namespace
}  // namespace cloudfolio::sync
