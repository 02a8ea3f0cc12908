// The ends of a Sock: cancellation, hang-ups, pooled connections, and destruction at every bad moment.
#include "weir/net/sock.h"

#include "loop.h"

#include <functional>
#include <memory>
#include <vector>

namespace weir::net::test {
namespace {

struct SockEnd : testing::Test {
  SockEnd() {
    auto [near, far] = tcp_pair();
    sock = loop.adopt(near);
    peer = std::move(far);
    auto [other_near, other_far] = tcp_pair();
    other = loop.adopt(other_near);
    other_peer = std::move(other_far);
  }
  Loop loop;
  SockPtr sock, other;
  Peer peer, other_peer;
  int result = kUnset;
};

// --- cancel

TEST_F(SockEnd, CancelledReadsEndLaterAndNotInsideTheCall) {
  read_once(loop.jobs, *sock, 100, kLong, result);

  EXPECT_TRUE(sock->cancel_read(-ECANCELED));
  EXPECT_EQ(result, kUnset);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECANCELED);
}

TEST_F(SockEnd, TheResultOfACancelIsNotReplacedByData) {
  read_once(loop.jobs, *sock, 100, kLong, result);
  sock->cancel_read(-ECANCELED);
  peer.send("data");

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECANCELED);
  read_once(loop.jobs, *sock, 100, kLong, result);
  EXPECT_TRUE(loop.run_until([&] { return result == 4; }));
}

TEST_F(SockEnd, CancelWithoutAReaderDoesNothing) {
  EXPECT_FALSE(sock->cancel_read(-ECANCELED));
  EXPECT_FALSE(sock->cancel_write(-ECANCELED));
  peer.send("data");
  loop.settle();

  read_once(loop.jobs, *sock, 100, kLong, result);

  EXPECT_EQ(result, 4);
}

TEST_F(SockEnd, CancelledWritesEnd) {
  const std::string text = pattern(8 << 20);
  send_text(loop.jobs, *sock, text, kLong, result);
  ASSERT_EQ(result, kUnset);

  EXPECT_TRUE(sock->cancel_write(-ECANCELED));

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECANCELED);
}

// --- graceful drain

TEST_F(SockEnd, ADrainEndsExactlyTheIdleWaits) {
  int idle = kUnset, idle_for_ever = kUnset;
  auto [third_near, third_peer] = tcp_pair();
  SockPtr third = loop.adopt(third_near);
  read_once(loop.jobs, *sock, 100, kLong, result);
  wait_idle(loop.jobs, *other, kLong, idle);
  wait_idle(loop.jobs, *third, kNoTimeout, idle_for_ever);
  loop.settle();

  loop.reactor.cancel_idle();

  EXPECT_EQ(idle, -ECANCELED);
  EXPECT_EQ(idle_for_ever, -ECANCELED);
  EXPECT_EQ(result, kUnset);
}

TEST_F(SockEnd, ARequestThatHasJustArrivedIsServedByADrain) {
  wait_idle(loop.jobs, *sock, kLong, result);
  loop.settle();
  peer.send("GET");

  loop.reactor.cancel_idle();

  EXPECT_EQ(result, 3);
  EXPECT_EQ(sock->input(), "GET");
}

TEST_F(SockEnd, AnIdleWaitIsOtherwiseAnOrdinaryRead) {
  wait_idle(loop.jobs, *sock, kLong, result);
  peer.send("GET");
  ASSERT_TRUE(loop.run_until([&] { return result == 3; }));
  // A read that follows is not idle any more.
  read_once(loop.jobs, *sock, 100, kLong, result = kUnset);

  loop.reactor.cancel_idle();

  EXPECT_EQ(result, kUnset);
}

// --- hang-ups

TEST_F(SockEnd, AClientThatLeavesEndsTheReadOfTheUpstream) {
  sock->watch_hangup(*other);
  read_once(loop.jobs, *other, 100, kLong, result);

  peer.close();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECONNABORTED);
}

TEST_F(SockEnd, AHalfCloseCountsOnlyIfAsked) {
  sock->watch_hangup(*other, Hangup::reset);
  read_once(loop.jobs, *other, 100, kLong, result);

  peer.finish();
  loop.settle();
  EXPECT_EQ(result, kUnset);
  EXPECT_EQ(sock->hangup(), Hangup::fin);
  peer.reset();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ECONNABORTED);
  EXPECT_EQ(sock->hangup(), Hangup::reset);
}

