// A real Server with a hand-built table, scripted endpoints and clients that say exact bytes, all over loopback.
#pragma once

#include "unit/model/plain_model.h"
#include "weir/features/policies.h"
#include "weir/features/settings.h"
#include "weir/observe/access_log.h"
#include "weir/proxy/server.h"
#include "weir/route/compile.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weir::proxy::test {

using namespace std::chrono_literals;

inline constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
inline constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// One connection with exact bytes in and out. Every wait ends after 10 s with what came so far.
class Wire {
 public:
  // `before_close`: told the descriptor, which is a stranger's afterwards.
  explicit Wire(int fd, std::function<void(int)> before_close = {});
  Wire(Wire&& other) noexcept;
  Wire(const Wire&) = delete;
  ~Wire();

  bool send(std::string_view bytes);
  // Up to and including `mark`; what came, without it, if the stream ended first.
  std::string read_until(std::string_view mark);
  std::string read_head() { return read_until("\r\n\r\n"); }
  std::string read_exactly(std::size_t size);
  std::string read_all();  // until the end of the stream
  // A response with its body by Content-Length or chunks (undecoded).
  std::string read_response();
  bool wait_for_close();  // FIN or RST, nothing before it
  bool was_reset() const { return reset_; }
  void half_close();
  void reset();  // RST
  void close();
  void shrink_receive_buffer();

 private:
  bool fill();

  int fd_;
  std::function<void(int)> before_close_;
  std::string buffer_;
  bool reset_ = false;
  bool ended_ = false;
};

// An endpoint: each connection runs the script in a thread of its own.
class FakeUpstream {
 public:
  using Script = std::function<void(Wire& wire, int connection)>;
  explicit FakeUpstream(Script script);
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

  // Answers every request with `response`, over and over.
  static Script answering(std::string response);

 private:
  void run();

  Script script_;
  std::uint16_t port_ = 0;  // before listener_, which sets it
  int listener_;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::list<std::thread> threads_;
  std::set<int> open_;
  std::thread acceptor_;
};

// A port on which nobody listens.
std::uint16_t dead_port();

// What a test says about the table it wants.
class Rules {
 public:
  Rules();

  model::Location& add(const std::string& host, const std::string& path, const std::string& backend,
                       kube::PathType type = kube::PathType::prefix);
  model::Host& host(const std::string& name);
  void backend(const std::string& name, const std::vector<std::uint16_t>& ports);

  features::Settings settings;
  model::PlainModel model;
};

class Proxy {
 public:
  explicit Proxy(const Rules& rules, unsigned workers = 1, observe::AccessLog* log = nullptr, bool https = false,
                 observe::Metrics* metrics = nullptr);

  void publish(const Rules& rules);
  Wire connect() const { return connect_to(server.http_port()); }
  Wire connect_https_port() const { return connect_to(server.https_port()); }
  // One request on a connection of its own, up to its end.
  std::string get(std::string_view request) const;

  static Wire connect_to(std::uint16_t port);

  Server server;

 private:
  route::Compiler compiler_;
};

// Until `condition` holds, at most 10 s.
bool eventually(const std::function<bool()>& condition);
void pause(std::chrono::milliseconds time);

std::string body_of(const std::string& response);
std::string pattern(std::size_t size);  // bytes that tell a wrong offset

}  // namespace weir::proxy::test
