#include "weir/http/h1_writer.h"

#include "unit/http/accepted_requests.h"
#include "unit/http/replay.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace weir::http {
namespace {

using namespace std::string_view_literals;

TEST(HeadWriter, WritesAHead) {
  std::array<char, 256> buffer{};
  HeadWriter head(buffer.data(), buffer.size());
  head.status_line(200);
  head.field("Content-Length", 18446744073709551615u);
  head.field("Empty", "");
  head.field_name("Parts");
  head.value_part("a=");
  head.value_part(7);
  head.value_part(";b");
  head.field_end();
  head.finish();
  EXPECT_TRUE(head.ok());
  EXPECT_EQ(head.text(), "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nEmpty: \r\nParts: a=7;b\r\n\r\n");
}

TEST(HeadWriter, AValueCannotSplitTheHead) {
  std::array<char, 256> buffer{};
  HeadWriter head(buffer.data(), buffer.size());
  head.status_line(302, "a\r\nb");
  head.field("Location", "\r\nSet-Cookie: x\0\x7f\x01y\ttab"sv);
  EXPECT_EQ(head.text(), "HTTP/1.1 302 a  b\r\nLocation:   Set-Cookie: x   y\ttab\r\n");
}

TEST(HeadWriter, ACleanFieldIsWrittenAsItIs) {
  char buffer[64];
  HeadWriter head(buffer, sizeof buffer);
  head.clean_field("X-A", "b\xc3\xa4");
  head.clean_field("X-Empty", "");
  EXPECT_TRUE(head.ok());
  EXPECT_EQ(head.text(), "X-A: b\xc3\xa4\r\nX-Empty: \r\n");
}

TEST(HeadWriter, StopsAtTheEndOfItsBuffer) {
  for (std::size_t size = 0; size < 60; ++size) {
    const std::unique_ptr<char[]> buffer(new char[size + 1]);
    buffer[size] = '!';
    HeadWriter head(buffer.get(), size);
    head.request_line("GET", "/abc");
    head.field("Host", "a.example");
    head.field("N", 123456u);
    head.finish();
    EXPECT_EQ(head.ok(), size >= 49) << size;
    EXPECT_LE(head.size(), size);
    EXPECT_EQ(buffer[size], '!');
  }
}

TEST(HeadWriter, CopiesTheFieldsThatAreNotDroppedOrSkipped) {
  RequestHead head;
  ASSERT_EQ(
      parse_request_head("GET http://b/ HTTP/1.1\r\nA: 1\r\nB: 2\r\nHost: a\r\nTE: x\r\nC:3\r\nD: 4 \r\nE: \t5\r\n"
                         "F:\t6\r\nG: \r\nCookie: 7\r\nH: 8\r\n\r\n",
                         {}, head)
          .status,
      ParseStatus::done);
  std::array<char, 256> buffer{};
  HeadWriter out(buffer.data(), buffer.size());
  out.fields(head.fields, field_bit(FieldId::cookie));
  EXPECT_EQ(out.text(), "A: 1\r\nB: 2\r\nHost: b\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: \r\nH: 8\r\n");
}

// Writing a parsed request and parsing it again gives the same head, but for what is not forwarded.
TEST(HeadWriter, WhatIsWrittenIsReadBack) {
  for (const AcceptedRequest& row : accepted_requests()) {
    RequestHead head;
    ASSERT_EQ(parse_request_head(row.input, {}, head).status, ParseStatus::done);
    std::array<char, 4096> buffer{};
    HeadWriter out(buffer.data(), buffer.size());
    out.request_line(head.method_text(), head.target());
    out.field("Host", head.authority.empty() ? std::string_view("none") : std::string_view(head.authority));
    if (head.body == BodyKind::chunked) out.field("Transfer-Encoding", "chunked");
    if (head.body == BodyKind::length) out.field("Content-Length", head.content_length);
    out.fields(head.fields, field_bit(FieldId::host) | field_bit(FieldId::content_length));
    out.finish();
    ASSERT_TRUE(out.ok());

    RequestHead again;
    ASSERT_EQ(parse_request_head(out.text(), {}, again).status, ParseStatus::done) << out.text();
    EXPECT_EQ(again.size, out.size());
    EXPECT_EQ(again.target(), head.target());
    EXPECT_EQ(again.method_text(), head.method_text());
    EXPECT_EQ(again.body, head.body);
    EXPECT_EQ(again.content_length, head.content_length);
    EXPECT_TRUE(again.keep_alive);
    EXPECT_EQ(again.host, head.authority.empty() ? "none" : head.host);
    // A second round changes nothing any more.
    std::array<char, 4096> buffer2{};
    HeadWriter out2(buffer2.data(), buffer2.size());
    out2.request_line(again.method_text(), again.target());
    out2.field("Host", again.authority);
    if (again.body == BodyKind::chunked) out2.field("Transfer-Encoding", "chunked");
    if (again.body == BodyKind::length) out2.field("Content-Length", again.content_length);
    out2.fields(again.fields, field_bit(FieldId::host) | field_bit(FieldId::content_length));
    out2.finish();
    EXPECT_EQ(out2.text(), out.text());
  }
}

TEST(Phrases, AreThoseOfTheOriginal) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(302), "Moved Temporarily");
  EXPECT_EQ(reason_phrase(401), "Unauthorized");
  EXPECT_EQ(reason_phrase(503), "Service Temporarily Unavailable");
  EXPECT_EQ(reason_phrase(799), "Unknown");
  EXPECT_EQ(page_phrase(302), "Found");
  EXPECT_EQ(page_phrase(401), "Authorization Required");
  EXPECT_EQ(page_phrase(404), "Not Found");
  EXPECT_EQ(page_phrase(413), "Request Entity Too Large");
  EXPECT_EQ(page_phrase(421), "Misdirected Request");
}

TEST(ChunkHeader, IsHexAndCrlf) {
  std::array<char, kChunkHeaderSize> buffer{};
  const auto header = [&](std::uint64_t size) {
    return std::string(buffer.data(), write_chunk_header(size, buffer.data()));
  };
  EXPECT_EQ(header(1), "1\r\n");
  EXPECT_EQ(header(0x1a2b), "1a2b\r\n");
  EXPECT_EQ(header(0xffffffffffffffffu), "ffffffffffffffff\r\n");
  EXPECT_EQ(decode_chunked(header(5) + "abcde" + std::string(kChunkEnd) + std::string(kLastChunk), 0, 0),
            "abcde|done|0");
}

TEST(DateCache, FormatsImfFixdate) {
  DateCache cache;
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(cache.at(951782399), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(cache.at(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(cache.at(1798761599), "Thu, 31 Dec 2026 23:59:59 GMT");
  EXPECT_EQ(cache.at(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(RequestIds, AreLowerCaseHexAndDiffer) {
  RequestIds ids = RequestIds::from_system();
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<char, 33> id{};
    id[32] = '!';
    ids.write(id.data());
    EXPECT_EQ(id[32], '!');
    const std::string text(id.data(), 32);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(RequestIds, FollowTheirSeed) {
  RequestIds a(1, 2);
  RequestIds b(1, 2);
  RequestIds zero(0, 0);
  std::array<char, 32> x{};
  std::array<char, 32> y{};
  a.write(x.data());
  b.write(y.data());
  EXPECT_EQ(x, y);
  zero.write(y.data());
  EXPECT_NE(std::string(y.data(), 32), std::string(32, '0'));
}

}  // namespace
}  // namespace weir::http
