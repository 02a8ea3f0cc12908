#include "watch/yaml_scalar.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weir::watch {
namespace {

TEST(YamlScalar, BooleansAndNullsAreGosYaml2) {
  for (auto yes : {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"}) {
    EXPECT_EQ(json_of_plain(yes), "true") << yes;
  }
  for (auto no : {"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"}) {
    EXPECT_EQ(json_of_plain(no), "false") << no;
  }
  for (auto null : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(json_of_plain(null), "null") << null;
  for (auto text : {"yEs", "tRUE", "nULL", "enabled", "t", "f"}) {
    EXPECT_EQ(json_of_plain(text), "\"" + std::string(text) + "\"");
  }
}

TEST(YamlScalar, NumbersAreWrittenAsJsonNumbers) {
  const std::pair<const char*, const char*> cases[] = {{"0", "0"},
                                                       {"-0", "0"},
                                                       {"80", "80"},
                                                       {"+1", "1"},
                                                       {"-17", "-17"},
                                                       {"010", "8"},
                                                       {"0o10", "8"},
                                                       {"0x1f", "31"},
                                                       {"-0x1F", "-31"},
                                                       {"0b101", "5"},
                                                       {"1_000", "1000"},
                                                       {"08", "8"},
                                                       {"80.0", "80"},
                                                       {"1.5", "1.5"},
                                                       {".5", "0.5"},
                                                       {"1e3", "1000"},
                                                       {"-1.5E-2", "-0.015"},
                                                       {"1.", "1"},
                                                       {"+1.5", "1.5"},
                                                       {"18446744073709551615", "18446744073709551615"},
                                                       {"-9223372036854775808", "-9223372036854775808"}};
  for (const auto& [text, json] : cases) EXPECT_EQ(json_of_plain(text), json) << text;
}

TEST(YamlScalar, EverythingElseIsAString) {
  for (auto text : {"a",        "8k",  "10m", "1.2.3.4", "1.2.3", "2026-11-24", "2026-11-24T10:00:00Z",
                    "12:30:45", "0x",  "0xg", "+",       "-",     ".",          "1e",
                    "1e+",      "--1", "+-1", "0b2x",    "1,000", "/x",         "$1",
                    "1 2"}) {
    EXPECT_EQ(json_of_plain(text), "\"" + std::string(text) + "\"") << text;
  }
}

TEST(YamlScalar, ValuesWithoutJsonCounterpartHaveNone) {
  for (auto text : {".nan", ".NaN", ".inf", "-.inf", "+.INF"}) EXPECT_EQ(json_of_plain(text), "") << text;
}

TEST(YamlScalar, HugeNumbersStayDefined) {
  EXPECT_EQ(json_of_plain("1e999"), "\"1e999\"");
  EXPECT_EQ(json_of_plain("99999999999999999999999"), "1e+23");
}

TEST(YamlScalar, StringsAreEscaped) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\x01\xc3\xa4"), "\"a\\\"b\\\\c\\u000a\\u0009\\u0001\xc3\xa4\"");
}

}  // namespace
}  // namespace weir::watch
