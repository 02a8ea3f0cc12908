#include "weir/proxy/server.h"

#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;

TEST(Server, ANewTableIsInForceForTheNextRequestOfAnOpenConnection) {
  FakeUpstream a(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
  FakeUpstream b(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"));
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.backend("web", {a.port()});
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kGet);
  EXPECT_EQ(body_of(client.read_response()), "a");
  rules.backend("web", {b.port()});
  proxy.publish(rules);
  client.send(kGet);

  EXPECT_EQ(body_of(client.read_response()), "b");
}

TEST(Server, TablesChangeUnderLoadWithoutAFailure) {
  FakeUpstream a(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
  FakeUpstream b(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"));
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.add("b.example", "/", "web-b");
  rules.backend("web", {a.port()});
  rules.backend("web-b", {b.port()});
  rules.settings.keep_alive_requests = 1'000'000;  // no connection reaches its last request
  Proxy proxy(rules, 2);

  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      Wire client = proxy.connect();
      const std::string name = c % 2 == 0 ? "a" : "b";
      while (!stop) {
        client.send("GET / HTTP/1.1\r\nHost: " + name + ".example\r\n\r\n");
        ++(body_of(client.read_response()) == name ? right : wrong);
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    rules.add("c" + std::to_string(i % 5) + ".example", "/" + std::to_string(i), "web");
    proxy.publish(rules);
  }
  EXPECT_TRUE(eventually([&] { return right > 1000; }));
  stop = true;
  for (std::thread& one : clients) one.join();

  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(proxy.server.stats().accepted, 6u);
}

TEST(Server, ADrainClosesIdleConnectionsAndFinishesRequests) {
  std::atomic<bool> go{false};
  FakeUpstream slow([&](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      eventually([&] { return go.load(); });
      wire.send(kOk);
    }
  });
  FakeUpstream fast(FakeUpstream::answering(kOk));
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.add("b.example", "/", "fast");
  rules.backend("web", {slow.port()});
  rules.backend("fast", {fast.port()});
  Proxy proxy(rules, 2);
  Wire busy = proxy.connect();
  busy.send(kGet);
  Wire idle = proxy.connect();
  idle.send("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  idle.read_response();
  ASSERT_TRUE(eventually([&] { return slow.connections() == 1; }));

  proxy.server.drain(20s);

  EXPECT_TRUE(idle.wait_for_close());
  EXPECT_FALSE(proxy.server.wait_drained(50ms));
  go = true;
  const std::string response = busy.read_response();
  EXPECT_EQ(body_of(response), "ok");
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(proxy.server.wait_drained(10s));
}

TEST(Server, ADrainsDeadlineCutsWhatIsLeft) {
  FakeUpstream silent([](Wire& wire, int) { wire.read_all(); });
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.backend("web", {silent.port()});
  Proxy proxy(rules);
  Wire client = proxy.connect();
  client.send(kGet);
  ASSERT_TRUE(eventually([&] { return silent.connections() == 1; }));

  proxy.server.drain(200ms);

  EXPECT_TRUE(proxy.server.wait_drained(10s));
  EXPECT_TRUE(client.wait_for_close());
}

TEST(Server, StopEndsConnectionsInEveryState) {
  FakeUpstream silent([](Wire& wire, int) { wire.read_all(); });
  Rules rules;
  rules.add("a.example", "/", "web").policies.proxy.request_buffering = false;
  rules.backend("web", {silent.port()});
  Proxy proxy(rules, 2);
  Wire fresh = proxy.connect();
  Wire half = proxy.connect();
  half.send("GET / HT");
  Wire waiting = proxy.connect();
  waiting.send(kGet);
  Wire uploading = proxy.connect();
  uploading.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nhello");
  ASSERT_TRUE(eventually([&] { return silent.connections() == 2; }));

  proxy.server.stop();

  for (Wire* one : {&fresh, &half, &waiting, &uploading}) EXPECT_TRUE(one->wait_for_close());
  EXPECT_EQ(proxy.server.stats().active, 0);
}

TEST(Server, APortOfAnotherServerIsNotShared) {
  const Rules rules;
  Proxy first(rules);
  ServerOptions options;
  options.http_port = first.server.http_port();
  options.https = false;
  options.bind_addresses = {"127.0.0.1"};
  Server second(options);

  EXPECT_FALSE(second.start());
}

TEST(Server, ConnectionsAreCountedByWhatTheyDo) {
  FakeUpstream silent([](Wire& wire, int) { wire.read_all(); });
  FakeUpstream fast(FakeUpstream::answering(kOk));
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.add("b.example", "/", "fast");
  rules.backend("web", {silent.port()});
  rules.backend("fast", {fast.port()});
  Proxy proxy(rules);
  Wire half = proxy.connect();
  half.send("GET / HT");
  Wire busy = proxy.connect();
  busy.send(kGet);
  Wire idle = proxy.connect();
  idle.send("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  idle.read_response();

  EXPECT_TRUE(eventually([&] {
    const ServerStats now = proxy.server.stats();
    return now.active == 3 && now.reading == 1 && now.writing == 1 && now.waiting == 1;
  }));
}

}  // namespace
}  // namespace weir::proxy::test
