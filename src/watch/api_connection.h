// ApiConnection: one connection to the API server and the answer that is being read from it. Beast's parser is used
// without its I/O and stays in the .cc. Control thread.
#pragma once

#include "weir/base/result.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace weir::watch {

struct ApiEndpoint {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string server_name;  // verified; empty: host
  bool insecure = false;
  std::string ca_pem;  // empty: the system's
  std::string client_cert;
  std::string client_key;
};

struct ApiHead {
  int status = 0;
  std::chrono::seconds retry_after{0};
};

class ApiConnection : public std::enable_shared_from_this<ApiConnection> {
 public:
  using Clock = std::chrono::steady_clock;

  // Resolves, connects and shakes hands within `limit`.
  static boost::asio::awaitable<base::Result<std::shared_ptr<ApiConnection>>> connect(const ApiEndpoint& endpoint,
                                                                                      std::chrono::milliseconds limit);
  ~ApiConnection();
  ApiConnection(const ApiConnection&) = delete;
  ApiConnection& operator=(const ApiConnection&) = delete;

  // Sends the request, returns when the head of the final answer is here.
  boost::asio::awaitable<base::Result<ApiHead>> exchange(const std::string& request, std::chrono::milliseconds limit);
  // A piece of the body, appended to `into`; false: the body is complete. `idle`: the longest time without a byte.
  boost::asio::awaitable<base::Result<bool>> read_body(std::string& into, std::chrono::milliseconds idle);

  // The answer was read to its end and neither side wants to close.
  bool reusable() const;
  // A kept connection on which something came or that was closed cannot be used.
  bool quiet();
  // No byte of an answer has come since exchange() began.
  bool unanswered() const;
  // Ends whatever is in flight.
  void close();

  Clock::time_point idle_since;

 private:
  struct Impl;
  explicit ApiConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::watch
