// The access log to a syslog server (enable-syslog).
#include "weir/observe/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <string>

namespace weir::observe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A syslog server on loopback.
class Server {
 public:
  Server() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    const timeval limit{10, 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  }
  ~Server() { ::close(fd_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  std::string receive() {
    std::array<char, 4096> datagram{};
    const ssize_t size = ::recv(fd_, datagram.data(), datagram.size(), 0);
    return size < 0 ? "nothing came" : std::string(datagram.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

AccessLogSettings to(const Server& server) {
  AccessLogSettings settings;
  settings.syslog = true;
  settings.syslog_host = "127.0.0.1";
  settings.syslog_port = server.port();
  settings.format = "$request_uri $status";
  return settings;
}

void log_request(AccessLogBuffer& buffer, std::string_view uri) {
  AccessLogEntry entry;
  entry.request_uri = uri;
  entry.status = 200;
  buffer.append(entry);
}

TEST(Syslog, EachLineIsADatagramInTheOriginalsLayout) {
  Server server;
  AccessLog log("node-1");
  ASSERT_THAT(log.configure(to(server)), ElementsAre());
  auto buffer = log.make_buffer();

  log_request(*buffer, "/a");
  log_request(*buffer, "/b");
  buffer->flush();

  const std::string head = "<190>[A-Z][a-z][a-z] [ 1-3][0-9] [0-9]+:[0-9]+:[0-9]+ node-1 nginx: ";
  EXPECT_THAT(server.receive(), MatchesRegex(head + "/a 200"));
  EXPECT_THAT(server.receive(), MatchesRegex(head + "/b 200"));
  EXPECT_EQ(log.dropped_lines(), 0u);
}

TEST(Syslog, AnotherServerIsFollowedLive) {
  Server first;
  Server second;
  AccessLog log;
  log.configure(to(first));
  auto buffer = log.make_buffer();
  log_request(*buffer, "/first");
  buffer->flush();
  EXPECT_THAT(first.receive(), HasSubstr("/first 200"));

  log.configure(to(second));
  log_request(*buffer, "/second");
  buffer->flush();

  EXPECT_THAT(second.receive(), HasSubstr("/second 200"));
}

TEST(Syslog, ALongLineIsCut) {
  Server server;
  AccessLog log;
  log.configure(to(server));
  auto buffer = log.make_buffer();

  log_request(*buffer, "/" + std::string(5000, 'x'));
  buffer->flush();

  const std::string datagram = server.receive();
  EXPECT_GT(datagram.size(), 2048u);
  EXPECT_LT(datagram.size(), 2200u);
}

TEST(Syslog, AServerWhoseNameDoesNotResolveCostsLines) {
  Server server;
  AccessLogSettings settings = to(server);
  settings.syslog_host = "256.256.256.256";
  AccessLog log;
  log.configure(settings);
  auto buffer = log.make_buffer();

  log_request(*buffer, "/a");
  log_request(*buffer, "/b");
  buffer->flush();
  log.drain(std::chrono::seconds(10));

  EXPECT_EQ(log.dropped_lines(), 2u);
}

TEST(Syslog, WithoutAHostThePathIsUsed) {
  AccessLogSettings settings;
  settings.syslog = true;
  settings.path = "/no/such/folder/x";

  EXPECT_THAT(AccessLog::problems_of(settings), ElementsAre(HasSubstr("enable-syslog: syslog-host is empty")));
  AccessLog log;
  EXPECT_THAT(log.configure(settings), ElementsAre(HasSubstr("syslog-host is empty"), HasSubstr("/no/such/folder/x")));
}

}  // namespace
}  // namespace weir::observe
