// Heads of HTTP/2 requests: what they become, and what is refused and why.
#include "weir/http/h2_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {
namespace {

using namespace std::string_view_literals;
using List = std::vector<std::pair<std::string_view, std::string_view>>;

const List kGet{{":method", "GET"}, {":scheme", "https"}, {":path", "/a?b"}, {":authority", "A.example:8443"}};

List with(List base, const List& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

List without(std::string_view name) {
  List out = kGet;
  out.erase(std::remove_if(out.begin(), out.end(), [&](const auto& field) { return field.first == name; }), out.end());
  return out;
}

ParseResult parse(const List& list, RequestHead& head, bool end = true, const H1Limits& limits = {}) {
  H2RequestBlock block;
  block.begin(limits);
  for (const auto& [name, value] : list) block.add(name, value);
  return block.finish(end, head);
}

std::string reason(const List& list, bool end = true, const H1Limits& limits = {}) {
  RequestHead head;
  const ParseResult result = parse(list, head, end, limits);
  return result.status == ParseStatus::bad ? std::string(result.reason) : "accepted";
}

TEST(H2RequestBlock, BecomesTheHeadThatHttp1WouldGive) {
  RequestHead head;
  const List list = with(kGet, {{"cookie", "a=1"}, {"x-one", "1"}, {"cookie", "b=2"}, {"te", "trailers"}});
  ASSERT_EQ(parse(list, head).status, ParseStatus::done);

  EXPECT_TRUE(head.http2);
  EXPECT_EQ(head.version_text(), "HTTP/2.0");
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.method_text(), "GET");
  EXPECT_EQ(head.target(), "/a?b");
  EXPECT_EQ(head.host, "a.example");
  EXPECT_EQ(head.authority, "A.example:8443");
  EXPECT_EQ(head.fields.get(FieldId::cookie), "a=1; b=2");
  ASSERT_NE(head.fields.find("x-one"), nullptr);
  EXPECT_EQ(head.fields.value(*head.fields.find("x-one")), "1");
  EXPECT_EQ(head.body, BodyKind::none);
  EXPECT_TRUE(std::string_view(head.fields.text()).substr(0, 19) == "GET /a?b HTTP/2.0\r\n"sv);
}

TEST(H2RequestBlock, TheBodysEndIsToldByTheStream) {
  RequestHead head;
  ASSERT_EQ(parse(kGet, head, false).status, ParseStatus::done);
  EXPECT_EQ(head.body, BodyKind::chunked);
  ASSERT_EQ(parse(with(kGet, {{"content-length", "5"}}), head, false).status, ParseStatus::done);
  EXPECT_EQ(head.body, BodyKind::length);
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_EQ(reason(with(kGet, {{"content-length", "5"}})), "length-without-body");
  EXPECT_EQ(reason(with(kGet, {{"content-length", "0"}})), "accepted");
}

TEST(H2RequestBlock, ExpectIsOnlyForBodies) {
  RequestHead head;
  const List list = with(kGet, {{"expect", "100-continue"}});
  ASSERT_EQ(parse(list, head, false).status, ParseStatus::done);
  EXPECT_TRUE(head.expect_continue);
  ASSERT_EQ(parse(list, head, true).status, ParseStatus::done);
  EXPECT_FALSE(head.expect_continue);
}

TEST(H2RequestBlock, HostServesWhereThereIsNoAuthority) {
  RequestHead head;
  ASSERT_EQ(parse(with(without(":authority"), {{"host", "b.example"}}), head).status, ParseStatus::done);
  EXPECT_EQ(head.host, "b.example");
  EXPECT_EQ(reason(with(kGet, {{"host", "a.example:8443"}})), "accepted");
  EXPECT_EQ(reason(with(kGet, {{"host", "b.example"}})), "authority-differs");
  EXPECT_EQ(reason(without(":authority")), "host-missing");
}

TEST(H2RequestBlock, PseudoFieldsAreThereOnceAndFirst) {
  for (const std::string_view name : {":method"sv, ":scheme"sv, ":path"sv}) {
    EXPECT_EQ(reason(without(name)), "pseudo-field") << name;
  }
  for (const auto& [name, value] : kGet) EXPECT_EQ(reason(with(kGet, {{name, value}})), "pseudo-field") << name;
  EXPECT_EQ(reason(with(kGet, {{":protocol", "websocket"}})), "pseudo-field");
  EXPECT_EQ(reason(with(kGet, {{":status", "200"}})), "pseudo-field");
  EXPECT_EQ(reason(with({{"x", "y"}}, kGet)), "pseudo-field");
  EXPECT_EQ(reason(with({{"cookie", "y"}}, kGet)), "pseudo-field");
  EXPECT_EQ(reason(with(without(":path"), {{":path", ""}})), "pseudo-field");
  EXPECT_EQ(reason(with(without(":scheme"), {{":scheme", "ftp"}})), "pseudo-field");
}

TEST(H2RequestBlock, NothingInAValueCanEndALine) {
  const auto path = [](std::string_view value) { return reason(with(without(":path"), {{":path", value}})); };
  EXPECT_EQ(path("/ HTTP/1.1\r\nX: y"), "target-character");
  EXPECT_EQ(path("/a b"), "target-character");
  EXPECT_EQ(path("a"), "target-form");
  EXPECT_EQ(path("http://a.example/"), "target-form");
  EXPECT_EQ(path("/a#b"), "target-fragment");
  EXPECT_EQ(reason(with(without(":method"), {{":method", "GET /x"}})), "method");
  EXPECT_EQ(reason(with(without(":method"), {{":method", "G\r\nX: y"}})), "method");
  EXPECT_EQ(reason(with(without(":authority"), {{":authority", "a\r\nX: y"}})), "host-invalid");
  EXPECT_EQ(reason(with(without(":authority"), {{":authority", "u@a"}})), "host-invalid");
  EXPECT_EQ(reason(with(kGet, {{"x", "a\r\nb: c"}})), "bare-lf");
  EXPECT_EQ(reason(with(kGet, {{"x", "a\rb"}})), "bare-cr");
  EXPECT_EQ(reason(with(kGet, {{"x", "a\0b"sv}})), "nul");
  EXPECT_EQ(reason(with(kGet, {{"cookie", "a\nb"}})), "bare-lf");
  EXPECT_EQ(reason(with(kGet, {{"x", " a"}})), "field-value");
}

TEST(H2RequestBlock, NamesAreTokensInLowerCase) {
  EXPECT_EQ(reason(with(kGet, {{"X", "y"}})), "field-name-case");
  EXPECT_EQ(reason(with(kGet, {{"", "y"}})), "field-name");
  EXPECT_EQ(reason(with(kGet, {{"a b", "y"}})), "field-name");
  EXPECT_EQ(reason(with(kGet, {{"a:", "y"}})), "field-name");
}

TEST(H2RequestBlock, FieldsOfConnectionsAreRefused) {
  for (const std::string_view name :
       {"connection"sv, "keep-alive"sv, "proxy-connection"sv, "transfer-encoding"sv, "upgrade"sv}) {
    EXPECT_EQ(reason(with(kGet, {{name, "x"}}), false), "connection-field") << name;
  }
  EXPECT_EQ(reason(with(kGet, {{"te", "gzip"}})), "connection-field");
  EXPECT_EQ(reason(with(without(":method"), {{":method", "CONNECT"}})), "connect");
}

TEST(H2RequestBlock, LimitsAreThoseOfHttp1) {
  H1Limits limits;
  limits.head = 200;
  limits.fields = 6;
  limits.field_line = 100;
  limits.request_line = 100;
  const std::string long_value(90, 'x');
  EXPECT_EQ(reason(with(kGet, {{"a", "x"}, {"b", "x"}}), true, limits), "accepted");
  EXPECT_EQ(reason(with(kGet, {{"a", "x"}, {"b", "x"}, {"c", "x"}}), true, limits), "too-many-fields");
  EXPECT_EQ(reason(with(kGet, {{"a", long_value}, {"b", long_value}}), true, limits), "head-too-large");
  const std::string long_path = "/" + std::string(300, 'x');
  EXPECT_NE(reason(with(without(":path"), {{":path", long_path}}), true, limits), "accepted");
}

TEST(H2RequestBlock, OneBlockLeavesNothingToTheNext) {
  H2RequestBlock block;
  RequestHead head;
  block.begin({});
  for (const auto& [name, value] : with(kGet, {{"cookie", "a=1"}, {"x", "y"}, {"Bad", "z"}})) block.add(name, value);
  EXPECT_EQ(block.finish(true, head).status, ParseStatus::bad);

  block.begin({});
  for (const auto& [name, value] : kGet) block.add(name, value);
  ASSERT_EQ(block.finish(true, head).status, ParseStatus::done);
  EXPECT_EQ(head.fields.all().size(), 1U);
}

}  // namespace
}  // namespace weir::http