TEST_F(SockEnd, AHangupBeforeTheWatchCounts) {
  peer.close();
  loop.settle();

  sock->watch_hangup(*other);
  read_once(loop.jobs, *other, 100, kLong, result);

  EXPECT_EQ(result, -ECONNABORTED);
}

TEST_F(SockEnd, AHangupBetweenTwoReadsEndsTheSecond) {
  sock->watch_hangup(*other);
  other_peer.send("part");
  read_once(loop.jobs, *other, 100, kLong, result);
  ASSERT_TRUE(loop.run_until([&] { return result == 4; }));

  peer.close();
  loop.settle();
  read_once(loop.jobs, *other, 100, kLong, result);

  EXPECT_EQ(result, -ECONNABORTED);
}

TEST_F(SockEnd, AfterUnwatchTheUpstreamIsUnharmed) {
  sock->watch_hangup(*other);
  peer.close();
  loop.settle();

  sock->unwatch();
  read_once(loop.jobs, *other, 100, kLong, result);
  EXPECT_EQ(result, kUnset);
  other_peer.send("fine");

  EXPECT_TRUE(loop.run_until([&] { return result == 4; }));
}

TEST_F(SockEnd, PipelinedBytesAreNoHangup) {
  sock->watch_hangup(*other);
  read_once(loop.jobs, *other, 100, kLong, result);

  peer.send("next request");
  loop.settle();

  EXPECT_EQ(result, kUnset);
}

TEST_F(SockEnd, EitherSideOfAWatchMayGoFirst) {
  sock->watch_hangup(*other);
  other.reset();
  peer.close();
  loop.settle();
  sock->unwatch();

  auto [near, far] = tcp_pair();
  SockPtr upstream = loop.adopt(near);
  sock->watch_hangup(*upstream);
  sock.reset();
  read_once(loop.jobs, *upstream, 100, kLong, result);

  EXPECT_EQ(result, kUnset);
}

// --- pooled connections

TEST_F(SockEnd, AFreshConnectionIsQuiet) {
  EXPECT_TRUE(sock->quiet());
}

TEST_F(SockEnd, AStaleEdgeIsQuiet) {
  peer.send("answer");
  loop.settle();
  read_once(loop.jobs, *sock, 6, kLong, result);  // exactly what is there: the flag stays set
  ASSERT_EQ(result, 6);
  sock->consume(6);

  EXPECT_TRUE(sock->quiet());
}

TEST_F(SockEnd, UnexpectedBytesAreNotQuiet) {
  peer.send("answer nobody asked for");
  loop.settle();

  EXPECT_FALSE(sock->quiet());
}

TEST_F(SockEnd, AClosedConnectionIsNotQuiet) {
  peer.close();
  loop.settle();

  EXPECT_FALSE(sock->quiet());
}

TEST_F(SockEnd, LeftInputIsNotQuiet) {
  peer.send("ab");
  loop.settle();
  read_once(loop.jobs, *sock, 10, kLong, result);
  sock->consume(1);

  EXPECT_FALSE(sock->quiet());
}

TEST_F(SockEnd, TheIdleHookHearsOfAPooledConnectionThatCloses) {
  struct Pool {
    SockPtr* sock;
    int calls = 0;
  } pool{&sock};
  sock->set_idle_hook(
      [](void* context, Sock& s) {
        auto* p = static_cast<Pool*>(context);
        ++p->calls;
        if (!s.quiet()) p->sock->reset();
      },
      &pool);
  loop.settle();
  EXPECT_EQ(pool.calls, 0);

  peer.close();

  ASSERT_TRUE(loop.run_until([&] { return !sock; }));
  EXPECT_EQ(pool.calls, 1);
}

TEST_F(SockEnd, TheIdleHookIsSilentWhileSomebodyReads) {
  int calls = 0;
  sock->set_idle_hook([](void* context, Sock&) { ++*static_cast<int*>(context); }, &calls);
  std::string all;
  read_all(loop.jobs, *sock, 100, all, result);

  peer.send("x");
  loop.settle();

  EXPECT_EQ(calls, 0);
  EXPECT_EQ(all, "x");
}

