// Copies of requests (mirror-target): what bounds them, and that a drain does not wait for a mirror that says nothing.
#include "proxy/mirror_client.h"

#include "unit/proxy/harness.h"
#include "weir/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::StartsWith;

// Takes everything, says nothing until its peer has gone.
FakeUpstream::Script silent() {
  return [](Wire& wire, int) {
    for (int i = 0; i < 6; ++i) wire.read_all();  // each waits for 10 s at most
  };
}

class MirrorTest : public ::testing::Test {
 protected:
  void mirror_to(std::uint16_t port) {
    features::Policies& policies = rules.add("a.example", "/", "web").policies;
    policies.mirror.target = "http://127.0.0.1:" + std::to_string(port);
    policies.proxy.client_body_buffer_size = policies.proxy.body_size = 2 * kBody;
    rules.backend("web", {upstream.port()});
  }
  std::int64_t ended(observe::MirrorEnd how) {
    const std::string scrape = metrics.scrape();
    const std::string label = std::string("outcome=\"") + observe::to_string(how) + "\"";
    std::int64_t found = -1;
    for (std::size_t at = scrape.find("weir_mirror_requests_total{"); at != std::string::npos;
         at = scrape.find("weir_mirror_requests_total{", at + 1)) {
      const std::string line = scrape.substr(at, scrape.find('\n', at) - at);
      if (line.find(label) != std::string::npos) found = std::stoll(line.substr(line.rfind(' ')));
    }
    return found;
  }

  static observe::MetricsOptions metrics_options() {
    observe::MetricsOptions options;
    options.requests.enabled = true;
    return options;
  }

  static constexpr std::size_t kBody = 1024 * 1024;
  FakeUpstream upstream{FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")};
  observe::Metrics metrics{metrics_options()};
  Rules rules;
};

TEST_F(MirrorTest, NoMoreThanSoManyCopiesAreUnderWay) {
  FakeUpstream shadow(silent());
  mirror_to(shadow.port());
  Proxy proxy(rules, 1, nullptr, false, &metrics);
  Wire client = proxy.connect();
  constexpr int kMore = 3;
  for (std::size_t i = 0; i < MirrorClient::kMostCopies + kMore; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    ASSERT_THAT(client.read_response(), StartsWith("HTTP/1.1 200 ")) << i;
  }

  EXPECT_EQ(ended(observe::MirrorEnd::busy), kMore);
  EXPECT_TRUE(eventually([&] { return shadow.connections() == static_cast<int>(MirrorClient::kMostCopies); }));
}

TEST_F(MirrorTest, NoMoreThanSoManyBytesAreHeldForCopies) {
  FakeUpstream shadow(silent());
  mirror_to(shadow.port());
  Proxy proxy(rules, 1, nullptr, false, &metrics);
  Wire client = proxy.connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n" + pattern(kBody);
  // Heads count as well, so that the last body does not fit.
  constexpr std::size_t kFit = MirrorClient::kMostBytes / kBody - 1;
  for (std::size_t i = 0; i < kFit + 2; ++i) {
    client.send(request);
    ASSERT_THAT(client.read_response(), StartsWith("HTTP/1.1 200 ")) << i;
  }

  EXPECT_EQ(ended(observe::MirrorEnd::memory), 2);
}

TEST_F(MirrorTest, ACopyThatEndedMakesRoom) {
  FakeUpstream shadow(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  mirror_to(shadow.port());
  Proxy proxy(rules, 1, nullptr, false, &metrics);
  Wire client = proxy.connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n" + pattern(kBody);
  constexpr std::int64_t kRequests = 2 * MirrorClient::kMostBytes / kBody;
  for (std::int64_t i = 1; i <= kRequests; ++i) {
    client.send(request);
    ASSERT_THAT(client.read_response(), StartsWith("HTTP/1.1 200 ")) << i;
    ASSERT_TRUE(eventually([&] { return ended(observe::MirrorEnd::answered) == i; })) << i;
  }
  EXPECT_EQ(ended(observe::MirrorEnd::memory), 0);
}

TEST_F(MirrorTest, ADrainEndsAlthoughAMirrorSaysNothing) {
  FakeUpstream shadow(silent());
  mirror_to(shadow.port());
  Proxy proxy(rules, 1, nullptr, false, &metrics);
  EXPECT_THAT(proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  ASSERT_TRUE(eventually([&] { return shadow.connections() == 1; }));

  proxy.server.drain(60s);
  EXPECT_TRUE(proxy.server.wait_drained(30s));
}

}  // namespace
}  // namespace weir::proxy::test
