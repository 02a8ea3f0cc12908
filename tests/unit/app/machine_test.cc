#include "app/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::app {
namespace {

// A listening socket on a free port, with SO_REUSEPORT as a worker has it.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

TEST(Machine, QuotaIsRoundedUp) {
  EXPECT_EQ(cpus_of_quota("200000 100000"), 2u);
  EXPECT_EQ(cpus_of_quota("150000 100000"), 2u);
  EXPECT_EQ(cpus_of_quota("10000 100000"), 1u);
  EXPECT_EQ(cpus_of_quota("max 100000"), 0u);
  EXPECT_EQ(cpus_of_quota(""), 0u);
  EXPECT_EQ(cpus_of_quota("1 0"), 0u);
}

TEST(Machine, ThereIsAtLeastOneCpu) {
  EXPECT_GE(usable_cpus(), 1u);
}

TEST(Machine, PortInUseNamesTheFlagAlsoWhenItCouldBeShared) {
  Listener listener;

  const auto taken = check_port_free(listener.port(), "--http-port");

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().text(),
            "port " + std::to_string(listener.port()) + " is already in use. Please check the flag --http-port");
  listener.close();
  EXPECT_TRUE(check_port_free(listener.port(), "--http-port"));
}

}  // namespace
}  // namespace weir::app
