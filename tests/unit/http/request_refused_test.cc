// What must be refused, and why. Each input is also parsed growing byte by byte.
#include "unit/http/replay.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::http {
namespace {

using namespace std::string_view_literals;

struct Refused {
  std::string_view verdict;  // without "bad "
  std::string_view input;
};

void check(const std::vector<Refused>& cases, const H1Limits& limits = {}) {
  for (const Refused& row : cases) {
    const std::string verdict =
        parse_growing(row.input, [&](std::string_view cut) { return parse_request(cut, limits); });
    EXPECT_EQ(verdict, "bad " + std::string(row.verdict)) << row.input;
    // More bytes behind it change nothing.
    EXPECT_EQ(parse_request(std::string(row.input) + "GET / HTTP/1.1\r\n\r\n", limits),
              "bad " + std::string(row.verdict))
        << row.input;
  }
}

// A complete GET with these field lines.
std::string get(std::string_view lines) {
  return "GET / HTTP/1.1\r\n" + std::string(lines) + "\r\n";
}

void check_fields(std::string_view verdict, const std::vector<std::string_view>& blocks) {
  for (const std::string_view block : blocks) {
    const std::string input = get(block);
    check({{verdict, input}});
  }
}

void check_hosts(const std::vector<std::string_view>& hosts) {
  for (const std::string_view host : hosts) {
    const std::string input = get("Host: " + std::string(host) + "\r\n");
    check({{"400 host-invalid", input}});
    if (host.find_first_of("/?") != std::string_view::npos) continue;  // would be another URI
    const std::string absolute = "GET http://" + std::string(host) + "/ HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(parse_request(absolute).substr(0, 4), "bad ") << absolute;
  }
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  check({
      {"400 method", " GET / HTTP/1.1\r\n"},
      {"400 method", "G@T / HTTP/1.1\r\n"},
      {"400 method", "G(T / HTTP/1.1\r\n"},
      {"400 method", "GET\t/ HTTP/1.1\r\n"},
      {"400 method", "GE\x80T / HTTP/1.1\r\n"},
      {"400 method", "G/ET / HTTP/1.1\r\n"},
      {"400 method", ": / HTTP/1.1\r\n"},
      {"400 method", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"sv},
      {"400 request-line", "GET\r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n"},
      {"400 request-line", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"400 version", "GET /\r\n"},
      {"400 version", "GET / \r\n"},
      {"400 version", "GET / HTTP/1.\r\n"},
      {"400 version", "GET / HTTP/1\r\n"},
      {"400 version", "GET / HTTP/11\r\n"},
      {"400 version", "GET / HTTP/1.10\r\n"},
      {"400 version", "GET / HTTP/01.1\r\n"},
      {"400 version", "GET / HTTP/10.1\r\n"},
      {"400 version", "GET / HTTP/0.9\r\n"},
      {"400 version", "GET / HTTP/0.0\r\n"},
      {"400 version", "GET / http/1.1\r\n"},
      {"400 version", "GET / Http/1.1\r\n"},
      {"400 version", "GET / HTTPS/1.1\r\n"},
      {"400 version", "GET / HTTP/1,1\r\n"},
      {"400 version", "GET / HTTP/1.x\r\n"},
      {"400 version", "GET / HTTP/+1.1\r\n"},
      {"400 request-line", "GET / HTTP /1.1\r\n"},
      {"400 version", "GET / HTTP/1.1\x80\r\n"},
      {"400 version", "GET / HTTP/1.1\x01\r\n"},
      {"400 version", "GET / RTSP/1.0\r\n"},
      {"505 version-unsupported", "GET / HTTP/2.0\r\n"},
      {"505 version-unsupported", "GET / HTTP/2.1\r\n"},
      {"505 version-unsupported", "GET / HTTP/3.0\r\n"},
      {"505 version-unsupported", "GET / HTTP/9.9\r\n"},
      {"505 version-unsupported", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"501 connect", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"},
      {"501 connect", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"501 connect", "CONNECT a HTTP/1.0\r\n\r\n"},
  });
}

TEST(RequestParser, RefusesLineEndsThatAreNotCrlf) {
  check({
      {"400 bare-lf", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"400 bare-lf", "GET / HTTP/1.1\nHost: a\n\n"},
      {"400 bare-lf", "GET\n"},
      {"400 bare-lf", "GET /\n"},
      {"400 bare-lf", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
      {"400 bare-lf", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
      {"400 bare-lf", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n"},
      {"400 bare-lf", "GET / HTTP/1.1\r\nHost: a\r\nX\n: b\r\n\r\n"},
      {"400 bare-cr", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"400 bare-cr", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {"400 bare-cr", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
      {"400 bare-cr", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
      {"400 bare-cr", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"},
      {"400 bare-cr", "GET / HTTP/1.1\r\nHost: a\r\n\rX"},
      {"400 bare-cr", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"},
      {"400 empty-lines", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
  });
}

TEST(RequestParser, RefusesNulAnywhere) {
  check({
      {"400 nul", "\0GET / HTTP/1.1\r\n"sv},
      {"400 nul", "GE\0T / HTTP/1.1\r\n"sv},
      {"400 nul", "GET /\0 HTTP/1.1\r\n"sv},
      {"400 nul", "GET / HTTP/1.1\0\r\n"sv},
      {"400 nul", "GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n"sv},
      {"400 nul", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"sv},
      {"400 nul", "GET / HTTP/1.1\r\nHost: a\r\n\0\r\n"sv},
      {"400 nul", "GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\r\n\r\n"sv},
  });
}

TEST(RequestParser, RefusesTargets) {
  check({
      {"400 target-form", "GET * HTTP/1.1\r\n"},
      {"400 target-form", "POST * HTTP/1.1\r\n"},
      {"400 target-form", "OPTIONS ** HTTP/1.1\r\n"},
      {"400 target-form", "OPTIONS *?a HTTP/1.1\r\n"},
      {"400 target-form", "options * HTTP/1.1\r\n"},
      {"400 target-form", "GET c HTTP/1.1\r\n"},
      {"400 target-form", "GET ?x HTTP/1.1\r\n"},
      {"400 target-form", "GET @b HTTP/1.1\r\n"},
      {"400 target-form", "GET :80/ HTTP/1.1\r\n"},
      {"400 target-form", "GET . HTTP/1.1\r\n"},
      {"400 target-form", "GET ../x HTTP/1.1\r\n"},
      {"400 target-form", "GET a.example:80 HTTP/1.1\r\n"},
      {"400 target-form", "GET \\x HTTP/1.1\r\n"},
      {"400 target-form", "GET %2F HTTP/1.1\r\n"},
      {"400 target-form", "GET http:/a/ HTTP/1.1\r\n"},
      {"400 target-form", "GET http:a HTTP/1.1\r\n"},
      {"400 target-form", "GET ftp://a/ HTTP/1.1\r\n"},
      {"400 target-form", "GET file:///etc/passwd HTTP/1.1\r\n"},
      {"400 target-form", "GET ws://a/ HTTP/1.1\r\n"},
      {"400 target-form", "GET ://a/ HTTP/1.1\r\n"},
      {"400 target-form", "GET xhttp://a/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http:/// HTTP/1.1\r\n"},
      {"400 target-authority", "GET http:///x HTTP/1.1\r\n"},
      {"400 target-authority", "GET http:// HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://?x HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://u@a/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://u:p@a/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://a:b/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://a:1:2/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://a:65536/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://:80/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://a\\b/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://a,b/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://%61/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://[::1/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://[::1]x/ HTTP/1.1\r\n"},
      {"400 target-authority", "GET http://http:x//a/ HTTP/1.1\r\n"},
      {"400 target-fragment", "GET /# HTTP/1.1\r\n"},
      {"400 target-fragment", "GET /a#b HTTP/1.1\r\n"},
      {"400 target-fragment", "GET # HTTP/1.1\r\n"},
      {"400 target-fragment", "GET /a?b#c HTTP/1.1\r\n"},
      {"400 target-fragment", "GET http://a/#f HTTP/1.1\r\n"},
      {"400 target-fragment", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#b HTTP/1.1\r\n"},
      {"400 target-character", "GET /\x80 HTTP/1.1\r\n"},
      {"400 target-character", "GET /\xc3\xa4 HTTP/1.1\r\n"},
      {"400 target-character", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xff HTTP/1.1\r\n"},
      {"400 target-character", "GET /\x7f HTTP/1.1\r\n"},
      {"400 target-character", "GET /\x01 HTTP/1.1\r\n"},
      {"400 target-character", "GET /\x1f HTTP/1.1\r\n"},
      {"400 target-character", "GET /a\tb HTTP/1.1\r\n"},
      {"400 target-character", "GET \t/ HTTP/1.1\r\n"},
      {"400 target-character", "GET /\x0b HTTP/1.1\r\n"},
      {"400 target-character", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x0c HTTP/1.1\r\n"},
  });
}

TEST(RequestParser, RefusesFieldLines) {
  check_fields("400 field-name", {"Host\r\n",
                                  ": a\r\n",
                                  ":\r\n",
                                  "Ho@st: a\r\n",
                                  "Ho(st: a\r\n",
                                  "Host;: a\r\n",
                                  "\x80: a\r\n",
                                  "X\xc3\xa4: a\r\n",
                                  "X\x01: a\r\n",
                                  "X\x7f: a\r\n",
                                  "\"X\": a\r\n",
                                  "X[0]: a\r\n",
                                  "X/Y: a\r\n",
                                  "X\\Y: a\r\n",
                                  "X{Y}: a\r\n",
                                  "X,Y: a\r\n",
                                  "X=Y: a\r\n",
                                  "X?: a\r\n",
                                  "Host: a\r\nGET\r\n",
                                  "AVeryLongNameThatNeedsMoreThanSixteenBytes\xff: a\r\n"});
  check_fields("400 field-name-blank",
               {"Host : a\r\n", "Host\t: a\r\n", "Host: a\r\nX Y: b\r\n", "Host: a\r\nContent-Length : 3\r\n",
                "Host: a\r\nTransfer-Encoding : chunked\r\n", "Host: a\r\nTransfer-Encoding\t: chunked\r\n",
                "Host: a\r\nGET / HTTP/1.1\r\nX: b\r\n"});
  check_fields("400 obs-fold", {" Host: a\r\n", "\tHost: a\r\n", "Host: a\r\n b\r\n", "Host: a\r\n\tb\r\n",
                                "Host: a\r\nX: b\r\n \r\n", "Host: a\r\nTransfer-Encoding:\r\n chunked\r\n",
                                "Host: a\r\nContent-Length: 1\r\n 0\r\n", "Host: a\r\n X: y\r\n"});
  check_fields("400 field-value", {"Host: a\x01\r\n", "Host: a\r\nX: \x7f\r\n",
                                   "Host: a\r\nX: a\x0b"
                                   "b\r\n",
                                   "Host: a\r\nX: \x1b[31m\r\n", "Host: a\r\nX: \x0c\r\n",
                                   "Host: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x08\r\n",
                                   "Host: a\r\nTransfer-Encoding: \x0b"
                                   "chunked\r\n"});
}

TEST(RequestParser, RefusesHosts) {
  check_fields("400 host-missing", {"", "X: a\r\n", "Host:\r\n", "Host: \r\n", "Host: \t \r\n"});
  check_fields("400 host-several", {"Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: b\r\n",
                                    "Host: a\r\nX: y\r\nHOST:\r\n", "Host:\r\nHost: a\r\n"});
  check_hosts({"a, b",
               "a,b",
               "a b",
               "a\tb",
               "a/b",
               "a/",
               "/",
               "a?b",
               "?",
               "u@a",
               "u:p@a",
               "@a",
               "a\\b",
               "\\",
               "a:b",
               "a:80a",
               "a:1:2",
               "a::80",
               "a:-1",
               "a:+80",
               "a:65536",
               "a:100000",
               "a: 80",
               ":80",
               ":",
               "::1",
               "a%20b",
               "%61",
               "a..b",
               ".a",
               ".",
               "..",
               "a..",
               "[::1",
               "::1]",
               "[]",
               "[]:80",
               "[::1]a",
               "[::1]:b",
               "[g::1]",
               "[::1%25eth0]",
               "[1.2.3.4]",
               "[v1.a]",
               "a]",
               "\"a\"",
               "a'b",
               "a;b",
               "a&b",
               "a=b",
               "(a)",
               "<a>",
               "a|b",
               "a^b",
               "a`b",
               "{a}",
               "a!b",
               "a$b",
               "a*b",
               "*",
               "*.a",
               "\xc3\xa4.example",
               "a\xff",
               "http://a",
               "//a"});
  check_hosts({"a#b", "#"});
  check_hosts({std::string(256, 'a')});
}

TEST(RequestParser, RefusesTransferEncodingThatIsNotExactlyChunked) {
  check_fields("400 te-invalid", {"Host: a\r\nTransfer-Encoding: xchunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunkedx\r\n",
                                  "Host: a\r\nTransfer-Encoding: cow\r\n",
                                  "Host: a\r\nTransfer-Encoding: identity\r\n",
                                  "Host: a\r\nTransfer-Encoding: gzip\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked, identity\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked, gzip\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked, chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked,chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: \"chunked\"\r\n",
                                  "Host: a\r\nTransfer-Encoding: 'chunked'\r\n",
                                  "Host: a\r\nTransfer-Encoding:\r\n",
                                  "Host: a\r\nTransfer-Encoding: \t\r\n",
                                  "Host: a\r\nTransfer-Encoding: ,\r\n",
                                  "Host: a\r\nTransfer-Encoding: , chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked,\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked;a=b\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked bar\r\n",
                                  "Host: a\r\nTransfer-Encoding: foo chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunk\r\n",
                                  "Host: a\r\nTransfer-Encoding: \xa0"
                                  "chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked\xa0\r\n",
                                  "Host: a\r\nTransfer-Encoding: 0chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: gzip;q=1, chunked\r\n"});
  check_fields("501 te-unknown", {"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: identity, chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: a, b,c , CHUNKED\r\n"});
  check_fields("400 te-several", {"Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                                  "Host: a\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
                                  "Host: a\r\nTransfer-Encoding: gzip\r\ntransfer-encoding: chunked\r\n"});
  check_fields("400 te-and-cl", {"Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                                 "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                 "Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                                 "Host: a\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n",
                                 "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: xchunked\r\n",
                                 "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: identity\r\n"});
  check({{"400 te-http10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
         {"400 te-http10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
         {"400 te-http10", "POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n"}});
}

TEST(RequestParser, RefusesContentLengths) {
  check_fields("400 content-length-several", {"Host: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n",
                                              "Host: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
                                              "Host: a\r\nContent-Length: 3\r\ncontent-length: 03\r\n",
                                              "Host: a\r\nContent-Length:\r\nContent-Length: 3\r\n"});
  check_fields(
      "400 content-length-invalid",
      {"Host: a\r\nContent-Length:\r\n", "Host: a\r\nContent-Length: a\r\n", "Host: a\r\nContent-Length: +3\r\n",
       "Host: a\r\nContent-Length: -3\r\n", "Host: a\r\nContent-Length: 3 3\r\n", "Host: a\r\nContent-Length: 3,3\r\n",
       "Host: a\r\nContent-Length: 3, 3\r\n", "Host: a\r\nContent-Length: 3,\r\n", "Host: a\r\nContent-Length: 0x3\r\n",
       "Host: a\r\nContent-Length: 3.0\r\n", "Host: a\r\nContent-Length: 1e3\r\n", "Host: a\r\nContent-Length: 3;\r\n",
       "Host: a\r\nContent-Length: \"3\"\r\n", "Host: a\r\nContent-Length: 1_000\r\n",
       "Host: a\r\nContent-Length: \xc2\xa0"
       "3\r\n",
       "Host: a\r\nContent-Length: 9223372036854775808\r\n", "Host: a\r\nContent-Length: 18446744073709551616\r\n",
       "Host: a\r\nContent-Length: 18446744073709551619\r\n",
       "Host: a\r\nContent-Length: 99999999999999999999999999999999\r\n"});
}

TEST(RequestParser, RefusesRepeatedSingletonsAndForeignExpectations) {
  check_fields(
      "400 field-repeated",
      {"Host: a\r\nAuthorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n",
       "Host: a\r\nAuthorization: a\r\nauthorization: a\r\n", "Host: a\r\nIf-None-Match: a\r\nIf-None-Match: b\r\n",
       "Host: a\r\nIf-Match: a\r\nIf-Match: b\r\n", "Host: a\r\nIf-Modified-Since: a\r\nIf-Modified-Since: b\r\n",
       "Host: a\r\nIf-Unmodified-Since: a\r\nIf-Unmodified-Since: b\r\n", "Host: a\r\nIf-Range: a\r\nIf-Range: b\r\n",
       "Host: a\r\nContent-Range: a\r\nContent-Range: b\r\n",
       "Host: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n"});
  check_fields("417 expect", {"Host: a\r\nExpect: 200-ok\r\n", "Host: a\r\nExpect:\r\n", "Host: a\r\nExpect: 100\r\n",
                              "Host: a\r\nExpect: 100-continue, x\r\n", "Host: a\r\nExpect: 100-continue;a\r\n"});
  std::string many = "Host: a\r\nConnection: a";
  for (int i = 0; i < 64; ++i) many += ",b";
  check_fields("400 connection-too-long", {many + "\r\n"});
}

TEST(RequestParser, RefusesWhatIsBeyondItsLimits) {
  H1Limits limits;
  limits.request_line = 40;
  limits.field_line = 30;
  limits.fields = 3;
  limits.head = 120;
  const std::string line = "GET /" + std::string(26, 'x') + " HTTP/1.1";
  ASSERT_EQ(line.size(), 40u);
  EXPECT_EQ(parse_request(line + "\r\nHost: a\r\n\r\n", limits), "done 53");
  const std::string longer = "GET /" + std::string(27, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string endless = "GET /" + std::string(500, 'x');
  const std::string method = std::string(500, 'X');
  const std::string bad_behind = "GET /" + std::string(50, 'x') + "\x01 HTTP/1.1\r\n";
  const std::string field = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(28, 'y') + "\r\n\r\n";
  const std::string name = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(31, 'y') + ": z\r\n\r\n";
  const std::string blanks = "GET / HTTP/1.1\r\nHost: a\r\nX:" + std::string(60, ' ') + "\r\n\r\n";
  const std::string four = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\nX: 3\r\n\r\n";
  const std::string lines(150, 'x');
  check({{"414 request-line-too-long", longer},
         {"414 request-line-too-long", endless},
         {"414 request-line-too-long", method},
         {"414 request-line-too-long", bad_behind},
         {"400 field-line-too-long", field},
         {"400 field-line-too-long", name},
         {"400 field-line-too-long", blanks},
         {"400 too-many-fields", four}},
        limits);
  EXPECT_EQ(parse_request("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(27, 'y') + "\r\n\r\n", limits), "done 59");
  EXPECT_EQ(parse_request("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n", limits), "done 39");

  limits.fields = 100;
  const std::string whole =
      line + "\r\nHost: a\r\nX: " + std::string(27, 'y') + "\r\nY: " + std::string(27, 'y') + "\r\n\r\n";
  ASSERT_EQ(whole.size(), 117u);
  limits.head = 116;
  check({{"400 head-too-large", whole}}, limits);
  limits.head = 117;
  EXPECT_EQ(parse_request(whole, limits), "done 117");
  limits.head = 30;
  check({{"414 request-line-too-long", endless}}, limits);
}

TEST(RequestParser, DefaultLimitsAreThoseOfTheOriginal) {
  const std::string line_8k = "GET /" + std::string(8192 - 14, 'x') + " HTTP/1.1";
  ASSERT_EQ(line_8k.size(), 8192u);
  EXPECT_EQ(parse_request(line_8k + "\r\nHost: a\r\n\r\n"), "done 8205");
  EXPECT_EQ(parse_request("GET /x" + line_8k.substr(5) + "\r\nHost: a\r\n\r\n"), "bad 414 request-line-too-long");
  std::string fields = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 99; ++i) fields += "X: y\r\n";
  EXPECT_EQ(parse_request(fields + "\r\n").substr(0, 4), "done");
  EXPECT_EQ(parse_request(fields + "X: y\r\n\r\n"), "bad 400 too-many-fields");
}

}  // namespace
}  // namespace weir::http
