// What must be accepted, and everything the parser says about it.
#include "unit/http/accepted_requests.h"
#include "unit/http/replay.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using namespace std::string_literals;

std::string read(std::string_view input, const H1Limits& limits = {}) {
  RequestHead head;
  const ParseResult result = parse_request_head(input, limits, head);
  return result.status == ParseStatus::done ? text(head) : text(result, head.size);
}

TEST(RequestParser, AcceptsAndExplains) {
  for (const AcceptedRequest& row : accepted_requests()) {
    EXPECT_EQ(read(row.input), row.head) << row.input;
  }
}

TEST(RequestParser, AcceptsTheSameHowEverTheInputIsCut) {
  for (const AcceptedRequest& row : accepted_requests()) {
    const std::string verdict = parse_growing(row.input, [](std::string_view cut) { return parse_request(cut); });
    EXPECT_EQ(verdict, "done " + std::to_string(row.input.size())) << row.input;
  }
}

TEST(RequestParser, LeavesWhatFollowsTheHead) {
  for (const AcceptedRequest& row : accepted_requests()) {
    const std::string whole = std::string(row.input) + "\0\r\n garbage\xff"s;
    EXPECT_EQ(parse_request(whole), "done " + std::to_string(row.input.size()));
    EXPECT_EQ(read(whole), row.head);
  }
}

TEST(RequestParser, AHeadCanBeUsedAgain) {
  RequestHead head;
  for (int round = 0; round < 2; ++round) {
    for (const AcceptedRequest& row : accepted_requests()) {
      ASSERT_EQ(parse_request_head(row.input, {}, head).status, ParseStatus::done);
      EXPECT_EQ(text(head), row.head);
    }
  }
}

TEST(RequestParser, ARequestReadAfterARefusedOneStartsClean) {
  RequestHead head;
  ASSERT_EQ(parse_request_head("POST http://b/ HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nContent-Length: x\r\n\r\n",
                               {}, head)
                .status,
            ParseStatus::bad);
  ASSERT_EQ(parse_request_head("GET / HTTP/1.0\r\n\r\n", {}, head).status, ParseStatus::done);
  EXPECT_EQ(text(head), "GET / 1.0 authority= host= body=none close |");
}

TEST(RequestParser, UnderscoreNamesAreKeptWhenAllowedUnlessTheyImitateAnOwnName) {
  H1Limits limits;
  limits.underscores_in_names = true;
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a\r\nA_b: c\r\nX_Forwarded_For: d\r\nContent_Length: 5\r\n"
                 "Transfer_Encoding: chunked\r\nx-real_ip: 1\r\nuser_agent: e\r\n\r\n",
                 limits),
            "GET / 1.1 authority=a host=a body=none keep | Host=a A_b=c (X_Forwarded_For=d) (Content_Length=5) "
            "(Transfer_Encoding=chunked) (x-real_ip=1) user_agent=e");
}

TEST(RequestParser, FindsFieldsByIdAndByName) {
  RequestHead head;
  ASSERT_EQ(
      parse_request_head("GET / HTTP/1.1\r\nhOST: a\r\nX-FORWARDED-for: 1\r\nMy: x\r\nmy: y\r\n\r\n", {}, head).status,
      ParseStatus::done);
  EXPECT_EQ(head.fields.get(FieldId::forwarded_for), "1");
  EXPECT_EQ(head.fields.get(FieldId::cookie), "");
  EXPECT_EQ(head.fields.find(FieldId::cookie), nullptr);
  ASSERT_NE(head.fields.find("MY"), nullptr);
  EXPECT_EQ(head.fields.value(*head.fields.find("MY")), "x");
  EXPECT_EQ(head.fields.find("m"), nullptr);
}

TEST(FieldNames, EveryIdIsFoundByItsName) {
  for (unsigned i = 1; i < static_cast<unsigned>(FieldId::count); ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string name(field_name(id));
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(classify_field(name), id) << name;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(classify_field(name), id) << name;
    EXPECT_EQ(classify_field(name + "x"), FieldId::other) << name;
    for (char& c : name) c = c == '-' ? '_' : c;
    if (name.find('_') != std::string::npos) {
      EXPECT_EQ(classify_field(name), FieldId::other) << name;
    }
  }
  EXPECT_EQ(classify_field(""), FieldId::other);
  EXPECT_EQ(field_name(FieldId::strict_transport_security), "strict-transport-security");
  EXPECT_EQ(field_name(FieldId::x_accel_expires), "x-accel-expires");
  EXPECT_EQ(field_name(FieldId::if_match), "if-match");
  EXPECT_EQ(field_name(FieldId::www_authenticate), "www-authenticate");
  EXPECT_EQ(field_name(FieldId::http2_settings), "http2-settings");
}

TEST(Methods, OnlyPostAndPatchAreNotIdempotent) {
  EXPECT_TRUE(is_idempotent(Method::get));
  EXPECT_TRUE(is_idempotent(Method::put));
  EXPECT_TRUE(is_idempotent(Method::delete_));
  EXPECT_FALSE(is_idempotent(Method::post));
  EXPECT_FALSE(is_idempotent(Method::patch));
}

}  // namespace
}  // namespace weir::http
