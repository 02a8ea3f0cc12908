#include "admin_server.h"

#include "admin_page.h"
#include "small_server.h"
#include "weir/http/accept_encoding.h"
#include "weir/observe/metrics_registry.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <climits>
#include <exception>
#include <list>
#include <optional>
#include <thread>
#include <vector>

namespace weir::app {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

namespace {

constexpr std::size_t kMaxConnections = 256;            // probes and scrapers; more is a mistake or an attack
constexpr std::chrono::seconds kTimeout{15};            // one request or an idle connection
constexpr std::chrono::milliseconds kAcceptPause{100};  // after a failed accept, as with no descriptors left
constexpr std::uint64_t kMaxBody = 64 * 1024;
constexpr std::size_t kGzipFrom = 1024;  // bytes; below, a second packet is not saved
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

void log_error(const std::exception_ptr& error) {
  log_escape("admin", error);
}

// At the fastest level: metrics repeat themselves so much that higher ones only cost time. False: left as it was.
bool gzip(std::string& body) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemory = 8;  // zlib's default
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return false;
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (whole) body = std::move(out);
  return whole;
}

}  // namespace

struct AdminServer::State {
  explicit State(AdminHandlers h) : handlers(std::move(h)) {}

  AdminHandlers handlers;
  asio::io_context context{1};
  Acceptors acceptors;
  std::unique_ptr<local::acceptor> local_acceptor;
  std::string local_path;
  std::size_t connections = 0;
  // Close those that wait for a request, the longest waiting first.
  std::list<std::function<void()>> silent;
  std::thread thread;

  template <class Acceptor>
  asio::awaitable<void> accept(Acceptor& acceptor, bool inspects);
  template <class Protocol>
  asio::awaitable<void> serve(asio::basic_stream_socket<Protocol> socket, bool inspects);
  // What follows the path of health checks in `path`; nullopt: it is another path.
  std::optional<std::string_view> health_check(std::string_view path) const;
  asio::awaitable<Response> answer(const Request& request, bool inspects);
  asio::awaitable<void> inspect(std::string target, Response& response);
};

// Asks the control thread and waits for it, with a limit.
asio::awaitable<void> AdminServer::State::inspect(std::string target, Response& response) {
  struct Waiting {
    explicit Waiting(asio::io_context& context) : ready(context) {}
    asio::steady_timer ready;
    std::optional<InspectionAnswer> answer;
  };
  auto waiting = std::make_shared<Waiting>(context);
  waiting->ready.expires_after(kTimeout);
  handlers.inspect(std::move(target), [this, waiting](InspectionAnswer answer) {
    asio::post(context, [waiting, answer = std::move(answer)]() mutable {
      waiting->answer = std::move(answer);
      waiting->ready.cancel();
    });
  });
  const auto [waited] = co_await waiting->ready.async_wait(kNoThrow);
  (void)waited;  // cancelled when the answer is there; what counts is whether it is
  if (!waiting->answer) {
    response.result(http::status::service_unavailable);
    response.body() = "no answer within the time allowed\n";
    co_return;
  }
  response.result(static_cast<unsigned>(waiting->answer->status));
  response.set(http::field::content_type, waiting->answer->content_type);
  response.body() = std::move(waiting->answer->body);
}

// The original answers each of its two checks at a path of its own as well (spec 8.3).
std::optional<std::string_view> AdminServer::State::health_check(std::string_view path) const {
  for (const std::string_view base : {std::string_view("/healthz"), std::string_view(handlers.health_path)}) {
    if (base.empty() || !path.starts_with(base)) continue;
    const std::string_view rest = path.substr(base.size());
    if (rest.empty() || rest == "/ping" || rest == "/nginx-ingress-controller") return rest;
  }
  return std::nullopt;
}

