#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include <array>
#include <future>
#include <optional>

namespace weir::proxy::test {
namespace {

using ::testing::StartsWith;

// What a client sends first.
std::string hello(const char* name) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (name != nullptr) {
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name));
  }
  SSL_connect(ssl.get());
  std::array<char, 4096> bytes;
  const int size = BIO_read(SSL_get_wbio(ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
  return {bytes.data(), static_cast<std::size_t>(size)};
}

// The same handshake message in records of one byte each.
std::string in_small_records(const std::string& hello) {
  std::string out;
  for (const char byte : hello.substr(5)) out.append("\x16\x03\x01\x00\x01", 5).append(1, byte);
  return out;
}

const std::string kHello = hello("a.example");

class PassthroughTest : public ::testing::Test {
 protected:
  PassthroughTest() {
    rules.add("a.example", "/", "web").owner = {"default", "a", "web", "443"};
    rules.host("a.example").passthrough = 0;
  }
  Proxy& serve(const std::vector<std::uint16_t>& ports) {
    rules.backend("web", ports);
    return proxy.emplace(rules, 1, nullptr, true);
  }
  // Repeats lines with a mark in front, after the bytes of `first`.
  static FakeUpstream::Script echo(const std::string& first = kHello) {
    return [first](Wire& wire, int) {
      wire.send(wire.read_exactly(first.size()) == first ? "same\n" : "other\n");
      for (std::string line = wire.read_until("\n"); !line.empty(); line = wire.read_until("\n")) wire.send("<" + line);
    };
  }
  // An open connection, after its first answer.
  Wire open(const std::string& first = kHello) {
    Wire client = proxy->connect_https_port();
    client.send(first);
    EXPECT_EQ(client.read_until("\n"), "same\n");
    return client;
  }
  Rules rules;
  std::optional<Proxy> proxy;
};

TEST_F(PassthroughTest, TheEndpointGetsEachByteAndAnswersItself) {
  FakeUpstream upstream(echo());
  serve({upstream.port()});
  Wire client = open();

  for (int i = 0; i < 100; ++i) {
    client.send("line " + std::to_string(i) + "\n");
    EXPECT_EQ(client.read_until("\n"), "<line " + std::to_string(i) + "\n");
  }
  client.half_close();
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(PassthroughTest, AHelloMayComeByteByByteOrInManyRecords) {
  FakeUpstream bytewise(echo());
  serve({bytewise.port()});
  Wire slow = proxy->connect_https_port();
  for (const char byte : kHello) ASSERT_TRUE(slow.send({&byte, 1}));
  EXPECT_EQ(slow.read_until("\n"), "same\n");

  const std::string small = in_small_records(kHello);
  FakeUpstream records(echo(small));
  rules.backend("web", {records.port()});
  proxy->publish(rules);
  open(small);
}

TEST_F(PassthroughTest, WhatFollowsTheHelloInOnePacketIsNotLost) {
  FakeUpstream upstream(echo());
  serve({upstream.port()});
  Wire client = open(kHello + "early\n");

  EXPECT_EQ(client.read_until("\n"), "<early\n");
}

TEST_F(PassthroughTest, MegabytesGoWholeInBothDirectionsAtOnce) {
  const std::string bytes = pattern(3'000'000);
  FakeUpstream upstream([&](Wire& wire, int) {
    std::thread sender([&] { wire.send(bytes); });
    const bool same = wire.read_exactly(kHello.size() + bytes.size()) == kHello + bytes;
    sender.join();
    wire.send(same ? "same" : "other");
  });
  serve({upstream.port()});
  Wire client = proxy->connect_https_port();
  std::thread sender([&] { client.send(kHello + bytes); });

  EXPECT_TRUE(client.read_exactly(bytes.size()) == bytes);
  EXPECT_EQ(client.read_exactly(4), "same");
  sender.join();
}

TEST_F(PassthroughTest, AClientThatHasFinishedSendingGetsTheRest) {
  FakeUpstream upstream([](Wire& wire, int) {
    const std::string all = wire.read_all();
    wire.send(all == kHello + "request" ? "answer" : "cut");
  });
  serve({upstream.port()});
  Wire client = proxy->connect_https_port();
  client.send(kHello + "request");
  client.half_close();

  EXPECT_EQ(client.read_all(), "answer");
}

TEST_F(PassthroughTest, AnEndpointThatHasFinishedSendingGetsTheRest) {
  std::promise<std::string> got;
  FakeUpstream upstream([&](Wire& wire, int) {
    wire.read_exactly(kHello.size());
    wire.half_close();
    got.set_value(wire.read_all());
  });
  serve({upstream.port()});
  Wire client = proxy->connect_https_port();
  client.send(kHello);
  EXPECT_TRUE(client.wait_for_close());
  client.send("the rest");
  client.half_close();

  EXPECT_EQ(got.get_future().get(), "the rest");
}

TEST_F(PassthroughTest, AResetIsPassedOn) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_exactly(kHello.size());
    wire.send("same\n");
    wire.read_until("\n");
    wire.reset();
  });
  serve({upstream.port()});
  Wire client = open();
  client.send("go\n");

  EXPECT_TRUE(client.wait_for_close());
  EXPECT_TRUE(client.was_reset());
}

