#include "small_server.h"

#include "weir/net/listen.h"
#include "weir/observe/log.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace weir::app {
namespace {

using boost::asio::ip::tcp;

constexpr int kBacklog = 128;

base::Result<std::uint16_t> add_acceptor(boost::asio::io_context& context, const std::string& address,
                                         std::uint16_t port, Acceptors& acceptors) {
  net::ListenOptions options;
  options.backlog = kBacklog;
  const auto fd = net::listen_tcp(address, port, options);
  if (!fd) return fd.error();
  const net::Address at = net::local_address_of(*fd);
  auto acceptor = std::make_unique<tcp::acceptor>(context);
  boost::system::error_code error;
  acceptor->assign(at.family() == AF_INET6 ? tcp::v6() : tcp::v4(), *fd, error);
  if (error) {
    ::close(*fd);
    return base::fail("listen on " + at.text() + ": " + error.message(), error.value());
  }
  acceptors.push_back(std::move(acceptor));
  return at.port();
}

}  // namespace

base::Result<std::uint16_t> listen_on(boost::asio::io_context& context, const std::string& host, std::uint16_t port,
                                      Acceptors& acceptors) {
  if (!host.empty()) return add_acceptor(context, host, port, acceptors);
  auto bound = add_acceptor(context, "0.0.0.0", port, acceptors);
  if (!bound) return bound;
  // A machine without IPv6 is fine.
  auto v6 = add_acceptor(context, "::", *bound, acceptors);
  if (!v6 && v6.error().code() == EADDRINUSE) return v6;
  return bound;
}

std::thread run_apart(boost::asio::io_context& context) {
  return std::thread([&context] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    context.run();
  });
}

void log_escape(const char* component, const std::exception_ptr& error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    observe::log::error(component, "a connection ended with an unexpected error: {}", e.what());
  }
}

}  // namespace weir::app
