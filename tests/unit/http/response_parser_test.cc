// Heads of upstreams: accepted with everything the parser says, refused with the reason; each also growing byte by
// byte.
#include "unit/http/replay.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::http {
namespace {

using namespace std::string_view_literals;

struct Row {
  std::string_view expected;  // text(head), or the reason without "bad 502 "
  std::string_view input;
};

std::string grow(std::string_view input) {
  return parse_growing(input, [](std::string_view cut) { return parse_response(cut); });
}

void check_accepted(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    ResponseHead head;
    ASSERT_EQ(parse_response_head(row.input, {}, head).status, ParseStatus::done) << row.input;
    EXPECT_EQ(text(head), row.expected);
    EXPECT_EQ(grow(row.input), "done " + std::to_string(row.input.size())) << row.input;
    EXPECT_EQ(parse_response(std::string(row.input) + "body"), "done " + std::to_string(row.input.size()));
  }
}

void check_refused(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(grow(row.input), "bad 502 " + std::string(row.expected)) << row.input;
  }
}

TEST(ResponseParser, AcceptsAndExplains) {
  check_accepted({
      {"200 'OK' 1.1 body=until-close keep |", "HTTP/1.1 200 OK\r\n\r\n"},
      {"200 '' 1.1 body=until-close keep |", "HTTP/1.1 200 \r\n\r\n"},
      {"200 '' 1.1 body=until-close keep |", "HTTP/1.1 200\r\n\r\n"},
      {"404 ' Not  Found \xc3\xa4\t' 1.1 body=until-close keep |", "HTTP/1.1 404  Not  Found \xc3\xa4\t\r\n\r\n"},
      {"200 'OK' 1.0 body=until-close close |", "HTTP/1.0 200 OK\r\n\r\n"},
      {"200 'OK' 1.0 body=3 keep | (Connection=Keep-Alive) Content-Length=3",
       "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\n"},
      {"100 'Continue' 1.1 body=until-close keep |", "HTTP/1.1 100 Continue\r\n\r\n"},
      {"999 'Denied' 1.1 body=0 keep | Content-Length=0", "HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n"},
      {"200 'OK' 1.1 body=3 close | Content-Length=3 (Connection=close)",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"},
      {"200 'OK' 1.1 body=3 keep | Content-Length=3 content-length=03",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length: 03\r\n\r\n"},
      {"200 'OK' 1.1 body=chunked keep | (Transfer-Encoding=Chunked)",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"},
      {"200 'OK' 1.1 body=0 keep | (Keep-Alive=timeout=5) (Proxy-Connection=x) (TE=x) (Trailer=X) (Upgrade=h2c) "
       "Content-Length=0",
       "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: x\r\nTrailer: X\r\nUpgrade: h2c\r\n"
       "Content-Length: 0\r\n\r\n"},
      {"200 'OK' 1.1 body=0 keep | Set-Cookie=a Set-Cookie=b (Connection=x-b, host) (X-B=1) X_C=2 Proxy=3 "
       "Content-Length=0",
       "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nConnection: x-b, host\r\nX-B: 1\r\nX_C: 2\r\nProxy: 3\r\n"
       "Content-Length: 0\r\n\r\n"},
      {"101 'Switching Protocols' 1.1 body=until-close keep upgrade | (Upgrade=websocket) (Connection=Upgrade)",
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
      {"101 '' 1.1 body=until-close keep | (Upgrade=websocket)", "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n"},
      {"101 '' 1.1 body=until-close keep | (Connection=upgrade)", "HTTP/1.1 101 \r\nConnection: upgrade\r\n\r\n"},
      {"101 '' 1.1 body=until-close keep | (Connection=upgrade) (Upgrade=h2c)",
       "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"},
      {"200 'OK' 1.1 body=until-close keep | (Connection=upgrade) (Upgrade=websocket)",
       "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
  });
}

TEST(ResponseParser, RefusesStatusLines) {
  check_refused({
      {"status-line", "garbage\r\n\r\n"},
      {"status-line", "ICY 200 OK\r\n\r\n"},
      {"status-line", "<html>"},
      {"status-line", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
      {"status-line", "http/1.1 200 OK\r\n\r\n"},
      {"status-line", "HTTP/1.2 200 OK\r\n\r\n"},
      {"status-line", "HTTP/2.0 200 OK\r\n\r\n"},
      {"status-line", "HTTP/2 200\r\n\r\n"},
      {"status-line", "HTTP/0.9 200 OK\r\n\r\n"},
      {"status-line", "HTTP/1.10 200 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1  200 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1\t200 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 20 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 2000 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 099 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 000 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 2x0 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 -20 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 200OK\r\n\r\n"},
      {"status-line", "HTTP/1.1 200\tOK\r\n\r\n"},
      {"status-line", "HTTP/1.1 200 O\x01K\r\n\r\n"},
      {"status-line", "HTTP/1.1 OK\r\n\r\n"},
      {"status-line", "HTTP/1.1\r\n\r\n"},
      {"nul", "HTTP/1.1 200 O\0K\r\n\r\n"sv},
      {"bare-lf", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
      {"status-line", "HTTP/1.1 200\nContent-Length: 0\n\n"},
      {"bare-cr", "HTTP/1.1 200 OK\rX: y\r\n\r\n"},
      {"bare-cr", "HTTP/1.1 200\rX: y\r\n\r\n"},
  });
}

TEST(ResponseParser, RefusesFieldsAndFraming) {
  check_refused({
      {"obs-fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"},
      {"obs-fold", "HTTP/1.1 200 OK\r\n X: a\r\n\r\n"},
      {"field-name-blank", "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n"},
      {"field-name", "HTTP/1.1 200 OK\r\n: a\r\n\r\n"},
      {"field-name-blank", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"},
      {"field-name", "HTTP/1.1 200 OK\r\nnocolon\r\n\r\n"},
      {"field-name", "HTTP/1.1 200 OK\r\nX(: a\r\n\r\n"},
      {"field-value", "HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n"},
      {"nul", "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"sv},
      {"bare-lf", "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n"},
      {"bare-lf", "HTTP/1.1 200 OK\r\nX: a\r\n\n"},
      {"bare-cr", "HTTP/1.1 200 OK\r\nX: a\r\n\rb"},
      {"te-and-cl", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {"te-and-cl", "HTTP/1.1 204 No\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"te-several", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"te-invalid", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"},
      {"te-invalid", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n"},
      {"te-invalid", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
      {"te-invalid", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"},
      {"te-unknown", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {"te-http10", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"content-length-several", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"},
      {"content-length-invalid", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: x\r\n\r\n"},
      {"content-length-invalid", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n"},
      {"content-length-invalid", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
      {"content-length-invalid", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"},
      {"content-length-invalid", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"},
  });
}

TEST(ResponseParser, RefusesWhatIsBeyondItsLimits) {
  H1Limits limits;
  limits.request_line = 20;
  limits.field_line = 20;
  limits.fields = 2;
  limits.head = 64;
  const auto verdict = [&](std::string_view input) {
    return parse_growing(input, [&](std::string_view cut) { return parse_response(cut, limits); });
  };
  EXPECT_EQ(verdict("HTTP/1.1 200 1234567\r\n\r\n"), "done 24");
  EXPECT_EQ(verdict("HTTP/1.1 200 12345678\r\n\r\n"), "bad 502 request-line-too-long");
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nX: 45678901234567890\r\n\r\n"), "done 41");
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nX: 456789012345678901\r\n\r\n"), "bad 502 field-line-too-long");
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"), "bad 502 too-many-fields");
  limits.fields = 100;
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nA: 456789012345678\r\nB: 456789012345678\r\nC: 4\r\n\r\n"),
            "bad 502 head-too-large");
}

TEST(ResponseParser, BodyDependsOnStatusAndMethod) {
  ResponseHead head;
  head.body = BodyKind::chunked;
  const auto body = [&](int status, Method method) {
    head.status = status;
    return body_of_response(head, method);
  };
  EXPECT_EQ(body(200, Method::get), BodyKind::chunked);
  EXPECT_EQ(body(200, Method::head), BodyKind::none);
  EXPECT_EQ(body(404, Method::head), BodyKind::none);
  EXPECT_EQ(body(100, Method::get), BodyKind::none);
  EXPECT_EQ(body(199, Method::get), BodyKind::none);
  EXPECT_EQ(body(204, Method::get), BodyKind::none);
  EXPECT_EQ(body(304, Method::get), BodyKind::none);
  EXPECT_EQ(body(205, Method::get), BodyKind::chunked);
  EXPECT_EQ(body(500, Method::post), BodyKind::chunked);
}

}  // namespace
}  // namespace weir::http
