// What becomes of a sub-request to an authentication service when its client leaves.
#include "unit/proxy/harness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace weir::proxy::test {
namespace {

TEST(AuthClient, AClientThatIsResetClosesTheConnectionToTheService) {
  std::atomic<bool> asked{false};
  std::atomic<bool> closed{false};
  FakeUpstream service([&](Wire& wire, int) {
    asked = !wire.read_head().empty();
    closed = wire.wait_for_close();
  });
  FakeUpstream web(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Rules rules;
  rules.backend("web", {web.port()});
  rules.add("a.example", "/", "web").policies.external_auth.url =
      features::VariableText("http://127.0.0.1:" + std::to_string(service.port()) + "/");
  const Proxy proxy(rules);

  Wire client = proxy.connect();
  client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return asked.load(); }));
  client.reset();

  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  EXPECT_EQ(web.connections(), 0);
}

TEST(AuthClient, WhileTheServiceIsSilentTheRequestWaits) {
  std::atomic<bool> go{false};
  FakeUpstream service([&](Wire& wire, int) {
    wire.read_head();
    eventually([&] { return go.load(); });
    wire.send("HTTP/1.1 204 No Content\r\n\r\n");
    wire.wait_for_close();
  });
  FakeUpstream web(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Rules rules;
  rules.backend("web", {web.port()});
  rules.add("a.example", "/", "web").policies.external_auth.url =
      features::VariableText("http://127.0.0.1:" + std::to_string(service.port()) + "/");
  const Proxy proxy(rules);

  Wire client = proxy.connect();
  client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return service.connections() == 1; }));
  EXPECT_EQ(web.connections(), 0);
  go = true;

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

}  // namespace
}  // namespace weir::proxy::test
