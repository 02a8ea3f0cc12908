#include "weir/features/variables.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir::features {
namespace {

TEST(Variables, FixedNamesAndFamiliesAreKnown) {
  for (const char* name :
       {"host", "request_uri", "remote_addr", "uri", "args", "service_name", "http_x_forwarded_for", "arg_page",
        "cookie_session", "geoip2_city", "sent_http_server", "upstream_addr", "1", "9"}) {
    EXPECT_TRUE(is_known_variable(name)) << name;
  }
  for (const char* name : {"nosuch", "", "http_", "0", "10", "Host"}) EXPECT_FALSE(is_known_variable(name)) << name;
}

TEST(Variables, FindsTheFirstUnknownOne) {
  EXPECT_EQ(find_unknown_variable("https://$host$request_uri"), std::nullopt);
  EXPECT_EQ(find_unknown_variable("${host}x$nosuch$other"), "nosuch");
  EXPECT_EQ(find_unknown_variable("/$10/$2"), std::nullopt);
  EXPECT_EQ(find_unknown_variable("no variables"), std::nullopt);
}

TEST(Variables, ADollarThatStartsNothingIsUnknown) {
  EXPECT_EQ(find_unknown_variable("a$"), "");
  EXPECT_EQ(find_unknown_variable("$/x"), "");
  EXPECT_EQ(find_unknown_variable("${host"), "");
  EXPECT_EQ(find_unknown_variable("${}"), "");
}

// "literal:a host: field:x_id" ...
std::vector<std::pair<Variable, std::string>> pieces(const VariableText& text) {
  std::vector<std::pair<Variable, std::string>> out;
  for (const VariableText::Piece& piece : text.pieces()) out.emplace_back(piece.what, text.text_of(piece));
  return out;
}

using Pieces = std::vector<std::pair<Variable, std::string>>;

TEST(VariableText, KnowsWhichVariableStandsWhere) {
  EXPECT_EQ(pieces("https://$host/a$is_args${args}"), (Pieces{{Variable::literal, "https://"},
                                                              {Variable::host, "host"},
                                                              {Variable::literal, "/a"},
                                                              {Variable::is_args, "is_args"},
                                                              {Variable::args, "args"}}));
  EXPECT_EQ(pieces("$http_x_id$arg_Page$cookie_s"),
            (Pieces{{Variable::field, "x_id"}, {Variable::argument, "Page"}, {Variable::cookie, "s"}}));
  EXPECT_EQ(pieces("$status$upstream_http_x"),
            (Pieces{{Variable::logged, "status"}, {Variable::logged, "upstream_http_x"}}));
}

TEST(VariableText, NamesOfOneMeaningAreOneVariable) {
  EXPECT_EQ(pieces("$query_string").front().first, Variable::args);
  EXPECT_EQ(pieces("$document_uri").front().first, Variable::uri);
  EXPECT_EQ(pieces("$req_id").front().first, Variable::request_id);
  EXPECT_EQ(pieces("$binary_remote_addr").front().first, Variable::remote_addr);
}

TEST(VariableText, WhatStartsNoVariableStaysAsWritten) {
  EXPECT_EQ(pieces("/a$"), (Pieces{{Variable::literal, "/a$"}}));
  EXPECT_EQ(pieces("${}x${host"), (Pieces{{Variable::literal, "${}x${host"}}));
  EXPECT_EQ(pieces("$nosuch"), (Pieces{{Variable::unknown, "nosuch"}}));
}

TEST(VariableText, TellsLiteralsAndCapturesApart) {
  EXPECT_TRUE(VariableText().is_literal());
  EXPECT_TRUE(VariableText("/a").is_literal());
  EXPECT_FALSE(VariableText("/$host").is_literal());
  EXPECT_TRUE(VariableText("/$2").uses_captures());
  EXPECT_FALSE(VariableText("/$host").uses_captures());
}

TEST(VariableText, ACopyRefersToItsOwnText) {
  VariableText copy;
  {
    const VariableText first("a$host");
    copy = first;
  }
  EXPECT_EQ(pieces(copy), (Pieces{{Variable::literal, "a"}, {Variable::host, "host"}}));
  EXPECT_EQ(copy, VariableText("a$host"));
  EXPECT_NE(copy, VariableText("a$uri"));
}

}  // namespace
}  // namespace weir::features
