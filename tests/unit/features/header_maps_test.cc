#include "weir/features/header_maps.h"

#include <gtest/gtest.h>

namespace weir::features {
namespace {

using Data = std::map<std::string, std::string>;

TEST(HeaderMaps, CustomHeadersAreThoseThatAreAllowed) {
  const HeaderMap read = read_custom_headers({{"X-B", "2; $literal|{}"}, {"X-A", "1"}}, {"X-A", "X-B"});

  EXPECT_EQ(read.fields, (std::vector<HeaderField>{{"X-A", "1"}, {"X-B", "2; $literal|{}"}}));
  EXPECT_TRUE(read.problems.empty());
}

TEST(HeaderMaps, ACustomHeaderThatCannotBeSetIsAProblem) {
  for (const auto& [name, value] : Data{{"X-C", "not allowed"},
                                        {"x-a", "the list is case-sensitive"},
                                        {"X-B", ""},
                                        {"X-A", "a\r\nX-Evil: b"},
                                        {"X B", "1"},
                                        {"Content-Length", "5"}}) {
    const HeaderMap read = read_custom_headers({{name, value}}, {"X-A", "X-B", "X B", "Content-Length"});
    EXPECT_TRUE(read.fields.empty()) << name;
    EXPECT_EQ(read.problems.size(), 1u) << name;
  }
}

TEST(HeaderMaps, HeaderTextsHoldVariablesAndLoseTheirLineEnd) {
  const HeaderTextMap read = read_header_texts({{"X-Host", "h=$host\n"}, {"X-Empty", ""}});

  EXPECT_EQ(read.fields, (std::vector<HeaderText>{{"X-Empty", ""}, {"X-Host", "h=$host"}}));
}

TEST(HeaderMaps, AnUnusableTextIsLeftOutAndTheOthersStay) {
  const HeaderTextMap read = read_header_texts({{"Transfer-Encoding", "chunked"},
                                                {"connection", "x"},
                                                {"X-Lines", "a\nb"},
                                                {"X-Unknown", "$nosuch"},
                                                {"X:Y", "z"},
                                                {"X-Good", "g"}});

  EXPECT_EQ(read.fields, (std::vector<HeaderText>{{"X-Good", "g"}}));
  EXPECT_EQ(read.problems.size(), 5u);
}

}  // namespace
}  // namespace weir::features
