// Chunked bodies, each cut at every position and at every pair of positions.
#include "unit/http/replay.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {
namespace {

using namespace std::string_view_literals;

struct Row {
  std::string_view expected;  // "body|done|bytes left", "body|more|0" or the reason
  std::string_view input;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::size_t size = row.input.size();
    for (std::size_t a = 0; a <= size; ++a) {
      for (std::size_t b = a; b <= size; ++b) {
        ASSERT_EQ(decode_chunked(row.input, a, b), row.expected) << row.input << "\ncut at " << a << " and " << b;
      }
    }
  }
}

TEST(ChunkedDecoder, Decodes) {
  check({
      {"|done|0", "0\r\n\r\n"},
      {"|done|0", "0000000000000000\r\n\r\n"},
      {"abc|done|0", "3\r\nabc\r\n0\r\n\r\n"},
      {"abcdefghijklmnop|done|0", "A\r\nabcdefghij\r\n0006\r\nklmnop\r\n0\r\n\r\n"},
      {"abcdefghij\r\n0\r\n|done|3", "f\r\nabcdefghij\r\n0\r\n\r\n0\r\n\r\nGET"},
      {"a|done|0", "1;x\r\na\r\n0;y=z;q=\"a \\\" ;\t\xff\"\r\n\r\n"},
      {"a|done|0", "1;a=b;c;d=\"\"\r\na\r\n0\r\n\r\n"},
      {"a|done|0", "1\r\na\r\n0\r\nX: y\r\nY:\r\nZ: \x80\t\r\n\r\n"},
      {"|done|0", "0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"},
      {"|done|4", "0\r\n\r\nPOST"},
      {"abc|more|0", "3\r\nabc"},
      {"abc|more|0", "3\r\nabc\r\n0\r\n\r"},
      {"ab|more|0", "7fffffffffffffff\r\nab"},
      {"|more|0", ""},
  });
}

TEST(ChunkedDecoder, Refuses) {
  check({
      {"chunk-size", "\r\n"},
      {"chunk-size", " 0\r\n\r\n"},
      {"chunk-size", "\t0\r\n\r\n"},
      {"chunk-size", "0 \r\n\r\n"},
      {"chunk-size", "0\t\r\n\r\n"},
      {"chunk-size", "3 ;a=b\r\nabc\r\n"},
      {"chunk-size", "g\r\n"},
      {"chunk-size", "0x3\r\nabc\r\n"},
      {"chunk-size", "-3\r\nabc\r\n"},
      {"chunk-size", "+3\r\nabc\r\n"},
      {"chunk-size", ";a\r\n"},
      {"chunk-size", "3_0\r\n"},
      {"chunk-size", "3,3\r\n"},
      {"chunk-size",
       "\0"
       "0\r\n"sv},
      {"chunk-size", "00000000000000000\r\n\r\n"},
      {"chunk-size", "00000000000000003\r\nabc\r\n"},
      {"chunk-too-large", "8000000000000000\r\n"},
      {"chunk-too-large", "ffffffffffffffff\r\n"},
      {"bare-lf", "\n"},
      {"bare-lf", "0\n\n"},
      {"bare-lf", "0\r\n\n"},
      {"bare-lf", "3\nabc\r\n0\r\n\r\n"},
      {"bare-cr", "0\rx"},
      {"bare-cr", "0\r\r\n"},
      {"bare-cr", "0\r\n\rx"},
      {"chunk-end", "3\r\nabcd\r\n"},
      {"chunk-end", "3\r\nabc\n0\r\n\r\n"},
      {"chunk-end", "3\r\nabc\r0\r\n\r\n"},
      {"chunk-end", "3\r\nabc0\r\n\r\n"},
      {"chunk-end", "3\r\nab\r\n0\r\n\r\n"},
      {"chunk-extension", "1;\r\na\r\n"},
      {"chunk-extension", "1; a\r\na\r\n"},
      {"chunk-extension", "1;a \r\na\r\n"},
      {"chunk-extension", "1;a =b\r\na\r\n"},
      {"chunk-extension", "1;a= b\r\na\r\n"},
      {"chunk-extension", "1;a=\r\na\r\n"},
      {"chunk-extension", "1;=b\r\na\r\n"},
      {"chunk-extension", "1;a;;b\r\na\r\n"},
      {"chunk-extension", "1;a=b=c\r\na\r\n"},
      {"chunk-extension", "1;a\0\r\na\r\n"sv},
      {"chunk-extension", "1;a=\"\0\"\r\na\r\n"sv},
      {"chunk-extension", "1;a=\"b\r\n\"\r\na\r\n"},
      {"chunk-extension", "1;a=\"\\\r\na\r\n"},
      {"chunk-extension", "1;a=\"b\"c\r\na\r\n"},
      {"chunk-extension", "1;a\x80\r\na\r\n"},
      {"bare-lf", "1;a\na\r\n"},
      {"bare-lf", "1;a=b\na\r\n"},
      {"bare-cr", "1;a\rb\r\n"},
      {"trailer", "0\r\n X: y\r\n\r\n"},
      {"trailer", "0\r\nX: y\r\n z\r\n\r\n"},
      {"trailer", "0\r\n: y\r\n\r\n"},
      {"trailer", "0\r\nX\r\n\r\n"},
      {"trailer", "0\r\nX : y\r\n\r\n"},
      {"trailer", "0\r\nX: \0\r\n\r\n"sv},
      {"trailer", "0\r\nX\0: y\r\n\r\n"sv},
      {"trailer", "0\r\nX: \x01\r\n\r\n"},
      {"trailer", "0\r\nX\xc3: y\r\n\r\n"},
      {"trailer", "0\r\nGET / HTTP/1.1\r\n\r\n"},
      {"bare-lf", "0\r\nX: y\n\r\n"},
      {"bare-cr", "0\r\nX: y\rZ: a\r\n\r\n"},
  });
}