// --- closing

TEST_F(SockEnd, AbortSendsAReset) {
  sock->abort();
  sock.reset();

  EXPECT_EQ(peer.peek(), -ECONNRESET);
}

Job linger_on(JobGroup&, Sock& sock, Millis total, int& result) {
  result = co_await sock.linger(total);
}

TEST_F(SockEnd, ALingeringCloseLetsTheAnswerThrough) {
  const std::string upload = pattern(2 << 20);
  int sent = kUnset;
  send_text(loop.jobs, *sock, "413", kLong, sent);
  linger_on(loop.jobs, *sock, kLong, result);
  std::string answer;
  std::thread client([&] {
    peer.send(upload);
    peer.finish();
    answer = peer.receive(10);
  });

  const bool done = loop.run_until([&] { return result != kUnset; });
  sock.reset();
  client.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(answer, "413");
}

TEST_F(SockEnd, ALingeringCloseHasATotalDeadline) {
  linger_on(loop.jobs, *sock, 300ms, result);

  ASSERT_TRUE(loop.run_until([&] {
    if (result == kUnset) peer.send("drip");
    return result != kUnset;
  }));

  EXPECT_EQ(result, -ETIMEDOUT);
}

// --- destruction

Job read_then(JobGroup&, Sock& sock, const std::function<void()>& then, int& result) {
  const int n = co_await sock.recv_some(100, 200ms);
  then();
  result = n;
}

TEST_F(SockEnd, AReaderMayDestroyTheOtherSocksOfItsBatch) {
  std::vector<SockPtr> socks;
  std::vector<Peer> peers;
  int ignored = kUnset, resumed = 0;
  for (int i = 0; i < 20; ++i) {
    auto [near, far] = tcp_pair();
    socks.push_back(loop.adopt(near));
    peers.push_back(std::move(far));
  }
  const std::function<void()> destroy_all_others = [&] {
    ++resumed;
    if (resumed == 1)
      for (SockPtr& s : socks) s.reset();
  };
  read_then(loop.jobs, *sock, destroy_all_others, result);
  for (SockPtr& s : socks) read_then(loop.jobs, *s, destroy_all_others, ignored);
  loop.settle();

  // All are ready in one batch; the first one resumed destroys the rest, perhaps itself included.
  peer.send("now");
  for (Peer& p : peers) p.send("x");
  loop.run_until([&] { return resumed > 0; });
  loop.settle();

  EXPECT_GE(resumed, 1);
  EXPECT_LE(resumed, 2);
}

TEST_F(SockEnd, ATimeoutMayDestroyTheOthersThatAreDue) {
  std::vector<SockPtr> socks;
  int ignored = kUnset, resumed = 0;
  for (int i = 0; i < 20; ++i) socks.push_back(loop.adopt(tcp_pair().first));
  const std::function<void()> destroy_the_rest = [&] {
    if (++resumed == 1)
      for (std::size_t i = 1; i < socks.size(); ++i) socks[i].reset();
  };
  // Those at the other end of a closed pair are not wanted here: wait in writable, which a hang-up would end, is not
  // used.
  std::vector<Peer> peers;
  for (SockPtr& s : socks) {
    auto [near, far] = tcp_pair();
    s = loop.adopt(near);
    peers.push_back(std::move(far));
    read_then(loop.jobs, *s, destroy_the_rest, ignored);
  }

  ASSERT_TRUE(loop.run_until([&] { return resumed > 0; }));
  loop.run_until([] { return false; }, 300ms);

  EXPECT_EQ(resumed, 1);
  EXPECT_EQ(ignored, -ETIMEDOUT);
}

TEST_F(SockEnd, ASockMayBeDestroyedInTheReadyQueue) {
  read_once(loop.jobs, *sock, 100, kLong, result);
  sock->cancel_read(-ECANCELED);

  sock.reset();
  loop.settle();

  EXPECT_EQ(result, kUnset);
}

TEST_F(SockEnd, ASockMayBeDestroyedByTheCoroutineItResumes) {
  const std::string text = pattern(8 << 20);
  int sent = kUnset;
  send_text(loop.jobs, *sock, text, kLong, sent);
  const std::function<void()> destroy = [&] { sock.reset(); };
  read_then(loop.jobs, *sock, destroy, result);

  peer.send("x");

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, 1);
  EXPECT_EQ(sent, kUnset);
}

