#include "weir/net/reactor.h"

#include "loop.h"

#include <sys/eventfd.h>

#include <vector>

namespace weir::net::test {
namespace {

struct Event {
  Event() : fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Event() { ::close(fd); }
  void set() const { ASSERT_EQ(::eventfd_write(fd, 1), 0); }
  void clear() const {
    eventfd_t value;
    ::eventfd_read(fd, &value);
  }
  int fd;
};

bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Reactor, CurrentIsTheOneOfThisThread) {
  Loop loop;
  EXPECT_EQ(&Reactor::current(), &loop.reactor);
  {
    Reactor inner;
    EXPECT_EQ(&Reactor::current(), &inner);
  }
  EXPECT_EQ(&Reactor::current(), &loop.reactor);
}

TEST(Reactor, WithoutWorkItsDescriptorIsNotReadable) {
  Loop loop;
  auto [near, far] = tcp_pair();
  SockPtr sock = loop.adopt(near);
  loop.settle();

  EXPECT_FALSE(is_readable(loop.reactor.fd()));
}

TEST(Reactor, WorkMadeOutsideADrainMakesItReadable) {
  Loop loop;
  auto [near, far] = tcp_pair();
  SockPtr sock = loop.adopt(near);
  int result = kUnset;
  read_once(loop.jobs, *sock, 10, kLong, result);
  loop.settle();

  sock->cancel_read(-ECANCELED);

  EXPECT_TRUE(is_readable(loop.reactor.fd()));
  loop.reactor.drain();
  EXPECT_EQ(result, -ECANCELED);
  EXPECT_FALSE(is_readable(loop.reactor.fd()));
}

TEST(Reactor, ADrainReturnsAlthoughThereIsMoreToDo) {
  Loop loop;
  auto [near, far] = tcp_pair();
  SockPtr sock = loop.adopt(near);
  far.send(pattern(3000));
  std::string all;
  int result = kUnset;
  read_all(loop.jobs, *sock, 1, all, result);

  loop.reactor.drain();

  EXPECT_LT(all.size(), 3000u);
  EXPECT_TRUE(is_readable(loop.reactor.fd()));
  EXPECT_TRUE(loop.run_until([&] { return all.size() == 3000; }));
}

TEST(Reactor, ListenersRunWhileTheirDescriptorIsReadable) {
  Loop loop;
  Event event;
  int calls = 0;
  ASSERT_EQ(loop.reactor.add_listener(event.fd, [&] { ++calls; }), 0);
  loop.reactor.drain();
  EXPECT_EQ(calls, 0);

  event.set();
  loop.reactor.drain();
  loop.reactor.drain();
  EXPECT_EQ(calls, 2);
  event.clear();
  loop.reactor.drain();

  EXPECT_EQ(calls, 2);
}

TEST(Reactor, AListenerMayRemoveItselfAndOthers) {
  Loop loop;
  Event a, b;
  int calls = 0;
  auto remove_both = [&] {
    ++calls;
    loop.reactor.remove_listener(a.fd);
    loop.reactor.remove_listener(b.fd);
  };
  loop.reactor.add_listener(a.fd, remove_both);
  loop.reactor.add_listener(b.fd, remove_both);
  a.set();
  b.set();

  loop.reactor.drain();
  loop.reactor.drain();

  EXPECT_EQ(calls, 1);
}

TEST(Reactor, APausedListenerComesBackWithTheNextExpiry) {
  Loop loop;
  Event event;
  int calls = 0;
  loop.reactor.add_listener(event.fd, [&] {
    ++calls;
    loop.reactor.pause_listener(event.fd);
  });
  event.set();

  loop.reactor.drain();
  loop.reactor.drain();
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(is_readable(loop.reactor.fd()));
  loop.reactor.expire();
  loop.reactor.drain();

  EXPECT_EQ(calls, 2);
}

TEST(Reactor, ABadListenerIsAnError) {
  Loop loop;
  EXPECT_EQ(loop.reactor.add_listener(-1, [] {}), -EBADF);
}

TEST(Reactor, ExpiryPrefersWhatHasArrived) {
  Loop loop;
  auto [near, far] = tcp_pair();
  SockPtr sock = loop.adopt(near);
  int result = kUnset;
  read_once(loop.jobs, *sock, 10, 100ms, result);
  loop.settle();
  far.send("x");
  // The worker was late: data and deadline at once.
  pollfd nothing{-1, 0, 0};
  ::poll(&nothing, 1, 400);

  loop.reactor.expire();

  EXPECT_EQ(result, 1);
}

Job open(JobGroup&, Reactor& reactor, const Address& to, SockPtr& out, int& result) {
  result = co_await Sock::connect(reactor, to, kLong, out);
}

Job note_read(JobGroup&, Sock& sock, int number, std::vector<int>& order) {
  const int result = co_await sock.recv_some(10, kLong);
  if (result > 0) order.push_back(number);
}

// Many adopted Socks, each with one byte to read, and one connected Sock whose byte came last.
class ReactorOrder : public ::testing::Test {
 protected:
  static constexpr int kClients = 150;  // several times what is handled at once
  static constexpr int kAnswer = -1;

