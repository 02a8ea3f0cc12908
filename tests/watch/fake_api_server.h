// A fake of the API server on the wire: an HTTP server on loopback whose answers a test writes, byte by byte where it
// must, to do what a real one cannot be made to do. Same thread as the code under test.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::watch {

struct FakeRequest {
  std::string method;
  std::string path;  // without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::size_t connection = 0;  // number of the connection it came on

  bool asks(const std::string& key, const std::string& value) const {
    const auto it = query.find(key);
    return it != query.end() && it->second == value;
  }
};

// One exchange, as the test's handler acts it out.
class FakeExchange {
 public:
  virtual ~FakeExchange() = default;

  FakeRequest request;
  // A whole answer. `headers`: lines with their ends.
  virtual boost::asio::awaitable<void> answer(int status, std::string body, std::string headers) = 0;
  // The head of a chunked answer, then pieces of it, then its end.
  virtual boost::asio::awaitable<void> begin() = 0;
  virtual boost::asio::awaitable<void> send(std::string piece) = 0;
  virtual boost::asio::awaitable<void> end() = 0;
  // Any bytes.
  virtual boost::asio::awaitable<void> raw(std::string bytes) = 0;
  // The connection is cut.
  virtual void cut() = 0;
  virtual boost::asio::awaitable<void> pause(std::chrono::milliseconds time) = 0;
};

class FakeApiServer {
 public:
  using Handler = std::function<boost::asio::awaitable<void>(FakeExchange&)>;

  // With a certificate: over TLS.
  explicit FakeApiServer(boost::asio::io_context& context, Handler handler, const std::string& certificate = {},
                         const std::string& key = {});
  ~FakeApiServer();

  int port() const;
  std::vector<FakeRequest> requests;
  std::size_t connections = 0;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// {"type": TYPE, "object": OBJECT} and a line end.
std::string event_line(const std::string& type, const std::string& object);
std::string bookmark_line(const std::string& kind, const std::string& version, bool end_of_list = false);
std::string status_body(int code, const std::string& reason, const std::string& cause = {});
// A Service with this name in namespace "default".
std::string service_json(const std::string& name, const std::string& version, int port = 80);
std::string list_json(const std::string& kind, const std::string& version, const std::vector<std::string>& items,
                      const std::string& continue_token = {});

}  // namespace weir::watch
