// Writing: short sends, scratch copies, slow readers, timeouts.
#include "weir/net/sock.h"

#include "loop.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace weir::net::test {
namespace {

struct SockWrite : testing::Test {
  SockWrite() {
    auto [near, far] = tcp_pair();
    set_buffer(near, SO_SNDBUF, 16 * 1024);
    set_buffer(far.fd(), SO_RCVBUF, 16 * 1024);
    sock = loop.adopt(near);
    peer = std::move(far);
  }
  Loop loop;
  SockPtr sock;
  Peer peer;
  int result = kUnset;
};

Job send_parts(JobGroup&, Sock& sock, const iovec* parts, int count, const char* scratch, std::size_t scratch_size,
               Millis timeout, int& result) {
  result = co_await sock.send_all(parts, count, timeout, scratch, scratch_size);
}

iovec part(std::string& text) {
  return {text.data(), text.size()};
}

TEST_F(SockWrite, WhatFitsIsSentAtOnce) {
  std::string a = "one ", b = "two ", empty, c = "three";
  const iovec parts[] = {part(a), part(b), part(empty), part(c)};

  send_parts(loop.jobs, *sock, parts, 4, nullptr, 0, kLong, result);

  EXPECT_EQ(result, 1);
  EXPECT_EQ(peer.receive(13), "one two three");
}

TEST_F(SockWrite, NothingIsSentWell) {
  send_text(loop.jobs, *sock, "", kLong, result);

  EXPECT_EQ(result, 1);
}

TEST_F(SockWrite, FourPartsThatDoNotFitArriveInOrder) {
  std::string texts[4] = {pattern(1000000), std::string(500000, 'b'), pattern(300000), std::string(200000, 'd')};
  iovec parts[4];
  std::transform(std::begin(texts), std::end(texts), parts, part);

  send_parts(loop.jobs, *sock, parts, 4, nullptr, 0, kLong, result);
  EXPECT_EQ(result, kUnset);
  std::string got;
  std::thread reader([&] { got = peer.receive(2000000); });
  const bool done = loop.run_until([&] { return result != kUnset; });
  reader.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result, 1);
  EXPECT_TRUE(got == texts[0] + texts[1] + texts[2] + texts[3]);
}

TEST_F(SockWrite, EightMegabytesToASlowReaderArriveWhole) {
  const std::string text = pattern(8 << 20);

  send_text(loop.jobs, *sock, text, kLong, result);
  std::string got;
  // Takes a little, lets the sender run dry, takes more.
  const bool done = loop.run_until([&] {
    const std::size_t before = got.size();
    got.resize(before + 300000);
    const ssize_t n = ::recv(peer.fd(), got.data() + before, 300000, MSG_DONTWAIT);
    got.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return got.size() == text.size();
  });

  ASSERT_TRUE(done);
  EXPECT_EQ(result, 1);
  EXPECT_TRUE(got == text);
}

TEST_F(SockWrite, ScratchMayBeReusedAfterAShortSend) {
  std::string scratch = pattern(400000), body = std::string(2000000, 'b');
  const std::string head = scratch.substr(0, 1000), tail = scratch.substr(5000, 390000);
  const iovec parts[] = {{scratch.data(), 1000}, part(body), {scratch.data() + 5000, 390000}};

  send_parts(loop.jobs, *sock, parts, 3, scratch.data(), scratch.size(), kLong, result);
  ASSERT_EQ(result, kUnset);
  std::fill(scratch.begin(), scratch.end(), '!');
  std::string got;
  std::thread reader([&] { got = peer.receive(2391000); });
  const bool done = loop.run_until([&] { return result != kUnset; });
  reader.join();

  ASSERT_TRUE(done);
  EXPECT_TRUE(got == head + body + tail);
}

TEST_F(SockWrite, AReaderThatStopsEndsInATimeout) {
  const std::string text = pattern(8 << 20);

  send_text(loop.jobs, *sock, text, 200ms, result);

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_EQ(result, -ETIMEDOUT);
}

// The timeout is between two successful sends, not for the whole (nginx send_timeout).
TEST_F(SockWrite, ASlowButSteadyReaderIsNoTimeout) {
  const std::string text = pattern(2 << 20);
  send_text(loop.jobs, *sock, text, 400ms, result);
  const auto start = std::chrono::steady_clock::now();
  auto next = start;
  std::string got(text.size(), '\0');

  const bool done = loop.run_until([&] {
    if (std::chrono::steady_clock::now() >= next) {
      next += 100ms;
      // Enough for the sender to go on, and too little for the whole to be over within its timeout.
      for (int i = 0; i < 4; ++i) (void)::recv(peer.fd(), got.data(), 60000, MSG_DONTWAIT);
    }
    return result != kUnset;
  });

  ASSERT_TRUE(done);
  EXPECT_EQ(result, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 500ms);
}

TEST_F(SockWrite, APeerThatIsGoneIsAnErrorAndNoSignal) {
  peer.reset();
  loop.settle();

  send_text(loop.jobs, *sock, "x", kLong, result);

  EXPECT_TRUE(result == -EPIPE || result == -ECONNRESET) << result;
}

TEST_F(SockWrite, AResetDuringAWaitingSendEndsIt) {
  const std::string text = pattern(8 << 20);
  send_text(loop.jobs, *sock, text, kLong, result);

  peer.reset();

  ASSERT_TRUE(loop.run_until([&] { return result != kUnset; }));
  EXPECT_LT(result, 0);
  EXPECT_NE(result, -ETIMEDOUT);
}

TEST_F(SockWrite, ReaderAndWriterWaitAtTheSameTime) {
  const std::string text = pattern(3 << 20);
  int read = kUnset;
  send_text(loop.jobs, *sock, text, kLong, result);
  read_once(loop.jobs, *sock, 100, kLong, read);

  peer.send("meanwhile");
  ASSERT_TRUE(loop.run_until([&] { return read != kUnset; }));
  EXPECT_EQ(result, kUnset);
  std::string got;
  std::thread reader([&] { got = peer.receive(text.size()); });
  const bool done = loop.run_until([&] { return result != kUnset; });
  reader.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(read, 9);
  EXPECT_TRUE(got == text);
}

TEST_F(SockWrite, NothingIsSentAfterTheWriteSideIsShut) {
  sock->shutdown_write();

  send_text(loop.jobs, *sock, "x", kLong, result);

  EXPECT_EQ(result, -EPIPE);
  EXPECT_EQ(peer.receive(1), "");
}

}  // namespace
}  // namespace weir::net::test