  ReactorOrder() {
    const int listener = *listen_tcp("127.0.0.1", 0);
    int result = kUnset;
    open(loop.jobs, loop.reactor, local_address_of(listener), upstream, result);
    EXPECT_TRUE(loop.run_until([&] { return result != kUnset; }));
    endpoint = Peer(::accept(listener, nullptr, nullptr));
    ::close(listener);
    note_read(loop.jobs, *upstream, kAnswer, order);
    for (int i = 0; i < kClients; ++i) {
      auto [near, far] = tcp_pair();
      clients.push_back(loop.adopt(near));
      peers.push_back(std::move(far));
    }
    loop.settle();  // the events of having been registered
  }
  void send_all() {
    for (const Peer& peer : peers) peer.send("x");
    endpoint.send("x");
  }

  Loop loop;
  SockPtr upstream;
  Peer endpoint;
  std::vector<SockPtr> clients;
  std::vector<Peer> peers;
  std::vector<int> order;
};

TEST_F(ReactorOrder, AnswersComeBeforeNewRequestsAndAllAreHandled) {
  for (int i = 0; i < kClients; ++i) note_read(loop.jobs, *clients[static_cast<std::size_t>(i)], i, order);
  send_all();

  ASSERT_TRUE(loop.run_until([&] { return order.size() == kClients + 1; }));

  EXPECT_EQ(order.front(), kAnswer);
  for (int i = 0; i < kClients; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i) + 1], i);
}

Job destroy_others(JobGroup&, std::vector<SockPtr>& all, int& result) {
  result = co_await all.front()->recv_some(10, kLong);
  all.erase(all.begin() + 1, all.end());
}

TEST_F(ReactorOrder, WhoWaitsForItsTurnMayBeDestroyed) {
  int result = kUnset;
  destroy_others(loop.jobs, clients, result);
  for (int i = 1; i < kClients; ++i) note_read(loop.jobs, *clients[static_cast<std::size_t>(i)], i, order);
  send_all();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  loop.settle();

  EXPECT_EQ(order, std::vector<int>{kAnswer});
}

TEST(Reactor, TheClockStandsWithinAnEvent) {
  Loop loop;
  auto [near, far] = tcp_pair();
  SockPtr sock = loop.adopt(near);
  loop.settle();
  const std::int64_t before = loop.reactor.now_us();
  pollfd nothing{-1, 0, 0};
  ::poll(&nothing, 1, 2);
  EXPECT_EQ(loop.reactor.now_us(), before);

  loop.reactor.refresh_clock();
  const std::int64_t after = loop.reactor.now_us();
  EXPECT_GE(after - before, 2000);

  ::poll(&nothing, 1, 2);
  int result = kUnset;
  read_once(loop.jobs, *sock, 10, kLong, result);
  far.send("x");
  ASSERT_TRUE(loop.run_until([&] { return result == 1; }));
  EXPECT_GE(loop.reactor.now_us() - after, 2000);
}

}  // namespace
}  // namespace weir::net::test
