#include "echo_server.h"

#include "print.h"
#include "weir/base/ascii.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace weir::app {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using LocalSocket = asio::local::stream_protocol::socket;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Request = http::request<http::string_body>;

namespace {

constexpr std::chrono::minutes kTimeout{10};
constexpr std::uint64_t kMaxBody = 1024ull * 1024 * 1024;
constexpr std::size_t kMaxShownBody = 64 * 1024;
constexpr std::int64_t kMaxSize = 256ll * 1024 * 1024;
constexpr std::int64_t kMaxDelay = 600'000;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

std::int64_t number_of(std::string_view query, std::string_view key, std::int64_t fallback, std::int64_t most) {
  const auto number = base::parse_int(query_value(query, key));
  return number ? std::clamp<std::int64_t>(*number, 0, most) : fallback;
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

struct Target {
  std::string_view path;
  std::string_view query;
};

Target split(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::string describe(const Request& request, const EchoOptions& options) {
  const std::string_view target = view(request.target());
  nlohmann::ordered_json headers = nlohmann::ordered_json::object();
  for (const auto& field : request) {
    headers[base::to_lower(view(field.name_string()))].push_back(std::string(view(field.value())));
  }
  nlohmann::ordered_json answer{{"name", options.name},
                                {"method", std::string(view(request.method_string()))},
                                {"target", std::string(target)},
                                {"path", std::string(split(target).path)},
                                {"query", std::string(split(target).query)},
                                {"version", request.version() == 10 ? "HTTP/1.0" : "HTTP/1.1"},
                                {"tls", options.tls},
                                {"headers", std::move(headers)},
                                {"body_length", request.body().size()},
                                {"body", request.body().substr(0, kMaxShownBody)}};
  return answer.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

http::response<http::string_body> answer(const Request& request, const EchoOptions& options) {
  const std::string_view query = split(view(request.target())).query;
  const std::int64_t status = number_of(query, "status", 200, 999);
  http::response<http::string_body> response;
  response.result(static_cast<unsigned>(std::max<std::int64_t>(status, 200)));
  response.version(request.version());
  response.set(http::field::server, "weir-echo");
  const std::int64_t size = number_of(query, "size", -1, kMaxSize);
  if (size >= 0) {
    response.set(http::field::content_type, "application/octet-stream");
    response.body().assign(static_cast<std::size_t>(size), 'x');
  } else {
    response.set(http::field::content_type, "application/json");
    response.body() = describe(request, options);
  }
  response.keep_alive(request.keep_alive() && query_value(query, "close") != "1");
  const bool no_body = status == 204 || status == 304;
  if (no_body) {
    response.body().clear();
  } else if (query_value(query, "chunked") == "1" && request.version() == 11) {
    response.chunked(true);
  } else {
    response.content_length(response.body().size());
  }
  return response;
}

asio::awaitable<void> echo_websocket(Stream& stream, const Request& request) {
  websocket::stream<Stream&> socket(stream);
  stream.expires_never();
  socket.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  const auto [accept_error] = co_await socket.async_accept(request, kNoThrow);
  if (accept_error) co_return;
  beast::flat_buffer buffer;
  for (;;) {
    const auto [read_error, read] = co_await socket.async_read(buffer, kNoThrow);
    if (read_error) co_return;
    socket.text(socket.got_text());
    const auto [write_error, written] = co_await socket.async_write(buffer.data(), kNoThrow);
    if (write_error) co_return;
    buffer.consume(buffer.size());
  }
}

asio::awaitable<void> serve_requests(Stream& stream, const EchoOptions& options) {
  beast::flat_buffer buffer(64 * 1024);
  asio::steady_timer delay(stream.get_executor());
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    parser.header_limit(256 * 1024);
    stream.expires_after(kTimeout);
    const auto [head_error, head_size] = co_await http::async_read_header(stream, buffer, parser, kNoThrow);
    if (head_error) co_return;
    if (websocket::is_upgrade(parser.get())) {
      const Request request = parser.release();
      co_await echo_websocket(stream, request);
      co_return;
    }
    if (base::iequals(view(parser.get()[http::field::expect]), "100-continue")) {
      http::response<http::empty_body> go_on{http::status::continue_, parser.get().version()};
      const auto [write_error, written] = co_await http::async_write(stream, go_on, kNoThrow);
      if (write_error) co_return;
    }
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kNoThrow);
    if (read_error) co_return;
    const Request& request = parser.get();
    const std::int64_t wait = number_of(split(view(request.target())).query, "delay_ms", 0, kMaxDelay);
    if (wait > 0) {
      delay.expires_after(std::chrono::milliseconds(wait));
      const auto [wait_error] = co_await delay.async_wait(kNoThrow);
      if (wait_error) co_return;
    }
    http::response<http::string_body> response = answer(request, options);
    http::response_serializer<http::string_body> serializer(response);
    stream.expires_after(kTimeout);
    if (request.method() == http::verb::head) {
      const auto [write_error, written] = co_await http::async_write_header(stream, serializer, kNoThrow);
      if (write_error) co_return;
    } else {
      const auto [write_error, written] = co_await http::async_write(stream, serializer, kNoThrow);
      if (write_error) co_return;
    }
    if (!response.keep_alive()) co_return;
  }
}

asio::awaitable<void> serve(asio::generic::stream_protocol::socket socket, const EchoOptions& options) {
  Stream stream(std::move(socket));
  co_await serve_requests(stream, options);
  boost::system::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

// What escapes ends that connection only; a client can cause it.
void ignore_escape(const std::exception_ptr&) {}

// A client of TLS, whose clear bytes go through a pair of local sockets to the server above: HTTP and WebSocket over a
// second type of stream would take this file three times as long to compile.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  TlsClient(tcp::socket socket, asio::ssl::context& context)
      : stream_(std::move(socket), context), clear_(stream_.get_executor()), timer_(stream_.get_executor()) {}

  static asio::awaitable<void> run(std::shared_ptr<TlsClient> client, const EchoOptions& options) {
    client->close_after(kTimeout);
    const auto [error] = co_await client->stream_.async_handshake(asio::ssl::stream_base::server, kNoThrow);
    client->timer_.cancel();
    if (error) co_return;
    LocalSocket server(client->clear_.get_executor());
    boost::system::error_code failed;
    asio::local::connect_pair(client->clear_, server, failed);
    if (failed) co_return;
    const auto executor = client->clear_.get_executor();
    asio::co_spawn(executor, serve(std::move(server), options), ignore_escape);
    asio::co_spawn(executor, requests(client), ignore_escape);
    co_await responses(client);
  }

 private:
  static asio::awaitable<void> requests(std::shared_ptr<TlsClient> client) {
    co_await pump(client->stream_, client->clear_);
    boost::system::error_code ignored;
    client->clear_.shutdown(LocalSocket::shutdown_send, ignored);
  }

  static asio::awaitable<void> responses(std::shared_ptr<TlsClient> client) {
    co_await pump(client->clear_, client->stream_);
    client->close_after(std::chrono::seconds(1));
    (void)co_await client->stream_.async_shutdown(kNoThrow);  // the peer may already be gone
    client->close();
  }

  template <class From, class To>
  static asio::awaitable<void> pump(From& from, To& to) {
    std::array<char, 16 * 1024> bytes;
    for (;;) {
      const auto [read_error, size] = co_await from.async_read_some(asio::buffer(bytes), kNoThrow);
      if (read_error) co_return;
      const auto [write_error, written] = co_await asio::async_write(to, asio::buffer(bytes.data(), size), kNoThrow);
      if (write_error) co_return;
    }
  }

  void close_after(std::chrono::steady_clock::duration time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
      if (!stopped) self->close();
    });
  }

