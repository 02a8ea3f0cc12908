#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr const char* kGetWithAgent = "GET /x?y HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test\r\n\r\n";

class FinishTest : public ::testing::Test {
 protected:
  FinishTest() : path(::testing::TempDir() + "/weir-access-" + std::to_string(::getpid()) + ".log") {
    ::unlink(path.c_str());
    rules.settings.access_log_path = path;
    rules.settings.log_format =
        "$remote_addr \"$request\" $status $body_bytes_sent $request_length [$proxy_upstream_name] "
        "$upstream_status $req_id $weir_reason";
  }
  ~FinishTest() override { ::unlink(path.c_str()); }

  std::string lines() const {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string line_with(const std::string& mark) {
    std::string all;
    eventually([&] { return (all = lines()).find(mark) != std::string::npos; });
    return all;
  }

  std::string path;
  Rules rules;
  observe::AccessLog log{"host"};
};

TEST_F(FinishTest, EachRequestGivesOneLine) {
  FakeUpstream upstream(FakeUpstream::answering(kOk));
  rules.add("a.example", "/", "default-web-80");
  rules.backend("default-web-80", {upstream.port()});
  Proxy proxy(rules, 1, &log);

  proxy.get(kGetWithAgent);

  EXPECT_THAT(line_with("/x?y"),
              MatchesRegex("127.0.0.1 \"GET /x\\?y HTTP/1.1\" 200 2 [0-9]+ \\[default-web-80\\] 200 [0-9a-f]+ -?\n"));
}

TEST_F(FinishTest, AClientThatWentAwayIsA499) {
  FakeUpstream upstream([](Wire& wire, int) { wire.read_all(); });
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules, 1, &log);
  Wire client = proxy.connect();
  client.send(kGetWithAgent);
  ASSERT_TRUE(eventually([&] { return upstream.connections() == 1; }));

  client.reset();

  EXPECT_THAT(line_with("499"), HasSubstr("\" 499 0 "));
  EXPECT_THAT(lines(), HasSubstr("client-aborted"));
}

TEST_F(FinishTest, AnUnreadableRequestIsLoggedAsItCame) {
  Proxy proxy(rules, 1, &log);

  proxy.get("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");

  EXPECT_THAT(line_with("400"), HasSubstr("\"GET / HTTP/1.1\" 400 150 "));
}

TEST_F(FinishTest, HealthChecksAndTheUntouchedDefaultAreNotLogged) {
  Proxy proxy(rules, 1, &log);

  proxy.get("GET /healthz HTTP/1.1\r\nHost: a.example\r\n\r\n");
  proxy.get("GET /nothing HTTP/1.1\r\nHost: a.example\r\n\r\n");
  rules.settings.access_log_for_default_backend = true;
  proxy.publish(rules);
  proxy.get("GET /counted HTTP/1.1\r\nHost: a.example\r\n\r\n");

  EXPECT_THAT(line_with("/counted"), Not(HasSubstr("/healthz")));
  EXPECT_THAT(lines(), Not(HasSubstr("/nothing")));
}

TEST_F(FinishTest, ALocationCanKeepItsRequestsOutOfTheLog) {
  FakeUpstream upstream(FakeUpstream::answering(kOk));
  rules.add("a.example", "/", "web").policies.access_log.enabled = false;
  rules.add("b.example", "/", "web");
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules, 1, &log);

  proxy.get(kGetWithAgent);
  proxy.get("GET /loud HTTP/1.1\r\nHost: b.example\r\n\r\n");

  EXPECT_THAT(line_with("/loud"), Not(HasSubstr("/x?y")));
}

TEST_F(FinishTest, AnswersMadeHereCarryTheirReason) {
  rules.add("a.example", "/", "web");
  rules.backend("web", {});
  Proxy proxy(rules, 1, &log);

  proxy.get(kGetWithAgent);

  EXPECT_THAT(line_with("503"), HasSubstr("no-endpoints"));
}

