// What the program's own small servers (admin port, admission webhook) have in common: their sockets and their thread.
// Thread rule: before the context runs.
#pragma once

#include "weir/base/result.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace weir::app {

using Acceptors = std::vector<std::unique_ptr<boost::asio::ip::tcp::acceptor>>;

// Listens on a numeric address; an empty `host` means all IPv4 addresses and, where the machine has IPv6, all of those
// on the same port. Port 0 takes a free one. Result: the port; an error names the address.
base::Result<std::uint16_t> listen_on(boost::asio::io_context& context, const std::string& host, std::uint16_t port,
                                      Acceptors& acceptors);

// A thread that runs the context and takes no signals.
std::thread run_apart(boost::asio::io_context& context);

// For co_spawn: an exception that ends a connection is logged, the server goes on.
void log_escape(const char* component, const std::exception_ptr& error);

}  // namespace weir::app