TEST(ChunkedDecoder, BoundsExtensionsOfTheWholeBody) {
  std::string body;
  for (int i = 0; i < 40; ++i) body += "1;" + std::string(100, 'x') + "\r\na\r\n";
  // 40 times 100 bytes of name and the CR that ends them.
  EXPECT_EQ(decode_chunked(body + "0\r\n\r\n", 100, 1000), std::string(40, 'a') + "|done|0");
  body += "1;" + std::string(60, 'x') + "\r\na\r\n";
  EXPECT_EQ(decode_chunked(body + "0\r\n\r\n", 100, 1000), "chunk-extensions-too-long");
  EXPECT_EQ(decode_chunked("1;" + std::string(5000, 'x'), 0, 0), "chunk-extensions-too-long");
}

TEST(ChunkedDecoder, BoundsTrailers) {
  EXPECT_EQ(decode_chunked("0\r\nX: " + std::string(8000, 'x') + "\r\n\r\n", 10, 20), "|done|0");
  EXPECT_EQ(decode_chunked("0\r\nX: " + std::string(8200, 'x') + "\r\n\r\n", 10, 20), "trailers-too-long");
  std::string lines = "0\r\n";
  for (int i = 0; i < 3000; ++i) lines += "X:\r\n";
  EXPECT_EQ(decode_chunked(lines, 10, 20), "trailers-too-long");
}

TEST(ChunkedDecoder, StaysMalformedUntilReset) {
  ChunkedDecoder decoder;
  std::string_view data;
  EXPECT_EQ(decoder.next("x", data), -1);
  EXPECT_EQ(decoder.next("0\r\n\r\n", data), -1);
  EXPECT_EQ(decoder.error(), "chunk-size");
  decoder.reset();
  EXPECT_EQ(decoder.next("0\r\n\r\n", data), 5);
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(decoder.next("0\r\n\r\n", data), 0);
}

TEST(ChunkedDecoder, HandsOutDataAsViewsOfTheInput) {
  ChunkedDecoder decoder;
  const std::string_view input = "5\r\nabcde\r\n";
  std::string_view data;
  EXPECT_EQ(decoder.next(input, data), 8);
  EXPECT_EQ(data, "abcde");
  EXPECT_EQ(data.data(), input.data() + 3);
}

}  // namespace
}  // namespace weir::http