asio::awaitable<Response> AdminServer::State::answer(const Request& request, bool inspects) {
  Response response;
  response.version(11);
  response.keep_alive(request.keep_alive());
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  const std::string_view target(request.target().data(), request.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
    response.body() = "method not allowed\n";
  } else if (const auto check = health_check(path)) {
    const bool healthy = *check == "/ping" || handlers.healthy();
    response.result(healthy ? http::status::ok : http::status::internal_server_error);
    response.body() = healthy ? "ok" : "shutting down";
  } else if (path == "/readyz") {
    const bool ready = handlers.ready();
    response.result(ready ? http::status::ok : http::status::service_unavailable);
    response.body() = ready ? "ok" : "not ready: the objects read at start are not served yet";
  } else if (path == "/metrics") {
    response.set(http::field::content_type,
                 beast::string_view(observe::kMetricsContentType.data(), observe::kMetricsContentType.size()));
    response.body() = handlers.metrics();
    response.set(http::field::vary, "Accept-Encoding");
    const beast::string_view accepted = request[http::field::accept_encoding];
    if (response.body().size() >= kGzipFrom && response.body().size() <= UINT_MAX &&
        weir::http::accepts_coding({accepted.data(), accepted.size()}, "gzip") && gzip(response.body())) {
      response.set(http::field::content_encoding, "gzip");
    }
  } else if (inspects && path == "/") {
    response.set(http::field::content_type, "text/html; charset=utf-8");
    // The page needs nothing from elsewhere, and nobody may frame it.
    response.set("Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                 "frame-ancestors 'none'; base-uri 'none'");
    response.body() = admin_page();
  } else if (inspects && path.starts_with("/api/") && handlers.inspect) {
    co_await inspect(std::string(target), response);
  } else {
    response.result(http::status::not_found);
    response.body() = "not found\n";
  }
  response.content_length(response.body().size());
  if (request.method() == http::verb::head) response.body().clear();
  co_return response;
}

template <class Protocol>
asio::awaitable<void> AdminServer::State::serve(asio::basic_stream_socket<Protocol> socket, bool inspects) {
  beast::basic_stream<Protocol> stream(std::move(socket));
  beast::flat_buffer buffer(16 * 1024);
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    parser.header_limit(8 * 1024);
    stream.expires_after(kTimeout);
    const auto place = silent.insert(silent.end(), [&stream] { stream.close(); });
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kNoThrow);
    silent.erase(place);
    if (read_error) break;
    Response response = co_await answer(parser.get(), inspects);
    const bool is_head = parser.get().method() == http::verb::head;
    stream.expires_after(kTimeout);
    http::response_serializer<http::string_body> serializer(response);
    if (is_head) {
      const auto [write_error, written] = co_await http::async_write_header(stream, serializer, kNoThrow);
      if (write_error) break;
    } else {
      const auto [write_error, written] = co_await http::async_write(stream, serializer, kNoThrow);
      if (write_error) break;
    }
    if (!response.keep_alive()) break;
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  --connections;
}

template <class Acceptor>
asio::awaitable<void> AdminServer::State::accept(Acceptor& acceptor, bool inspects) {
  asio::steady_timer pause(context);
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kNoThrow);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      pause.expires_after(kAcceptPause);
      const auto [waited] = co_await pause.async_wait(kNoThrow);
      if (waited) co_return;
      continue;
    }
    if (connections >= kMaxConnections) {
      // Probes have to come through whoever else holds connections: the one that has been silent for longest goes.
      if (silent.empty()) continue;  // closes the new one
      silent.front()();
      silent.splice(silent.end(), silent, silent.begin());  // closed; it leaves the list by itself
    }
    ++connections;
    asio::co_spawn(context, serve(std::move(socket), inspects), log_error);
  }
}

AdminServer::AdminServer(AdminHandlers handlers) : state_(std::make_unique<State>(std::move(handlers))) {}

AdminServer::~AdminServer() {
  stop();
}

base::Result<std::uint16_t> AdminServer::start(const std::string& host, std::uint16_t port) {
  auto bound = listen_on(state_->context, host, port, state_->acceptors);
  if (!bound && !host.empty()) return base::fail("--healthz-host: " + bound.error().text(), bound.error().code());
  if (!bound) return bound;
  for (const auto& acceptor : state_->acceptors) {
    asio::co_spawn(state_->context, state_->accept(*acceptor, state_->handlers.page_on_port), log_error);
  }
  if (state_->local_acceptor) {
    asio::co_spawn(state_->context, state_->accept(*state_->local_acceptor, true), log_error);
  }
  state_->thread = run_apart(state_->context);
  return bound;
}

base::Result<void> AdminServer::listen_local(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return base::fail("debug socket " + path + ": the path is too long");
  ::unlink(path.c_str());
  auto acceptor = std::make_unique<local::acceptor>(state_->context);
  boost::system::error_code error;
  acceptor->open(local(), error);
  // The socket is made with the rights of the file mask: nobody else gets in between bind and chmod.
  const mode_t before = ::umask(0177);
  if (!error) acceptor->bind(local::endpoint(path), error);
  ::umask(before);
  if (!error) acceptor->listen(16, error);
  if (error) return base::fail("debug socket " + path + ": " + error.message(), error.value());
  state_->local_acceptor = std::move(acceptor);
  state_->local_path = path;
  return {};
}

void AdminServer::stop() {
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
  if (!state_->local_path.empty()) ::unlink(state_->local_path.c_str());
  state_->local_path.clear();
}

}  // namespace weir::app
