// docs/wire-strictness.md and the code name the same reasons.
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace weir::http {
namespace {

TEST(WireStrictness, TheTableOfReasonsIsTheOneOfTheCode) {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/docs/wire-strictness.md");
  ASSERT_TRUE(file.is_open());
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  std::string expected = "| reason | status | meaning |\n| --- | --- | --- |\n";
  for (const Rejection& row : rejections()) {
    expected.append("| `").append(row.code).append("` | ").append(std::to_string(row.status));
    expected.append(" | ").append(row.meaning).append(" |\n");
  }
  const std::size_t at = document.find("| reason | status | meaning |");
  ASSERT_NE(at, std::string::npos);
  const std::size_t end = document.find("\n\n", at);
  EXPECT_EQ(document.substr(at, end + 1 - at), expected);
}

TEST(WireStrictness, ReasonsAreUniqueAndStatusesAreErrors) {
  std::set<std::string_view> codes;
  for (const Rejection& row : rejections()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_GE(row.status, 400) << row.code;
    EXPECT_LE(row.status, 505) << row.code;
    EXPECT_EQ(row.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string_view::npos) << row.code;
  }
  EXPECT_EQ(codes.count(kPathReason), 1u);
}

}  // namespace
}  // namespace weir::http
