#include "features/validators.h"

#include <gtest/gtest.h>

namespace weir::features {
namespace {

using syntax::Blanks;

TEST(Validators, BasicHoldsNoDollarHashPercentQuoteOrSemicolon) {
  const Validate check = syntax::basic().check;

  EXPECT_TRUE(check("ns/name-1_2.x~y:80"));
  for (const char* bad : {"$", "#", "%", "@", "'", "\"", ";", "(", "a?b", "a,b", "a=b", "\xc3\xa4"}) {
    EXPECT_FALSE(check(bad)) << bad;
  }
}

TEST(Validators, EveryClassRefusesLineBreaks) {
  const Syntax classes[] = {
      syntax::boolean(),
      syntax::integer(),
      syntax::size(),
      syntax::basic(),
      syntax::basic_with_blanks(),
      syntax::extended(),
      syntax::url(Blanks::kept),
      syntax::url(Blanks::removed),
      syntax::url_with_variables(),
      syntax::variables(),
      syntax::capture(Blanks::kept),
      syntax::header_names(),
      syntax::regex(Blanks::kept),
      syntax::containing("", {"1"}),
      syntax::word("", {"1"}),
      syntax::digits(""),
      syntax::characters("", "-"),
      syntax::service_name(),
  };
  for (const Syntax& one : classes) {
    EXPECT_FALSE(one.check("1\r\n1")) << one.text;
    EXPECT_FALSE(one.check("1\n")) << one.text;
    EXPECT_FALSE(one.check("1\r")) << one.text;
  }
}

TEST(Validators, LineBreaksInsideAHostListAreRefusedAndAroundItemsIgnored) {
  const Validate check = syntax::host_list().check;

  EXPECT_TRUE(check("a.example, *.b.example ,~^www\\d+\\.c$"));
  EXPECT_TRUE(check("a.example\n"));
  EXPECT_FALSE(check("a.exa\nmple"));
  EXPECT_FALSE(check("a.example;"));
}

TEST(Validators, BlanksAreRemovedOnlyWhereTheOriginalRemovesThem) {
  EXPECT_TRUE(syntax::basic().check(" a b "));
  EXPECT_TRUE(syntax::size().check("8 k"));
  EXPECT_TRUE(syntax::capture(Blanks::removed).check("/a /$1"));
  EXPECT_TRUE(syntax::word("", {"close"}).check(" cl ose "));
  EXPECT_FALSE(syntax::capture(Blanks::kept).check(" /z"));
  EXPECT_FALSE(syntax::url(Blanks::kept).check("  http://x/y  "));
  EXPECT_FALSE(syntax::regex(Blanks::kept).check("a b"));
  EXPECT_TRUE(syntax::regex(Blanks::removed).check(" a "));
  EXPECT_FALSE(syntax::regex(Blanks::removed).check("a b"));
}

TEST(Validators, TabsAreNoBlanks) {
  EXPECT_FALSE(syntax::basic().check("a\tb"));
  EXPECT_FALSE(syntax::extended().check("a\tb"));
}

TEST(Validators, BooleansAreExactlyTheListedSpellings) {
  const Validate check = syntax::boolean().check;

  for (const char* good : {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}) {
    EXPECT_TRUE(check(good)) << good;
  }
  for (const char* bad : {"yes", "on", "tRUE", " true", "true ", "2", "\"true\""}) EXPECT_FALSE(check(bad)) << bad;
}

TEST(Validators, IntegersHaveASignAndDigitsOnly) {
  const Validate check = syntax::integer().check;

  for (const char* good : {"0", "+5", "-7", "0012"}) EXPECT_TRUE(check(good)) << good;
  for (const char* bad : {" 5", "5s", "0x10", "1.5", "+", "99999999999999999999"}) EXPECT_FALSE(check(bad)) << bad;
}

TEST(Validators, SizesHaveAtMostOneUnit) {
  const Validate check = syntax::size().check;

  for (const char* good : {"1", "8k", "8K", "1m", "2G", "5b", "9999999999999g"}) EXPECT_TRUE(check(good)) << good;
  for (const char* bad : {"k", "1kb", "-1", "1t", "1.5m"}) EXPECT_FALSE(check(bad)) << bad;
}

TEST(Validators, UrlsHoldVariablesOnlyWhereAllowed) {
  EXPECT_TRUE(syntax::url(Blanks::kept).check("https://h:8080/p?a=b&c=d,e"));
  EXPECT_FALSE(syntax::url(Blanks::kept).check("https://h$request_uri"));
  EXPECT_TRUE(syntax::url_with_variables().check("https://h/x?rd=$escaped_request_uri"));
  EXPECT_FALSE(syntax::url_with_variables().check("https://h/${x}"));
}

TEST(Validators, RegexClassHoldsExpressionCharacters) {
  EXPECT_TRUE(syntax::regex(Blanks::kept).check("^/a(b|c)[d]{2}.*\\w+?$"));
  EXPECT_FALSE(syntax::regex(Blanks::kept).check("a;b"));
  EXPECT_FALSE(syntax::regex(Blanks::kept).check("a#b"));
}

TEST(Validators, CidrListsTakeAddressesOfBothFamiliesAndNoEmptyItem) {
  const Validate check = syntax::cidr_list().check;

  EXPECT_TRUE(check("10.0.0.0/8, 192.168.1.1,2001:db8::/32"));
  for (const char* bad : {"10.0.0.0/33", "10.0.0.0/8,", "host", "10.0.0.256", "1.2.3.4;"})
    EXPECT_FALSE(check(bad)) << bad;
}

TEST(Validators, ServiceNamesAreLabels) {
  const Validate check = syntax::service_name().check;

  EXPECT_TRUE(check("errors-1"));
  EXPECT_TRUE(check(std::string(63, 'a')));
  for (const std::string& bad :
       {std::string("1a"), std::string("a-"), std::string("A"), std::string("a.b"), std::string(64, 'a')}) {
    EXPECT_FALSE(check(bad)) << bad;
  }
}

TEST(Validators, OptionsIgnoreWhiteSpaceAroundThemAndCaseOnRequest) {
  EXPECT_TRUE(syntax::one_of("", {"on", "off"}).check(" on\n"));
  EXPECT_FALSE(syntax::one_of("", {"on", "off"}).check("ON"));
  EXPECT_TRUE(syntax::one_of("", {"GRPC"}, syntax::Case::ignored).check("grpc"));
}

TEST(Validators, ContainingIsNotAnchored) {
  EXPECT_TRUE(syntax::containing("", {"basic", "digest"}).check("xbasicx"));
  EXPECT_FALSE(syntax::containing("", {"basic", "digest"}).check("Basic"));
}

TEST(Validators, TrimLinesTrimsEveryLine) {
  EXPECT_EQ(trim_lines("  a \n\t b\r\n"), "a\nb");
  EXPECT_EQ(trim_lines(" \n \t\r\n"), "");
  EXPECT_EQ(trim_lines("a  b"), "a  b");
}

}  // namespace
}  // namespace weir::features