  void close() {
    timer_.cancel();
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
    clear_.close(ignored);
  }

  asio::ssl::stream<tcp::socket> stream_;
  LocalSocket clear_;
  asio::steady_timer timer_;
};

asio::awaitable<void> accept(tcp::acceptor& acceptor, asio::ssl::context* tls, const EchoOptions& options) {
  asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kNoThrow);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      pause.expires_after(std::chrono::milliseconds(50));
      const auto [waited] = co_await pause.async_wait(kNoThrow);
      if (waited) co_return;
      continue;
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls) {
      asio::co_spawn(acceptor.get_executor(),
                     TlsClient::run(std::make_shared<TlsClient>(std::move(socket), *tls), options), ignore_escape);
    } else {
      asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), options), ignore_escape);
    }
  }
}

base::Result<void> open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // One socket for both families.
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error)
    return base::fail("listen on port " + std::to_string(endpoint.port()) + ": " + error.message(), error.value());
  return {};
}

}  // namespace

std::string_view query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == key) return pair.substr(equals + 1);
  }
  return {};
}

base::Result<void> run_echo_server(const EchoOptions& options) {
  asio::io_context context(1);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (options.tls) {
    boost::system::error_code error;
    tls.use_certificate_chain_file(options.certificate_file, error);
    if (error) return base::fail("certificate " + options.certificate_file + ": " + error.message());
    tls.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    if (error) return base::fail("key " + options.key_file + ": " + error.message());
  }
  tcp::acceptor acceptor(context);
  base::Result<void> opened;
  if (options.address.empty() || options.address == "all") {
    opened = open(acceptor, tcp::endpoint(tcp::v6(), options.port));
    if (!opened && opened.error().code() != EADDRINUSE) {  // no IPv6 on this machine
      boost::system::error_code ignored;
      acceptor.close(ignored);
      opened = open(acceptor, tcp::endpoint(tcp::v4(), options.port));
    }
  } else {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return base::fail("--address " + options.address + ": not an IP address");
    opened = open(acceptor, tcp::endpoint(address, options.port));
  }
  if (!opened) return opened;
  print_error("echo " + options.name + ": listening on port " + std::to_string(acceptor.local_endpoint().port()) +
              "\n");

  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) context.stop();
  });
  asio::co_spawn(context, accept(acceptor, options.tls ? &tls : nullptr, options), ignore_escape);
  context.run();
  return {};
}

}  // namespace weir::app
