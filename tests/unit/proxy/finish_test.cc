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

constexpr const char* kGet = "GET /x?y HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test\r\n\r\n";
constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

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

  proxy.get(kGet);

  EXPECT_THAT(line_with("/x?y"),
              MatchesRegex("127.0.0.1 \"GET /x\\?y HTTP/1.1\" 200 2 [0-9]+ \\[default-web-80\\] 200 [0-9a-f]+ -?\n"));
}

TEST_F(FinishTest, AClientThatWentAwayIsA499) {
  FakeUpstream upstream([](Wire& wire, int) { wire.read_all(); });
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules, 1, &log);
  Wire client = proxy.connect();
  client.send(kGet);
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

  proxy.get(kGet);
  proxy.get("GET /loud HTTP/1.1\r\nHost: b.example\r\n\r\n");

  EXPECT_THAT(line_with("/loud"), Not(HasSubstr("/x?y")));
}

TEST_F(FinishTest, AnswersMadeHereCarryTheirReason) {
  rules.add("a.example", "/", "web");
  rules.backend("web", {});
  Proxy proxy(rules, 1, &log);

  proxy.get(kGet);

  EXPECT_THAT(line_with("503"), HasSubstr("no-endpoints"));
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
