#include "weir/net/reactor.h"

#include "loop.h"

#include <sys/eventfd.h>

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

}  // namespace
}  // namespace weir::net::test