TEST_F(PassthroughTest, OtherNamesNoNameAndGarbageNeverReachTheEndpoint) {
  FakeUpstream upstream(echo());
  rules.add("*.w.example", "/", "web");
  rules.host("*.w.example").passthrough = 0;
  rules.host("a.example").aliases = {"alias.example"};
  serve({upstream.port()});

  for (const char* name : {"b.example", "a.example.", "x.a.example", "one.w.example", "alias.example",
                           static_cast<const char*>(nullptr)}) {
    Wire client = proxy->connect_https_port();
    client.send(hello(name));
    EXPECT_EQ(client.read_exactly(1), "\x16") << (name ? name : "none");  // Weir's ServerHello
  }
  Wire plain = proxy->connect_https_port();
  plain.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(plain.read_head(), StartsWith("HTTP/1.1 400"));
  Wire garbage = proxy->connect_https_port();
  garbage.send(std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01", 9) + "x");
  EXPECT_EQ(garbage.read_exactly(1), "\x15");  // an alert
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PassthroughTest, AHelloHasToComeInTime) {
  FakeUpstream upstream(echo());
  rules.settings.client_header_timeout = 1s;
  serve({upstream.port()});
  Wire silent = proxy->connect_https_port();
  Wire half = proxy->connect_https_port();
  half.send(kHello.substr(0, 100));

  EXPECT_TRUE(silent.wait_for_close());
  EXPECT_TRUE(half.wait_for_close());
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PassthroughTest, AnEndpointThatRefusesIsPassedOver) {
  FakeUpstream upstream(echo());
  serve({dead_port(), upstream.port()});

  for (int i = 0; i < 8; ++i) open();
  EXPECT_EQ(upstream.connections(), 8);
}

TEST_F(PassthroughTest, WithoutAnEndpointTheConnectionIsClosed) {
  serve({});
  Wire none = proxy->connect_https_port();
  none.send(kHello);
  EXPECT_TRUE(none.wait_for_close());

  rules.backend("web", {dead_port()});
  proxy->publish(rules);
  Wire dead = proxy->connect_https_port();
  dead.send(kHello);
  EXPECT_TRUE(dead.wait_for_close());
}

TEST_F(PassthroughTest, AClientWhoseAddressIsNotServedIsClosed) {
  FakeUpstream upstream(echo());
  rules.host("a.example").locations.front().policies.ip_access.deny = base::CidrSet({*base::parse_cidr("127.0.0.0/8")});
  serve({upstream.port()});
  Wire client = proxy->connect_https_port();
  client.send(kHello);

  EXPECT_TRUE(client.wait_for_close());
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PassthroughTest, ADeniedPathIsNotPassedOn) {
  FakeUpstream upstream(echo());
  rules.host("a.example").locations.front().policies.deny.reason = "anything";
  serve({upstream.port()});
  Wire client = proxy->connect_https_port();
  client.send(kHello);

  EXPECT_EQ(client.read_exactly(1), "\x16");
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PassthroughTest, OneOnWhichNothingMovesIsClosed) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.send(wire.read_exactly(kHello.size()) == kHello ? "same\n" : "other\n");
    for (int waits = 0; waits < 3; ++waits) wire.read_exactly(1);  // longer than the client waits
  });
  rules.settings.stream_timeout = 1s;
  serve({upstream.port()});
  Wire client = open();

  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(PassthroughTest, TablesComeAndGoWhileAConnectionStays) {
  FakeUpstream old(echo());
  FakeUpstream young(echo());
  serve({old.port()});
  Wire client = open();

  rules.backend("web", {young.port()});
  proxy->publish(rules);
  ASSERT_TRUE(eventually([&] { return proxy->server.generation_in_force() == 2; }));
  open();
  EXPECT_EQ(young.connections(), 1);
  rules.host("a.example").passthrough.reset();
  proxy->publish(rules);
  ASSERT_TRUE(eventually([&] { return proxy->server.generation_in_force() == 3; }));
  Wire ordinary = proxy->connect_https_port();
  ordinary.send(kHello);
  EXPECT_EQ(ordinary.read_exactly(1), "\x16");

  client.send("still here\n");
  EXPECT_EQ(client.read_until("\n"), "<still here\n");
}

TEST_F(PassthroughTest, ADrainLetsConnectionsEndByThemselves) {
  FakeUpstream upstream(echo());
  serve({upstream.port()});
  Wire client = open();

  proxy->server.drain(20s);

  EXPECT_FALSE(proxy->server.wait_drained(50ms));
  client.send("still here\n");
  EXPECT_EQ(client.read_until("\n"), "<still here\n");
  client.half_close();
  EXPECT_TRUE(client.wait_for_close());
  EXPECT_TRUE(proxy->server.wait_drained(10s));
}

TEST_F(PassthroughTest, ADrainsDeadlineAndAStopCutConnections) {
  FakeUpstream upstream(echo());
  serve({upstream.port()});
  Wire client = open();
  Wire beginning = proxy->connect_https_port();
  beginning.send(kHello.substr(0, 50));

  proxy->server.drain(200ms);

  EXPECT_TRUE(proxy->server.wait_drained(10s));
  EXPECT_TRUE(client.wait_for_close());
  EXPECT_TRUE(beginning.wait_for_close());
  EXPECT_EQ(proxy->server.stats().active, 0);
}

}  // namespace
}  // namespace weir::proxy::test
