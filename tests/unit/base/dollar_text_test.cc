#include "weir/base/dollar_text.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::base {
namespace {

// "l:a v:host" ...
std::string pieces(std::string_view text) {
  std::string out;
  DollarReader reader(text);
  while (reader.next()) {
    constexpr std::string_view kLetters = "lvnu";
    if (!out.empty()) out += ' ';
    out.append(1, kLetters[static_cast<std::size_t>(reader.kind())]).append(":").append(reader.text());
  }
  return out;
}

TEST(DollarText, NamesEndWhereTheirCharactersDo) {
  EXPECT_EQ(pieces(""), "");
  EXPECT_EQ(pieces("plain"), "l:plain");
  EXPECT_EQ(pieces("https://$host:8$request_uri"), "l:https:// v:host l::8 v:request_uri");
  EXPECT_EQ(pieces("$a$b_C9-x"), "v:a v:b_C9 l:-x");
}

TEST(DollarText, BracesHoldAName) {
  EXPECT_EQ(pieces("${host}x"), "v:host l:x");
  EXPECT_EQ(pieces("a${weird name}"), "l:a v:weird name");
}

TEST(DollarText, ACaptureIsOneDigit) {
  EXPECT_EQ(pieces("/$10/$2a"), "l:/ v:1 l:0/ v:2 l:a");
  EXPECT_EQ(pieces("$0x"), "v:0x");
}

TEST(DollarText, ADollarThatStartsNothingIsToldApart) {
  EXPECT_EQ(pieces("a$"), "l:a n:$");
  EXPECT_EQ(pieces("$/x"), "n:$ l:/x");
  EXPECT_EQ(pieces("${}x"), "n:${} l:x");
  EXPECT_EQ(pieces("x${host"), "l:x u:${ l:host");
}

}  // namespace
}  // namespace weir::base
