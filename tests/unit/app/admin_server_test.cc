#include "app/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>

namespace weir::app {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

std::string get(std::uint16_t port, const std::string& path, const std::string& method = "GET") {
  return ask(port, method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest()
      : server_({[this] { return healthy_.load(); },
                 [this] { return ready_.load(); },
                 [this] { return many_ == 0 ? std::string("m 1\n") : std::string(many_, 'm'); },
                 {},
                 "/alive"}) {
    const auto started = server_.start("127.0.0.1", 0);
    EXPECT_TRUE(started);
    port_ = *started;
  }

  std::atomic<bool> healthy_{true};
  std::atomic<bool> ready_{false};
  std::atomic<std::size_t> many_{0};  // bytes of metrics
  AdminServer server_;
  std::uint16_t port_ = 0;
};

TEST_F(AdminServerTest, HealthzSaysOkAndFailsWhenShuttingDown) {
  EXPECT_THAT(get(port_, "/healthz"), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nok")));
  healthy_ = false;
  EXPECT_THAT(get(port_, "/healthz"), StartsWith("HTTP/1.1 500"));
}

TEST_F(AdminServerTest, ReadyzFollowsTheFirstTable) {
  EXPECT_THAT(get(port_, "/readyz"), StartsWith("HTTP/1.1 503"));
  ready_ = true;
  EXPECT_THAT(get(port_, "/readyz?verbose"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, MetricsHaveTheirContentType) {
  EXPECT_THAT(get(port_, "/metrics"), AllOf(HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                                            EndsWith("\r\n\r\nm 1\n")));
}

TEST_F(AdminServerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_THAT(get(port_, "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get(port_, "/healthz/x"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get(port_, "/healthz", "POST"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(get(port_, "/metrics", "HEAD"), AllOf(HasSubstr("Content-Length: 4\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(AdminServerTest, TheConfiguredHealthPathAnswersAsHealthz) {
  EXPECT_THAT(get(port_, "/alive"), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nok")));
  healthy_ = false;
  EXPECT_THAT(get(port_, "/alive"), StartsWith("HTTP/1.1 500"));
}

TEST_F(AdminServerTest, EachCheckHasAPathOfItsOwn) {
  for (const std::string base : {"/healthz", "/alive"}) {
    EXPECT_THAT(get(port_, base + "/ping"), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nok")));
    EXPECT_THAT(get(port_, base + "/nginx-ingress-controller"), StartsWith("HTTP/1.1 200"));
  }
  healthy_ = false;
  EXPECT_THAT(get(port_, "/healthz/ping"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(port_, "/healthz/nginx-ingress-controller"), StartsWith("HTTP/1.1 500"));
}

TEST_F(AdminServerTest, MetricsAreCompressedForWhoAcceptsIt) {
  many_ = 100000;
  const std::string plain = get(port_, "/metrics");
  EXPECT_THAT(plain, AllOf(HasSubstr("Vary: Accept-Encoding"), Not(HasSubstr("Content-Encoding"))));
  const std::string small =
      ask(port_, "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
  ASSERT_THAT(small, HasSubstr("Content-Encoding: gzip"));
  const std::string body = small.substr(small.find("\r\n\r\n") + 4);
  EXPECT_LT(body.size(), 2000U);
  std::string out(many_ + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(out, std::string(many_, 'm'));
}

TEST_F(AdminServerTest, AProbeComesThroughWhoeverHoldsConnections) {
  std::vector<int> silent;
  for (int i = 0; i < 300; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    silent.push_back(fd);
  }
  EXPECT_THAT(get(port_, "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(port_, "/healthz"), StartsWith("HTTP/1.1 200"));
  for (const int fd : silent) ::close(fd);
}

TEST_F(AdminServerTest, GarbageEndsTheConnectionOnly) {
  ask(port_, "nonsense\r\n\r\n");

  EXPECT_THAT(get(port_, "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, PortInUseIsAnError) {
  AdminServer second({[] { return true; }, [] { return true; }, [] { return std::string(); }});

  const auto started = second.start("127.0.0.1", port_);

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), EADDRINUSE);
}

}  // namespace
}  // namespace weir::app
