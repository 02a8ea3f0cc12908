#include "weir/net/listen.h"

#include "loop.h"
#include "weir/net/sock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

namespace weir::net::test {
namespace {

struct Listening : testing::Test {
  Listening() : fd(*listen_tcp("127.0.0.1", 0)), at(local_address_of(fd)) {}
  ~Listening() override { ::close(fd); }
  Peer dial() const {
    Peer peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(peer.fd(), at.data(), at.size), 0);
    return peer;
  }
  Loop loop;
  int fd;
  Address at;
};

TEST(Listen, BothFamilies) {
  const int v4 = *listen_tcp("", 0);
  EXPECT_EQ(local_address_of(v4).ip(), "0.0.0.0");
  ::close(v4);
  const base::Result<int> v6 = listen_tcp("::1", 0);
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().text();
  EXPECT_EQ(local_address_of(*v6).ip(), "::1");
  ::close(*v6);
}

TEST(Listen, ABadAddressIsAnError) {
  EXPECT_FALSE(listen_tcp("web.example", 80));
}

TEST_F(Listening, APortInUseIsAnErrorThatNamesIt) {
  const base::Result<int> again = listen_tcp("127.0.0.1", at.port());

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), EADDRINUSE);
  EXPECT_EQ(again.error().text(), "listen on " + at.text() + ": bind: Address already in use");
}

TEST(Listen, WorkersShareAPort) {
  const int first = *listen_tcp("127.0.0.1", 0, {.reuse_port = true});
  const base::Result<int> second = listen_tcp("127.0.0.1", local_address_of(first).port(), {.reuse_port = true});

  ASSERT_TRUE(second) << second.error().text();
  ::close(first);
  ::close(*second);
}

TEST_F(Listening, AcceptedConnectionsAreReadyForUse) {
  std::vector<Peer> accepted;
  std::vector<std::string> from;
  Acceptor acceptor(loop.reactor, fd, [&](int got, const Address& peer) {
    accepted.emplace_back(got);
    from.push_back(peer.text());
  });
  ASSERT_EQ(acceptor.error(), 0);

  Peer a = dial(), b = dial();

  ASSERT_TRUE(loop.run_until([&] { return accepted.size() == 2; }));
  EXPECT_EQ(from[0], local_address_of(a.fd()).text());
  EXPECT_EQ(from[1], local_address_of(b.fd()).text());
  EXPECT_TRUE(::fcntl(accepted[0].fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(accepted[0].fd(), F_GETFD) & FD_CLOEXEC);
  int nodelay = 0;
  socklen_t size = sizeof nodelay;
  ::getsockopt(accepted[0].fd(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
  EXPECT_EQ(nodelay, 1);
}

TEST_F(Listening, TheCallbackMayDestroyTheAcceptor) {
  int calls = 0;
  std::unique_ptr<Acceptor> acceptor;
  acceptor = std::make_unique<Acceptor>(loop.reactor, fd, [&](int got, const Address&) {
    ++calls;
    ::close(got);
    acceptor.reset();
  });

  Peer a = dial(), b = dial();
  ASSERT_TRUE(loop.run_until([&] { return calls > 0; }));
  loop.settle();

  EXPECT_EQ(calls, 1);
}

// Lowers the limit to what is open now, plus `spare`.
struct FewDescriptors {
  explicit FewDescriptors(int spare) {
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::dup(0);
    ::close(next);
    rlimit now = before;
    now.rlim_cur = static_cast<rlim_t>(next + spare);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before;
};

TEST_F(Listening, WithoutDescriptorsClientsAreClosedAndNothingSpins) {
  std::vector<Peer> accepted;
  Acceptor acceptor(loop.reactor, fd, [&](int got, const Address&) { accepted.emplace_back(got); });
  Peer a = dial(), b = dial();
  {
    FewDescriptors limit(0);
    loop.reactor.drain();

    EXPECT_EQ(acceptor.shed(), 2u);
    EXPECT_TRUE(accepted.empty());
    EXPECT_LE(a.peek(), 0);
    EXPECT_NE(a.peek(), -EAGAIN);
    // Paused: a connection that waits does not make the reactor readable again and again.
    loop.reactor.drain();
  }
  Peer c = dial();
  loop.reactor.drain();
  EXPECT_TRUE(accepted.empty());

  ASSERT_TRUE(loop.run_until([&] { return accepted.size() == 1; }));
}

TEST_F(Listening, TheLastDescriptorsAreNotForTraffic) {
  FewDescriptors limit(40);
  std::vector<Peer> accepted;
  Acceptor acceptor(loop.reactor, fd, [&](int got, const Address&) { accepted.emplace_back(got); });
  std::vector<Peer> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(dial());

  ASSERT_TRUE(loop.run_until([&] { return accepted.size() + acceptor.shed() == clients.size(); }));

  EXPECT_GT(accepted.size(), 5U);
  EXPECT_GT(acceptor.shed(), 0U);
  SockPtr to;
  Task<int> connecting = Sock::connect(loop.reactor, at, Millis(1000), to);
  ASSERT_TRUE(connecting.await_ready());
  EXPECT_EQ(connecting.await_resume(), -EMFILE);
  const int other = ::dup(0);
  EXPECT_GE(other, first_reserved_descriptor()) << "others still get one";
  ::close(other);
}

}  // namespace
}  // namespace weir::net::test
