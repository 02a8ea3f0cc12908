#include "weir/http/h2_response.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir::http {
namespace {

using FieldList = std::vector<std::pair<std::string, std::string>>;

class H2ResponseBlockTest : public ::testing::Test {
 protected:
  ParseStatus read(const FieldList& fields, bool end_stream = false) {
    feed(fields);
    return block.finish(end_stream, head).status;
  }
  ParseStatus read_trailers(const FieldList& fields) {
    feed(fields);
    return block.finish_trailers(trailers).status;
  }

  H1Limits limits;
  H2ResponseBlock block;
  ResponseHead head;
  Fields trailers;

 private:
  void feed(const FieldList& fields) {
    block.begin(limits);
    for (const auto& [name, value] : fields) {
      if (!block.add(name, value)) return;
    }
  }
};

TEST_F(H2ResponseBlockTest, BecomesTheHeadThatHttp1WouldHave) {
  ASSERT_EQ(read({{":status", "203"}, {"content-type", "text/plain"}, {"set-cookie", "a"}, {"set-cookie", "b"}}),
            ParseStatus::done);

  EXPECT_EQ(head.status, 203);
  EXPECT_EQ(head.fields.all().size(), 3u);
  EXPECT_EQ(head.fields.get(FieldId::content_type), "text/plain");
  EXPECT_TRUE(head.keep_alive);
}

TEST_F(H2ResponseBlockTest, TheStreamTellsTheEndOfABodyWithoutLength) {
  EXPECT_EQ(read({{":status", "200"}}), ParseStatus::done);
  EXPECT_EQ(head.body, BodyKind::chunked);
  EXPECT_EQ(read({{":status", "200"}, {"content-length", "7"}}), ParseStatus::done);
  EXPECT_EQ(head.body, BodyKind::length);
  EXPECT_EQ(head.content_length, 7u);
  EXPECT_EQ(read({{":status", "200"}}, true), ParseStatus::done);
  EXPECT_EQ(head.body, BodyKind::length);
  EXPECT_EQ(head.content_length, 0u);
}

TEST_F(H2ResponseBlockTest, WhatHttp2ForbidsIsRefused) {
  const FieldList bad[] = {
      {},
      {{"x", "1"}},
      {{"x", "1"}, {":status", "200"}},
      {{":status", "200"}, {":status", "200"}},
      {{":status", "099"}},
      {{":status", "2000"}},
      {{":status", "+20"}},
      {{":status", "200"}, {":method", "GET"}},
      {{":status", "200"}, {"X", "1"}},
      {{":status", "200"}, {"", "1"}},
      {{":status", "200"}, {"x", "a\r\nb: c"}},
      {{":status", "200"}, {"x", std::string(1, '\0')}},
      {{":status", "200"}, {"connection", "close"}},
      {{":status", "200"}, {"transfer-encoding", "chunked"}},
      {{":status", "200"}, {"content-length", "1"}, {"content-length", "2"}},
  };
  for (const FieldList& fields : bad) {
    EXPECT_EQ(read(fields), ParseStatus::bad) << (fields.empty() ? "nothing" : fields.back().first);
    EXPECT_EQ(block.fault().status == ParseStatus::bad ? block.fault().http_status : 502, 502);
  }
  EXPECT_EQ(read({{":status", "200"}}), ParseStatus::done) << "a fault ends with its block";
}

TEST_F(H2ResponseBlockTest, BytesAndFieldsHaveBounds) {
  limits.head = 100;
  limits.fields = 3;

  EXPECT_EQ(read({{":status", "200"}, {"x", std::string(90, 'x')}}), ParseStatus::done);
  EXPECT_EQ(read({{":status", "200"}, {"x", std::string(96, 'x')}}), ParseStatus::bad);
  EXPECT_EQ(block.fault().reason, "head-too-large");
  EXPECT_EQ(read({{":status", "200"}, {"a", ""}, {"b", ""}}), ParseStatus::done);
  EXPECT_EQ(read({{":status", "200"}, {"a", ""}, {"b", ""}, {"c", ""}}), ParseStatus::bad);
  EXPECT_EQ(block.fault().reason, "too-many-fields");
}

TEST_F(H2ResponseBlockTest, TrailersAreFieldsWithoutStatus) {
  ASSERT_EQ(read_trailers({{"grpc-status", "0"}, {"grpc-message", "all good"}, {"content-length", "3"}}),
            ParseStatus::done);

  ASSERT_EQ(trailers.all().size(), 3u);
  EXPECT_EQ(trailers.name(trailers.all()[0]), "grpc-status");
  EXPECT_EQ(trailers.value(trailers.all()[1]), "all good");
  EXPECT_FALSE(trailers.all()[0].dropped);
  EXPECT_TRUE(trailers.all()[2].dropped) << "framing has no meaning there";
  EXPECT_EQ(read_trailers({{":status", "200"}}), ParseStatus::bad);
  EXPECT_EQ(read_trailers({{"x", "a\nb"}}), ParseStatus::bad);
  EXPECT_EQ(read_trailers({}), ParseStatus::done);
  EXPECT_TRUE(trailers.all().empty());
}

}  // namespace
}  // namespace weir::http
