#include "weir/upstream/pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::upstream {
namespace {

// A connection and the endpoint's end of it.
class Pair {
 public:
  explicit Pair(net::Reactor& reactor, route::EndpointId endpoint = 1, std::uint64_t now_ms = 0) {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    far_ = fds[1];
    connection = std::make_unique<Connection>(net::Sock::adopt(reactor, fds[0]), endpoint, now_ms);
    raw = connection.get();
  }
  ~Pair() { close_far_end(); }
  void close_far_end() {
    if (far_ >= 0) ::close(far_);
    far_ = -1;
  }
  void say(const char* text) { EXPECT_GT(::send(far_, text, 1, 0), 0); }

  ConnectionPtr connection;
  Connection* raw = nullptr;

 private:
  int far_ = -1;
};

class PoolTest : public ::testing::Test {
 protected:
  net::Reactor reactor;
  Pool pool;
  KeepaliveLimits limits;
};

TEST_F(PoolTest, TheNewestConnectionOfAnEndpointComesBackFirst) {
  Pair a(reactor);
  Pair b(reactor);
  Pair other(reactor, 2);
  pool.give(std::move(a.connection), limits, 10);
  pool.give(std::move(b.connection), limits, 20);
  pool.give(std::move(other.connection), limits, 30);

  EXPECT_EQ(pool.take(1, 40).get(), b.raw);
  EXPECT_EQ(pool.idle(), 2u);
}

TEST_F(PoolTest, AConnectionWithOtherTlsSettingsIsNeverGiven) {
  Pair plain(reactor);
  Pair one(reactor);
  Pair two(reactor);
  one.connection->tls = 1;
  two.connection->tls = 2;
  pool.give(std::move(plain.connection), limits, 10);
  pool.give(std::move(one.connection), limits, 10);
  pool.give(std::move(two.connection), limits, 10);

  EXPECT_EQ(pool.take(1, 20, 3), nullptr);
  EXPECT_EQ(pool.take(1, 20, 1).get(), one.raw);
  EXPECT_EQ(pool.take(1, 20, 1), nullptr);
  EXPECT_EQ(pool.take(1, 20).get(), plain.raw);
  EXPECT_EQ(pool.take(1, 20, 2).get(), two.raw);
}

TEST_F(PoolTest, NothingIsKeptForAnUnknownEndpoint) {
  EXPECT_EQ(pool.take(9, 0), nullptr);
}

TEST_F(PoolTest, AConnectionThatTheEndpointClosedIsDroppedByItsEvent) {
  Pair a(reactor);
  pool.give(std::move(a.connection), limits, 0);

  a.close_far_end();
  reactor.drain();

  EXPECT_EQ(pool.idle(), 0u);
}

TEST_F(PoolTest, AConnectionThatSpeaksUnaskedIsNotReused) {
  Pair a(reactor);
  pool.give(std::move(a.connection), limits, 0);

  a.say("x");
  reactor.drain();

  EXPECT_EQ(pool.take(1, 1), nullptr);
}

TEST_F(PoolTest, TheLongestIdleOneLeavesWhenThereAreTooMany) {
  limits.connections = 2;
  Pair a(reactor, 1);
  Pair b(reactor, 2);
  Pair c(reactor, 3);
  pool.give(std::move(a.connection), limits, 10);
  pool.give(std::move(b.connection), limits, 20);
  pool.give(std::move(c.connection), limits, 30);

  EXPECT_EQ(pool.take(1, 40), nullptr);
  EXPECT_EQ(pool.take(2, 40).get(), b.raw);
}

TEST_F(PoolTest, IdleAgeAndRequestLimitsEndConnections) {
  limits.idle_ms = 1000;
  limits.age_ms = 5000;
  limits.requests = 3;
  Pair idle(reactor, 1);
  Pair old(reactor, 2, 0);
  Pair used(reactor, 3, 5900);
  pool.give(std::move(idle.connection), limits, 4000);
  pool.give(std::move(old.connection), limits, 4900);
  used.connection->requests = 2;
  pool.give(std::move(used.connection), limits, 5950);

  EXPECT_EQ(pool.take(3, 5951), nullptr) << "three requests were made on it";
  EXPECT_EQ(pool.take(2, 5000), nullptr) << "too old";
  pool.expire(5000);
  EXPECT_EQ(pool.idle(), 0u);
}

TEST_F(PoolTest, WithoutKeepaliveNothingIsKept) {
  limits.connections = 0;
  Pair a(reactor);
  pool.give(std::move(a.connection), limits, 0);

  EXPECT_EQ(pool.idle(), 0u);
}

}  // namespace
}  // namespace weir::upstream
