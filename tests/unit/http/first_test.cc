#include "weir/http/h1_parser.h"
#include "weir/http/normalize.h"
#include <gtest/gtest.h>
namespace weir::http {
TEST(RequestParser, ReadsAPlainRequest) {
  RequestHead head;
  const ParseResult result = parse_request_head("GET /a?b HTTP/1.1\r\nHost: A.example:80\r\nConnection: close\r\n\r\n", {}, head);
  EXPECT_EQ(result.status, ParseStatus::done) << result.reason;
  EXPECT_EQ(head.host, "a.example");
  EXPECT_EQ(head.target(), "/a?b");
  EXPECT_FALSE(head.keep_alive);
}
}
