#include "upstream/h2_request.h"

#include "upstream/h2_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::upstream {
namespace {

std::string fields_of(std::string head, bool tls = false) {
  std::vector<nghttp2_nv> fields;
  make_h2_request(head.data(), head.size(), tls, fields);
  std::string out;
  for (const nghttp2_nv& one : fields) {
    out.append(reinterpret_cast<const char*>(one.name), one.namelen).append("=");
    out.append(reinterpret_cast<const char*>(one.value), one.valuelen).append("\n");
  }
  return out;
}

TEST(H2Request, PseudoFieldsComeFirstAndNamesAreLowerCase) {
  EXPECT_EQ(fields_of("POST /a/b?c HTTP/1.1\r\nX-One: 1\r\nHost: a.example:8080\r\nX-TWO: Two \r\n\r\n"),
            ":method=POST\n:scheme=http\n:path=/a/b?c\n:authority=a.example:8080\nte=trailers\nx-one=1\nx-two=Two\n");
  EXPECT_EQ(fields_of("GET * HTTP/1.0\r\n\r\n", true), ":method=GET\n:scheme=https\n:path=*\nte=trailers\n");
}

TEST(H2Request, FieldsOfConnectionsAreLeftOut) {
  EXPECT_EQ(
      fields_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nKeep-Alive: 1\r\nTE: gzip\r\n"
                "Transfer-Encoding: chunked\r\nProxy-Connection: x\r\nHTTP2-Settings: x\r\nContent-Length: 5\r\n\r\n"),
      ":method=GET\n:scheme=http\n:path=/\n:authority=a\nte=trailers\ncontent-length=5\n");
}

TEST(H2Budget, IsUsedUpAndFillsWithTimeAndWithFramesThatBringSomething) {
  H2Budget budget;
  for (std::uint64_t i = 0; i < H2Budget::kMost; ++i) ASSERT_TRUE(budget.take(0)) << i;
  EXPECT_FALSE(budget.take(0));
  EXPECT_TRUE(budget.take(10)) << "a hundred a second";
  EXPECT_FALSE(budget.take(10));
  budget.credit();
  for (std::uint64_t i = 0; i < H2Budget::kPerData; ++i) EXPECT_TRUE(budget.take(10));
  EXPECT_FALSE(budget.take(10));
  budget.credit(8);
  for (std::uint64_t i = 0; i < H2Budget::kPerData + 2; ++i) EXPECT_TRUE(budget.take(10));
  EXPECT_FALSE(budget.take(10));
  EXPECT_TRUE(budget.take(3'600'000));
  for (std::uint64_t i = 1; i < H2Budget::kMost; ++i) ASSERT_TRUE(budget.take(3'600'000));
  EXPECT_FALSE(budget.take(3'600'000)) << "never more than its most";
}

}  // namespace
}  // namespace weir::upstream