TEST_F(FinishTest, FieldsOfTheResponseAreThoseThatWentOut) {
  FakeUpstream upstream(FakeUpstream::answering(
      "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nServer: theirs\r\nX-Two: a\r\nx-two:  b \r\nX-Empty:\r\n"
      "Content-Length: 2\r\n\r\nok"));
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  rules.settings.add_headers = {{"X-Added", "ours"}};
  rules.settings.log_format =
      "of=$uri [$sent_http_x_two][$sent_http_x_added][$sent_http_content_type][$sent_http_content_length]"
      "[$sent_http_connection][$sent_http_x_empty][$sent_http_none][$sent_http_location][$sent_http_server]";
  Proxy proxy(rules, 1, &log);

  proxy.get(kGetWithAgent);
  EXPECT_THAT(line_with("of=/x "), HasSubstr("of=/x [a, b][ours][text/css][2][keep-alive][-][-][-][-]\n"));
}

TEST_F(FinishTest, FieldsOfAnAnswerMadeHereAreKnownToo) {
  rules.host("a.example").app_root = "/app";
  rules.settings.log_format = "of=$uri $sent_http_location $sent_http_content_type";
  Proxy proxy(rules, 1, &log);

  proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(line_with("of=/ "), HasSubstr("of=/ http://a.example/app text/html\n"));
}

TEST_F(FinishTest, ARequestBodyIsLoggedWhereItLiesInMemory) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    wire.read_all();
  });
  rules.add("a.example", "/", "web");
  rules.add("a.example", "/streamed", "web").policies.proxy.request_buffering = false;
  rules.backend("web", {upstream.port()});
  rules.settings.log_format = "of=$uri [$request_body] length=$request_length";
  Proxy proxy(rules, 1, &log);
  const std::string in_place = "POST /in-place HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8\r\n\r\nhi\n\"you\"";
  const std::string chunked =
      "POST /chunked HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  const std::string big =
      "POST /big HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n\r\n" + std::string(200000, 'x');
  const std::string streamed = "POST /streamed HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello";

  for (const std::string* one : {&in_place, &chunked, &big, &streamed}) proxy.get(*one);

  const auto length = [](const std::string& request) { return " length=" + std::to_string(request.size()) + "\n"; };
  EXPECT_THAT(line_with("of=/in-place"), HasSubstr("[hi\\x0A\\x22you\\x22]" + length(in_place)));
  EXPECT_THAT(line_with("of=/chunked"), HasSubstr("[abcde]" + length(chunked)));
  EXPECT_THAT(line_with("of=/big"), HasSubstr("of=/big [-]" + length(big)));
  EXPECT_THAT(line_with("of=/streamed"), HasSubstr("of=/streamed [-]" + length(streamed)));
}

// What was sent of a response that a drain's deadline cut.
constexpr const char* kCutFormat =
    "of=$status sent=$body_bytes_sent got=$upstream_response_length in $upstream_response_time";

TEST_F(FinishTest, ATunnelCutByADrainTellsItsBytes) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello");
    wire.read_all();
  });
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  rules.settings.log_format = kCutFormat;
  Proxy proxy(rules, 1, &log);
  Wire client = proxy.connect();
  client.send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  client.read_head();
  ASSERT_EQ(client.read_exactly(5), "hello");

  proxy.server.drain(0ms);
  ASSERT_TRUE(proxy.server.wait_drained(10s));

  EXPECT_THAT(line_with("of=101"), MatchesRegex("of=101 sent=5 got=5 in [0-9.]+\n"));
}

TEST_F(FinishTest, ALongBodyCutByADrainTellsItsBytes) {
  constexpr std::size_t kCame = 600'000;
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n");
    wire.send(pattern(kCame));
    wire.read_all();
  });
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  rules.settings.log_format = kCutFormat;
  Proxy proxy(rules, 1, &log);
  Wire client = proxy.connect();
  client.send(kGetWithAgent);
  client.read_head();
  ASSERT_EQ(client.read_exactly(kCame).size(), kCame);

  proxy.server.drain(0ms);
  ASSERT_TRUE(proxy.server.wait_drained(10s));

  EXPECT_THAT(line_with("of=200"), MatchesRegex("of=200 sent=600000 got=600000 in [0-9.]+\n"));
}

TEST_F(FinishTest, TheBodyCountsInTheRequestLength) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.read_exactly(5);
    wire.send(kOk);
  });
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  rules.settings.log_format = "length=$request_length";
  Proxy proxy(rules, 1, &log);
  const std::string request = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello";

  proxy.get(request);

  EXPECT_THAT(line_with("length="), HasSubstr("length=" + std::to_string(request.size()) + "\n"));
}

}  // namespace
}  // namespace weir::proxy::test
