#include "admission_webhook.h"

#include "admission_review.h"
#include "small_server.h"
#include "webhook_certificate.h"
#include "weir/observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace weir::app {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::uint64_t kMaxBody = 9437184 - 1;         // spec 8.8: from 9437184 bytes on 413
constexpr std::size_t kMaxConnections = 64;             // an API server keeps a few
constexpr std::chrono::seconds kTimeout{10};            // handshake, one request, one review; the API server's default
constexpr std::chrono::seconds kIdle{120};              // between requests
constexpr std::chrono::milliseconds kAcceptPause{100};  // after a failed accept, as with no descriptors left
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

using Stream = beast::ssl_stream<beast::tcp_stream>;

void log_error(const std::exception_ptr& error) {
  log_escape("webhook", error);
}

// One review on its way: whoever judges keeps `Answer`, the connection waits on its timer. Everything but the call of
// set() happens on the webhook's thread.
struct Answer {
  explicit Answer(asio::io_context& context) : ready(context) {}

  asio::steady_timer ready;
  std::optional<model::Review> review;
};

// ":8443" means all addresses.
base::Result<std::pair<std::string, std::uint16_t>> split_address(const std::string& text) {
  const auto colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65535) {
    return base::fail("--validating-webhook " + text + ": must be ADDRESS:PORT or :PORT");
  }
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return std::pair(std::move(host), static_cast<std::uint16_t>(std::stoi(port)));
}

http::response<http::string_body> plain(http::status status, std::string body) {
  http::response<http::string_body> response(status, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = std::move(body) + "\n";
  return response;
}

}  // namespace

struct AdmissionWebhook::State {
  State(AdmissionWebhookOptions o, Reviewer r)
      : options(std::move(o)), reviewer(std::move(r)), certificate(options.certificate, options.key) {}

  AdmissionWebhookOptions options;
  Reviewer reviewer;
  WebhookCertificate certificate;
  asio::io_context context{1};
  Acceptors acceptors;
  std::size_t connections = 0;
  std::thread thread;

  asio::awaitable<void> accept(tcp::acceptor& acceptor);
  asio::awaitable<void> serve(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls);
  asio::awaitable<void> converse(Stream& stream);
  asio::awaitable<http::response<http::string_body>> answer(const http::request<http::string_body>& request);
};

asio::awaitable<http::response<http::string_body>> AdmissionWebhook::State::answer(
    const http::request<http::string_body>& request) {
  if (request.method() != http::verb::post) {
    co_return plain(http::status::method_not_allowed, "an AdmissionReview comes by POST");
  }
  const AdmissionRequest asked = read_admission_review(request.body());
  if (asked.status != 200) co_return plain(static_cast<http::status>(asked.status), asked.problem);
  model::Review review;
  if (!asked.problem.empty()) {
    review.allowed = false;
    review.message = asked.problem;
  } else if (asked.ingress) {
    auto answer = std::make_shared<Answer>(context);
    answer->ready.expires_after(kTimeout);
    reviewer(asked.ingress, [this, answer](model::Review found) {
      asio::post(context, [answer, found = std::move(found)]() mutable {
        answer->review = std::move(found);
        answer->ready.cancel();
      });
    });
    const auto [waited] = co_await answer->ready.async_wait(kNoThrow);
    (void)waited;  // cancelled when the review is there; what counts is whether it is
    if (!answer->review) co_return plain(http::status::service_unavailable, "no review within the time allowed");
    review = std::move(*answer->review);
  }
  http::response<http::string_body> response(http::status::ok, 11);
  response.set(http::field::content_type, "application/json");
  response.body() = write_admission_review(asked.uid, review);
  co_return response;
}

asio::awaitable<void> AdmissionWebhook::State::converse(Stream& stream) {
  beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    parser.header_limit(16 * 1024);
    beast::get_lowest_layer(stream).expires_after(kIdle);
    const auto [head_error, head_bytes] = co_await http::async_read_header(stream, buffer, parser, kNoThrow);
    beast::get_lowest_layer(stream).expires_after(kTimeout);
    beast::error_code error = head_error;
    if (!error) {
      const auto [read_error, read_bytes] = co_await http::async_read(stream, buffer, parser, kNoThrow);
      error = read_error;
    }
    const bool too_large = error == http::error::body_limit;
    if (error && !too_large) co_return;
    http::response<http::string_body> response;
    if (too_large) {
      response = plain(http::status::payload_too_large, "an AdmissionReview has less than 9437184 bytes");
    } else {
      response = co_await answer(parser.get());
    }
    response.keep_alive(!too_large && parser.get().keep_alive());
    response.prepare_payload();
    beast::get_lowest_layer(stream).expires_after(kTimeout);
    const auto [write_error, written] = co_await http::async_write(stream, response, kNoThrow);
    if (write_error || !response.keep_alive()) co_return;
  }
}

asio::awaitable<void> AdmissionWebhook::State::serve(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls) {
  Stream stream(beast::tcp_stream(std::move(socket)), *tls);
  beast::get_lowest_layer(stream).expires_after(kTimeout);
  const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kNoThrow);
  if (!error) {
    co_await converse(stream);
    beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
    const auto [closed] = co_await stream.async_shutdown(kNoThrow);
    (void)closed;  // the peer may be gone
  }
  --connections;
}

asio::awaitable<void> AdmissionWebhook::State::accept(tcp::acceptor& acceptor) {
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
    std::string problem;
    auto tls = certificate.current(problem);
    if (!problem.empty()) observe::log::error("webhook", "{}", problem);
    if (!tls || connections >= kMaxConnections) continue;  // closes the new one
    ++connections;
    asio::co_spawn(context, serve(std::move(socket), std::move(tls)), log_error);
  }
}

AdmissionWebhook::AdmissionWebhook(AdmissionWebhookOptions options, Reviewer reviewer)
    : state_(std::make_unique<State>(std::move(options), std::move(reviewer))) {}

AdmissionWebhook::~AdmissionWebhook() {
  stop();
}

base::Result<std::uint16_t> AdmissionWebhook::start() {
  const auto address = split_address(state_->options.address);
  if (!address) return address.error();
  const auto& [host, port] = *address;
  auto bound = listen_on(state_->context, host, port, state_->acceptors);
  if (!bound) {
    return base::fail("--validating-webhook " + state_->options.address + ": " + bound.error().text(),
                      bound.error().code());
  }
  std::string problem;
  state_->certificate.current(problem);
  if (!problem.empty()) observe::log::error("webhook", "{}", problem);
  for (const auto& acceptor : state_->acceptors) {
    asio::co_spawn(state_->context, state_->accept(*acceptor), log_error);
  }
  state_->thread = run_apart(state_->context);
  return bound;
}

void AdmissionWebhook::stop() {
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace weir::app
