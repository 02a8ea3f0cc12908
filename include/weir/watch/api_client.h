// ApiClient: HTTP/1.1 to one API server, over TLS or not, with the credentials of an ApiConfig. Requests with whole
// answers for the writers (ApiCall), streamed answers for watches. Connections are kept and used again; a request that
// finds a kept one closed is sent once more on a new one if nothing was answered.
//
// Files are read again: the CA and client certificates for each new connection, the token every minute, the old one
// staying in use when that fails. A 401 drops the token once and the request is repeated with a fresh one.
//
// Errors: a Result holds an error only when no answer came (not connected, not trusted, timed out, cut): an HTTP status
// of any kind is an answer. Thread rule: the control thread. Lifetime: the io_context must outlive it; destroying it
// ends everything in flight with an error.
#pragma once

#include "weir/base/result.h"
#include "weir/watch/api_call.h"
#include "weir/watch/api_config.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

class ApiConnection;

// `reason` and `message` of a Status object; both empty when `body` is none. Never longer than 300 bytes each.
struct ApiStatus {
  int code = 0;
  std::string reason;  // "Expired", "TooManyRequests"
  std::string message;
  std::chrono::seconds retry_after{0};  // details.retryAfterSeconds
  std::string cause;                    // reason of the first of details.causes
};
ApiStatus read_api_status(std::string_view body);

// The body of an answer as it comes in. Destroying it before its end closes the connection. Must not outlive the
// ApiClient's io_context.
class ApiStream {
 public:
  // `give_back` gets the connection when the stream ends.
  ApiStream(std::shared_ptr<ApiConnection> connection, int status, std::chrono::seconds retry_after,
            std::function<void(std::shared_ptr<ApiConnection>)> give_back);
  ~ApiStream();
  ApiStream(const ApiStream&) = delete;
  ApiStream& operator=(const ApiStream&) = delete;

  int status() const { return status_; }
  std::chrono::seconds retry_after() const { return retry_after_; }

  // The next line without its end; an empty optional: the body ended as it should, after a whole line. An error: it was
  // cut, nothing came for `idle`, or the line is longer than `limit`. The view is valid until the next call.
  boost::asio::awaitable<base::Result<std::optional<std::string_view>>> next_line(std::chrono::milliseconds idle,
                                                                                  std::size_t limit);
  // What is left of the body. `idle` as above.
  boost::asio::awaitable<base::Result<std::string>> read_rest(std::chrono::milliseconds idle, std::size_t limit);

 private:
  std::shared_ptr<ApiConnection> connection_;
  int status_;
  std::chrono::seconds retry_after_;
  std::function<void(std::shared_ptr<ApiConnection>)> give_back_;
  std::string buffer_;        // read and not yet returned
  std::size_t line_ = 0;      // where the next line starts in it
  std::size_t searched_ = 0;  // no end of line before here
  bool ended_ = false;
};

struct ApiClientOptions {
  std::chrono::milliseconds connect_limit{10000};  // resolving, connecting and the TLS handshake
  std::chrono::milliseconds request_limit{30000};  // of a whole answer; of the head of a streamed one
  std::chrono::milliseconds token_interval{60000};
  std::size_t answer_limit = 1u << 30;  // bytes of a whole answer
};

class ApiClient {
 public:
  ApiClient(boost::asio::io_context& context, ApiConfig config, ApiClientOptions options = {});
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  boost::asio::awaitable<base::Result<ApiAnswer>> request(ApiRequest request);
  // Returns when the head of the answer has come.
  boost::asio::awaitable<base::Result<std::unique_ptr<ApiStream>>> open(ApiRequest request);

  // For the writers. May be called after the client is gone: then it answers with an error.
  ApiCall call() const;

  const ApiConfig& config() const;
  // Requests sent so far and connections made.
  std::size_t requests() const;
  std::size_t connections() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
