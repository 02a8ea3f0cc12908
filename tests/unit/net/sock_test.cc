// Reading: the buffer, edges, the end of the stream, timeouts.
#include "weir/net/sock.h"

#include "loop.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace weir::net::test {
namespace {

struct SockRead : testing::Test {
  SockRead() {
    auto [near, far] = tcp_pair();
    sock = loop.adopt(near);
    peer = std::move(far);
  }
  Loop loop;
  SockPtr sock;
  Peer peer;
  int result = kUnset;
};

TEST_F(SockRead, BytesThatArriveLaterResumeTheReader) {
  read_once(loop.jobs, *sock, 100, kLong, result);
  EXPECT_EQ(result, kUnset);

  peer.send("hello");

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, 5);
  EXPECT_EQ(sock->input(), "hello");
}

TEST_F(SockRead, AppendsAndConsumes) {
  peer.send("abcdef");
  read_once(loop.jobs, *sock, 4, kLong, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 4; }));

  sock->consume(3);
  EXPECT_EQ(sock->input(), "d");
  read_once(loop.jobs, *sock, 100, kLong, result);

  ASSERT_TRUE(loop.run_until([&] { return result == 2; }));
  EXPECT_EQ(sock->input(), "def");
  sock->drop_input();
  EXPECT_EQ(sock->input(), "");
}

// The FIN that comes in the same edge as the data is never reported again.
TEST_F(SockRead, DataAndFinInOneEdgeAreBothSeen) {
  peer.send("last words");
  peer.finish();
  std::string all;

  loop.settle();
  EXPECT_TRUE(sock->eof());
  EXPECT_FALSE(sock->hung_up());
  read_all(loop.jobs, *sock, 1000, all, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(all, "last words");
  EXPECT_EQ(result, 0);
}

TEST_F(SockRead, DataAndFinWhileWaitingAreBothSeen) {
  std::string all;
  read_all(loop.jobs, *sock, 1000, all, result);

  peer.send("last words");
  peer.finish();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(all, "last words");
  EXPECT_EQ(result, 0);
}

TEST_F(SockRead, FinThatFollowsAShortReadIsSeen) {
  std::string all;
  read_all(loop.jobs, *sock, 1000, all, result);
  peer.send("one");
  ASSERT_TRUE(loop.run_until([&] { return all == "one"; }));

  peer.finish();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, 0);
}

TEST_F(SockRead, AHalfClosedPeerStillGetsTheAnswer) {
  peer.send("question");
  peer.finish();
  std::string all;
  read_all(loop.jobs, *sock, 1000, all, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 0; }));

  int sent = kUnset;
  send_text(loop.jobs, *sock, "answer", kLong, sent);

  EXPECT_EQ(sent, 1);
  EXPECT_EQ(peer.receive(6), "answer");
}

TEST_F(SockRead, AResetIsAnErrorAndNotAnEnd) {
  read_once(loop.jobs, *sock, 100, kLong, result);

  peer.reset();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECONNRESET);
  EXPECT_TRUE(sock->hung_up());
}

TEST_F(SockRead, SegmentsOfOneByteArriveWhole) {
  const std::string text = pattern(3000);
  std::string all;
  read_all(loop.jobs, *sock, 1000, all, result);

  for (char byte : text) {
    peer.send({&byte, 1});
    loop.reactor.drain();
  }
  peer.finish();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(all, text);
}

TEST_F(SockRead, ManySmallRoomsEmptyALargeSocketBuffer) {
  const std::string text = pattern(50000);
  peer.send(text);
  peer.finish();
  std::string all;

  read_all(loop.jobs, *sock, 7, all, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(all, text);
}

TEST_F(SockRead, EightMegabytesArriveWhole) {
  const std::string text = pattern(8 << 20);
  std::thread sender([&] {
    peer.send(text);
    peer.finish();
  });
  std::string all;

  read_all(loop.jobs, *sock, BufferPool::kSmall, all, result);
  const bool done = loop.run_until([&] { return result != kUnset; });
  sender.join();

  ASSERT_TRUE(done);
  EXPECT_TRUE(all == text);
}

Job read_until_full(JobGroup&, Sock& sock, int& result) {
  int n;
  while ((n = co_await sock.recv_some(BufferPool::kLarge, kLong)) > 0) {
  }
  result = n;
}

TEST_F(SockRead, AFullBufferIsReported) {
  std::thread sender([&] { peer.send(pattern(BufferPool::kSmall + 100)); });
  read_until_full(loop.jobs, *sock, result);

  const bool done = loop.run_until([&] { return result != kUnset; });
  sender.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result, -ENOBUFS);
  EXPECT_EQ(sock->input().size(), BufferPool::kSmall);
}

TEST_F(SockRead, AGrownBufferTakesMoreAndKeepsWhatWasThere) {
  const std::string text = pattern(BufferPool::kLarge);
  peer.send(text.substr(0, 5));
  read_once(loop.jobs, *sock, 5, kLong, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 5; }));

  EXPECT_FALSE(sock->grow_input(BufferPool::kLarge + 1));
  ASSERT_TRUE(sock->grow_input(BufferPool::kLarge));
  std::thread sender([&] {
    peer.send(std::string_view(text).substr(5));
    peer.finish();
  });
  result = kUnset;
  read_until_full(loop.jobs, *sock, result);
  const bool done = loop.run_until([&] { return result != kUnset; });
  sender.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result, -ENOBUFS);
  EXPECT_TRUE(sock->input() == text);
}

