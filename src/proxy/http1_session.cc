// Step 3 of life-of-a-request: request heads of one HTTP/1 connection, one after the other.
#include "proxy/http1_sink.h"
#include "proxy/http2_session.h"
#include "proxy/request_pipeline.h"
#include "proxy/session.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weir::proxy {
namespace {

using upstream::Failure;

// How long a closing connection is kept readable, so that a client that is still sending gets to read the answer.
constexpr net::Millis kLinger{2000};
// A drain closes idle connections; one that has just been made is about to send its first request.
constexpr net::Millis kFirstRequestGrace{1000};
constexpr std::size_t kLoggedBadLine = 512;

// What of settings a session needs; defaults while there is no table.
const features::Settings& settings_of(const Worker& worker) {
  static const features::Settings defaults;
  return worker.snapshot() ? *worker.snapshot().table().settings : defaults;
}

bool passes_through(const Worker& worker) {
  return worker.snapshot() && worker.snapshot().table().has_passthrough;
}

// Nothing new to parse in a head that grew only inside one line; too long a line is found by the parser in time.
bool worth_parsing(std::string_view input, std::size_t parsed, const http::H1Limits& limits) {
  return parsed == 0 || input.size() >= limits.request_line || input.find('\n', parsed) != std::string_view::npos;
}

void remember_bad_line(Request& request, std::string_view input) {
  const std::size_t begin = input.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return;
  input.remove_prefix(begin);
  request.bad_line = input.substr(0, std::min(input.find_first_of("\r\n"), kLoggedBadLine));
}

void begin_request(Session& session, Request& request, std::int64_t began_us) {
  request.began_us = began_us;
  request.connection = &session.connection;
  request.connection_serial = session.serial;
  request.connection_requests = ++session.requests;
}

// What the client asked for and the settings allow. REQUIRES: the head is parsed.
bool may_keep_alive(const Session& session, const Request& request) {
  const features::Settings& settings = settings_of(session.worker);
  return request.head.keep_alive && settings.keep_alive.count() > 0 &&
         session.requests < settings.keep_alive_requests && !session.worker.draining();
}

// One request, from its first byte to its log line. Result: another one may follow.
net::Task<bool> serve_request(Session& session) {
  Worker& worker = session.worker;
  net::Sock& client = *session.sock;
  session.set_activity(Activity::reading);
  const std::int64_t began_us = client.reactor().now_us();
  const std::uint64_t timeout_ms =
      static_cast<std::uint64_t>(net::Millis(settings_of(worker).client_header_timeout).count());
  const std::uint64_t deadline_ms = client.reactor().now_ms() + timeout_ms;
  RequestPtr request;
  http::ParseResult parsed;
  Failure failure = Failure::none;
  std::size_t seen = 0;
  for (;;) {
    const std::string_view input = client.input();
    if (worth_parsing(input, seen, worker.limits())) {
      request = worker.take_request();
      parsed = http::parse_request_head(input, worker.limits(), request->head);
      if (parsed.status != http::ParseStatus::more) break;
      request.reset();  // nobody waits holding more than the bytes
    }
    seen = input.size();
    if (seen >= net::BufferPool::kSmall) client.grow_input(net::BufferPool::kLarge);
    const std::uint64_t now = client.reactor().now_ms();
    const int result = now < deadline_ms
                           ? co_await client.recv_some(net::BufferPool::kLarge, net::Millis(deadline_ms - now))
                           : -ETIMEDOUT;
    if (result > 0) continue;
    if (result == -ECANCELED) co_return false;
    failure = result == -ETIMEDOUT ? Failure::head_timeout : Failure::head_cut;
    break;
  }
  if (!request) request = worker.take_request();
  begin_request(session, *request, began_us);
  session.set_activity(Activity::writing);
  Http1Sink sink(worker, client, *request);
  RequestPipeline pipeline(worker, &client, *request, sink);
  if (failure == Failure::none && parsed.status == http::ParseStatus::bad) failure = Failure::bad_request;
  if (failure != Failure::none) {
    remember_bad_line(*request, client.input());
    client.drop_input();  // after an error of syntax nothing of the rest is looked at
    request->head.clear();
    const bool timeout = failure == Failure::head_timeout;
    session.linger = failure != Failure::head_cut;
    co_return co_await pipeline.refuse(failure, timeout ? 408 : parsed.http_status,
                                       timeout ? std::string_view() : parsed.reason);
  }
  client.consume(request->head.size);
  request->keep_alive = may_keep_alive(session, *request);
  request->body.begin(client, request->head);
  bool more = false;
  if (session.plain_on_https) {
    more = co_await pipeline.refuse(Failure::plain_http_on_https, 400, {});
  } else {
    more = co_await pipeline.handle();
  }
  // Bytes that nobody reads turn a close into a reset, which can overtake the answer.
  session.linger = !more && !request->cut && !client.eof() &&
                   (!request->body.complete() || !client.input().empty() || !client.quiet());
  co_return more;
}

net::Task<void> serve_http2(Session& session) {
  Http2Session http2(session);
  co_await http2.run();
}

}  // namespace

net::Job serve_client(net::JobGroup&, std::unique_ptr<Session>& handed_over) {
  const std::unique_ptr<Session> session = std::move(handed_over);
  net::Sock& client = *session->sock;
  bool http2 = false;
  if (settings_of(session->worker).use_proxy_protocol) {
    const bool known = co_await receive_proxy_header(*session);
    if (!known) co_return;
  }
  if (session->connection.https) {
    if (passes_through(session->worker)) {
      const bool over = co_await pass_through(*session);
      if (over) co_return;
    }
    const bool ready = co_await handshake(*session);
    if (!ready) co_return;
    if (client.is_tls()) http2 = co_await speaks_http2(*session);
  }
  for (bool more = !http2; more;) {
    if (client.input().empty()) {
      const features::Settings& settings = settings_of(session->worker);
      const bool first = session->requests == 0;
      session->set_activity(first ? Activity::reading : Activity::waiting);
      int result = -ECANCELED;
      if (!session->worker.draining()) {
        result = co_await client.wait_idle(first ? net::Millis(settings.client_header_timeout) : settings.keep_alive);
      }
      if (result == -ECANCELED && first) {
        result = co_await client.recv_some(net::BufferPool::kSmall, kFirstRequestGrace);
      }
      if (result <= 0) co_return;
    }
    if (session->requests == 0 && !session->connection.https && client.input().front() == 'P') {
      http2 = co_await speaks_http2(*session);
      if (http2) break;
    }
    more = co_await serve_request(*session);
  }
  if (http2) co_await serve_http2(*session);
  if (session->linger) (void)co_await client.linger(kLinger);
}

}  // namespace weir::proxy
