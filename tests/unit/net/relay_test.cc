#include "weir/net/sock.h"

#include "loop.h"

#include <cstdio>
#include <thread>

namespace weir::net::test {
namespace {

struct Relay : testing::Test {
  Relay() {
    auto [from_near, from_far] = tcp_pair();
    auto [to_near, to_far] = tcp_pair();
    set_buffer(to_near, SO_SNDBUF, 64 * 1024);
    set_buffer(to_far.fd(), SO_RCVBUF, 64 * 1024);
    from = loop.adopt(from_near);
    to = loop.adopt(to_near);
    source = std::move(from_far);
    sink = std::move(to_far);
  }
  Loop loop;
  SockPtr from, to;
  Peer source, sink;
  RelayResult result{kUnset, false};
  std::uint64_t left = 0;
};

Job splice(JobGroup&, Sock& from, Sock& to, std::uint64_t& left, Millis timeout, RelayResult& result) {
  result = co_await from.splice_to(to, left, timeout);
}

TEST_F(Relay, FourMegabytesArriveWhole) {
  const std::string text = pattern(4 << 20);
  left = text.size();
  std::string got;
  std::thread sender([&] { source.send(text + "next"); });
  std::thread receiver([&] { got = sink.receive(text.size()); });

  splice(loop.jobs, *from, *to, left, kLong, result);
  const bool done = loop.run_until([&] { return result.result != kUnset; });
  if (!done) to.reset(), from.reset();
  sender.join();
  receiver.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(result.result, 1);
  EXPECT_EQ(left, 0u);
  EXPECT_TRUE(got == text);
  // Not one byte more than asked for was taken.
  int n = kUnset;
  read_once(loop.jobs, *from, 100, kLong, n);
  ASSERT_TRUE(loop.run_until([&] { return n != kUnset; }));
  EXPECT_EQ(from->input(), "next");
}

TEST_F(Relay, AStreamThatEndsEarlyIsToldApart) {
  left = 1000;
  splice(loop.jobs, *from, *to, left, kLong, result);

  source.send("only these");
  source.finish();

  ASSERT_TRUE(loop.run_until([&] { return result.result != kUnset; }));
  EXPECT_EQ(result.result, 0);
  EXPECT_EQ(left, 990u);
  EXPECT_EQ(sink.receive(10), "only these");
}

TEST_F(Relay, UntilTheEndOfTheStream) {
  left = UINT64_MAX;
  splice(loop.jobs, *from, *to, left, kLong, result);

  source.send("all of it");
  source.finish();

  ASSERT_TRUE(loop.run_until([&] { return result.result != kUnset; }));
  EXPECT_EQ(result.result, 0);
  EXPECT_FALSE(result.write_side);
  EXPECT_EQ(sink.receive(9), "all of it");
}

TEST_F(Relay, ASenderThatStopsIsATimeoutOfTheReadSide) {
  left = 1000;
  splice(loop.jobs, *from, *to, left, 200ms, result);

  ASSERT_TRUE(loop.run_until([&] { return result.result != kUnset; }));
  EXPECT_EQ(result.result, -ETIMEDOUT);
  EXPECT_FALSE(result.write_side);
}

TEST_F(Relay, AReceiverThatStopsIsATimeoutOfTheWriteSide) {
  // More than the receiver's buffers hold lies ready, so that the read side never waits.
  const std::string text = pattern(64 * 1024);
  set_buffer(source.fd(), SO_SNDBUF, 4 << 20);
  while (::send(source.fd(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  left = 64 << 20;
  splice(loop.jobs, *from, *to, left, 200ms, result);

  ASSERT_TRUE(loop.run_until([&] { return result.result != kUnset; }));

  EXPECT_EQ(result.result, -ETIMEDOUT);
  EXPECT_TRUE(result.write_side);
}

TEST_F(Relay, AReceiverThatLeavesIsAnErrorOfTheWriteSide) {
  left = 1 << 20;
  splice(loop.jobs, *from, *to, left, kLong, result);
  sink.reset();
  loop.settle();

  source.send("for nobody");

  ASSERT_TRUE(loop.run_until([&] { return result.result != kUnset; }));
  EXPECT_LT(result.result, 0);
  EXPECT_TRUE(result.write_side);
}

TEST_F(Relay, DestroyedInTheMiddleItLeavesNothing) {
  const std::string text = pattern(1 << 20);
  left = 64 << 20;
  splice(loop.jobs, *from, *to, left, kLong, result);
  ASSERT_TRUE(loop.run_until([&] {
    (void)::send(source.fd(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return left < (64 << 20);
  }));

  loop.jobs.destroy_all();
  from.reset();
  to.reset();

  EXPECT_EQ(result.result, kUnset);
}

struct TempFile {
  explicit TempFile(const std::string& text) : file(std::tmpfile()) {
    std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
  }
  ~TempFile() { std::fclose(file); }
  int fd() const { return ::fileno(file); }
  std::FILE* file;
};

Job send_file(JobGroup&, Sock& to, int file, std::int64_t offset, std::size_t size, int& result) {
  result = co_await to.send_file(file, offset, size, kLong);
}

TEST_F(Relay, AFileArrivesWhole) {
  const std::string text = pattern(3 << 20);
  TempFile file(text);
  int sent = kUnset;
  std::string got;
  std::thread receiver([&] { got = sink.receive(text.size() - 10); });

  send_file(loop.jobs, *to, file.fd(), 10, text.size() - 10, sent);
  const bool done = loop.run_until([&] { return sent != kUnset; });
  if (!done) to.reset();
  receiver.join();

  ASSERT_TRUE(done);
  EXPECT_EQ(sent, 1);
  EXPECT_TRUE(got == text.substr(10));
}

TEST_F(Relay, AFileThatIsTooShortIsAnError) {
  TempFile file("abc");
  int sent = kUnset;

  send_file(loop.jobs, *to, file.fd(), 0, 10, sent);

  ASSERT_TRUE(loop.run_until([&] { return sent != kUnset; }));
  EXPECT_EQ(sent, -EIO);
}

}  // namespace
}  // namespace weir::net::test
