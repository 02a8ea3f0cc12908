#include "app/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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
      : server_({[this] { return healthy_.load(); }, [this] { return ready_.load(); },
                 [] { return std::string("m 1\n"); }}) {
    const auto started = server_.start("127.0.0.1", 0);
    EXPECT_TRUE(started);
    port_ = *started;
  }

  std::atomic<bool> healthy_{true};
  std::atomic<bool> ready_{false};
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