TEST_F(SockRead, NobodyWaitsHoldingAnEmptyBuffer) {
  std::string all;
  read_all(loop.jobs, *sock, 1000, all, result);
  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);

  peer.send("some bytes");
  ASSERT_TRUE(loop.run_until([&] { return !all.empty(); }));

  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);
}

TEST_F(SockRead, HalfAHeadWaitsInASmallBuffer) {
  peer.send("GET / HT");
  read_once(loop.jobs, *sock, 1000, kLong, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 8; }));

  read_once(loop.jobs, *sock, 1000, kLong, result);

  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);
  EXPECT_EQ(sock->input(), "GET / HT");
  peer.send("TP/1.1");
  ASSERT_TRUE(loop.run_until([&] { return result == 6; }));
  EXPECT_EQ(sock->input(), "GET / HTTP/1.1");
}

TEST_F(SockRead, ATimeoutEndsTheWaitAndTheSocketStaysUsable) {
  const auto start = std::chrono::steady_clock::now();
  read_once(loop.jobs, *sock, 100, 200ms, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(result, -ETIMEDOUT);
  EXPECT_GE(took, 190ms);
  peer.send("late");
  read_once(loop.jobs, *sock, 100, kLong, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 4; }));
}

TEST_F(SockRead, NoTimeoutWaitsOn) {
  read_once(loop.jobs, *sock, 100, kNoTimeout, result);

  EXPECT_FALSE(loop.run_until([&] { return result != kUnset; }, 300ms));
  peer.send("x");

  EXPECT_TRUE(loop.run_until([&] { return result == 1; }));
}

Job wait_readable(JobGroup&, Sock& sock, int& result) {
  result = co_await sock.readable(kLong);
}

TEST_F(SockRead, ReadableTakesNothing) {
  wait_readable(loop.jobs, *sock, result);
  peer.send("abc");

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, 1);
  EXPECT_EQ(sock->input(), "");
  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);
}

// A sender that never pauses must not keep the others from their turn.
TEST_F(SockRead, AFloodLeavesOthersTheirTurn) {
  auto [other_near, other_peer] = tcp_pair();
  SockPtr other = loop.adopt(other_near);
  peer.send(pattern(20000));
  other_peer.send("me too");
  std::string flood;
  int other_result = kUnset;
  std::size_t flood_before = 0;
  read_once(loop.jobs, *other, 100, kLong, other_result);
  read_all(loop.jobs, *sock, 1, flood, result);

  ASSERT_TRUE(loop.run_until([&] {
    if (other_result == kUnset) flood_before = flood.size();
    return flood.size() == 20000;
  }));

  EXPECT_EQ(other_result, 6);
  EXPECT_LT(flood_before, 1000u);
}

TEST_F(SockRead, AddressesAreKnown) {
  EXPECT_EQ(sock->peer_address().ip(), "127.0.0.1");
  EXPECT_EQ(sock->peer_address().port(), local_address_of(peer.fd()).port());
  EXPECT_EQ(sock->local_address().ip(), "127.0.0.1");
}

Job open(JobGroup&, Reactor& reactor, const Address& to, Millis timeout, SockPtr& out, int& result) {
  result = co_await Sock::connect(reactor, to, timeout, out);
}

TEST_F(SockRead, ConnectReachesAListener) {
  const int listener = *listen_tcp("127.0.0.1", 0);
  const Address to = local_address_of(listener);
  SockPtr out;

  open(loop.jobs, loop.reactor, to, kLong, out, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  ASSERT_EQ(result, 1);
  Peer accepted(::accept(listener, nullptr, nullptr));
  int sent = kUnset;
  send_text(loop.jobs, *out, "hello", kLong, sent);
  EXPECT_EQ(accepted.receive(5), "hello");
  ::close(listener);
}

TEST_F(SockRead, ConnectToAClosedPortIsRefused) {
  const int listener = *listen_tcp("127.0.0.1", 0);
  const Address to = local_address_of(listener);
  ::close(listener);
  SockPtr out;

  open(loop.jobs, loop.reactor, to, kLong, out, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECONNREFUSED);
  EXPECT_FALSE(out);
}

// A listener whose queue is full drops the SYN: the classic way to wait for ever.
TEST_F(SockRead, ConnectHasADeadline) {
  const int listener = *listen_tcp("127.0.0.1", 0, {.backlog = 0});
  const Address to = local_address_of(listener);
  std::vector<Peer> fill;
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(fill.back().fd(), to.data(), to.size);
  }
  SockPtr out;

  open(loop.jobs, loop.reactor, to, 200ms, out, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ETIMEDOUT);
  ::close(listener);
}

TEST_F(SockRead, UnixSocketsWorkToo) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  SockPtr local = loop.adopt(ends[0]);
  Peer far(ends[1]);
  std::string all;
  read_all(loop.jobs, *local, 100, all, result);

  far.send("abc");
  far.close();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(all, "abc");
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace weir::net::test