Job send_then(JobGroup&, Sock& sock, std::string_view text, const std::function<void()>& then, int& result) {
  const int n = co_await sock.send_all(text, kLong);
  then();
  result = n;
}

TEST_F(SockEnd, ASockMayBeDestroyedByTheWriterItResumes) {
  const std::string text = pattern(8 << 20);
  int read = kUnset;
  read_once(loop.jobs, *sock, 100, kLong, read);
  const std::function<void()> destroy = [&] { sock.reset(); };
  send_then(loop.jobs, *sock, text, destroy, result);

  peer.reset();  // one event ends the send, and would end the read

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_LT(result, 0);
  EXPECT_EQ(read, kUnset);
}

Job own_and_wait(JobGroup&, Loop& loop, int fd, bool write, const std::string& text) {
  SockPtr sock = loop.adopt(fd);
  if (write) {
    (void)co_await sock->send_all(text, kLong);
  } else {
    (void)co_await sock->recv_some(100, kLong);
  }
}

TEST_F(SockEnd, DestroyingAllJobsClosesSocksThatWaitInReadsAndWrites) {
  const std::string text = pattern(8 << 20);
  std::vector<Peer> peers;
  for (int i = 0; i < 40; ++i) {
    auto [near, far] = tcp_pair();
    own_and_wait(loop.jobs, loop, near, i % 2 == 0, text);
    peers.push_back(std::move(far));
  }
  loop.settle();
  EXPECT_EQ(loop.jobs.size(), 40u);
  peers[1].send("pending event");

  loop.jobs.destroy_all();
  loop.settle();

  EXPECT_TRUE(loop.jobs.empty());
  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);
  for (std::size_t i = 3; i < peers.size(); i += 2) EXPECT_EQ(peers[i].peek(), 0);
}

Task<int> relay(Sock& from, Sock& to) {
  int n;
  while ((n = co_await from.recv_some(BufferPool::kSmall, kLong)) > 0) {
    const int sent = co_await to.send_all(from.input(), kLong);
    if (sent < 0) co_return sent;
    from.consume(from.input().size());
  }
  to.shutdown_write();
  co_return n;
}

Job tunnel(JobGroup&, Sock& a, Sock& b, int& result) {
  Task<int> there = relay(a, b);
  Task<int> back = relay(b, a);
  const int first = co_await there;
  const int second = co_await back;
  result = first + second;
}

TEST_F(SockEnd, ATunnelRelaysBothDirectionsAndBothHalfCloses) {
  const std::string up = pattern(3 << 20), down(2 << 20, 'd');
  tunnel(loop.jobs, *sock, *other, result);
  std::string got_up, got_down;
  std::thread client([&] {
    peer.send(up);
    peer.finish();
    got_down = peer.receive(down.size() + 1);
  });
  std::thread server([&] {
    got_up = other_peer.receive(up.size() + 1);
    other_peer.send(down);
    other_peer.finish();
  });

  const bool done = loop.run_until([&] { return result != kUnset; });
  if (!done) loop.jobs.destroy_all(), sock.reset(), other.reset();
  client.join();
  server.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result, 0);
  EXPECT_TRUE(got_up == up);
  EXPECT_TRUE(got_down == down);
}

Job churn(JobGroup&, Loop& loop, int fd) {
  SockPtr sock = loop.adopt(fd);
  while (co_await sock->recv_some(1000, kLong) > 0) {
    const int sent = co_await sock->send_all(sock->input(), kLong);
    if (sent < 0) co_return;
    sock->consume(sock->input().size());
  }
}

TEST_F(SockEnd, PeersThatAbortAtAnyPointLeaveNothingBehind) {
  for (int i = 0; i < 300; ++i) {
    auto [near, far] = tcp_pair();
    churn(loop.jobs, loop, near);
    far.send(pattern(static_cast<std::size_t>(1 + i * 37)));
    if (i % 3 == 0) loop.reactor.drain();
    if (i % 2 == 0) far.reset();
  }

  ASSERT_TRUE(loop.run_until([&] { return loop.jobs.empty(); }));
  EXPECT_EQ(loop.reactor.buffers().in_use(), 0u);
}

}  // namespace
}  // namespace weir::net::test
