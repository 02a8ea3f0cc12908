// What Weir accepts, Boost.Beast's parser accepts too, and reads the same: an independent opinion on "strict".
// This file alone uses Beast here, so its code is taken from the headers.
#undef BOOST_BEAST_SEPARATE_COMPILATION

#include "unit/http/accepted_requests.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <set>
#include <string>

namespace weir::http {
namespace {

namespace beast_http = boost::beast::http;

TEST(AgainstBeast, WhatIsAcceptedIsAcceptedAndReadTheSame) {
  int compared = 0;
  for (const AcceptedRequest& row : accepted_requests()) {
    beast_http::request_parser<beast_http::empty_body> parser;
    parser.header_limit(64 * 1024);
    parser.body_limit(boost::none);
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(row.input.data(), row.input.size()), error);
    const bool accepted = !error && parser.is_header_done();
    EXPECT_EQ(accepted, !row.beast_refuses) << row.input << error.message();
    if (!accepted) continue;
    ++compared;

    RequestHead head;
    ASSERT_EQ(parse_request_head(row.input, {}, head).status, ParseStatus::done);
    EXPECT_EQ(used, head.size);
    EXPECT_EQ(parser.get().method_string(), head.method_text());
    EXPECT_EQ(parser.get().version() == 10, head.minor_version == 0);
    EXPECT_EQ(parser.chunked(), head.body == BodyKind::chunked) << row.input;
    if (head.body == BodyKind::length) {
      EXPECT_EQ(parser.content_length().value_or(1), head.content_length) << row.input;
    }
    // Beast keeps fields of one name together, so they are compared as sets. Host differs after an absolute-form
    // target.
    std::multiset<std::string> own;
    std::multiset<std::string> theirs;
    for (const Field& field : head.fields.all()) {
      if (field.id == FieldId::host) continue;
      own.insert(std::string(head.fields.name(field)).append("=").append(head.fields.value(field)));
    }
    for (const auto& field : parser.get()) {
      if (field.name() == beast_http::field::host) continue;
      theirs.insert(std::string(field.name_string()).append("=").append(field.value()));
    }
    EXPECT_EQ(own, theirs) << row.input;
  }
  EXPECT_GT(compared, 40);
}

}  // namespace
}  // namespace weir::http
