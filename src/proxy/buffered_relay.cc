// Step 9 of life-of-a-request: a response body read ahead of a slow client.
#include "proxy/buffered_relay.h"

#include "proxy/relay.h"

#include <cerrno>
#include <deque>
#include <optional>
#include <string>

namespace weir::proxy {
namespace {

using upstream::Failure;

// What was read and not sent yet. drain() runs beside the reading.
struct Backlog {
  ResponseSink& sink;
  upstream::Exchange& exchange;
  std::deque<std::string> pieces = {};
  std::size_t size = 0;
  int sent = 1;         // result of the last send
  bool reading = true;  // the endpoint may be waited for
  std::optional<net::Task<void>> sending = std::nullopt;

  net::Task<void> drain();
  void push(std::string_view bytes);
  bool is_sending() {
    if (sending && sending->await_ready()) sending.reset();
    return sending.has_value();
  }
};

net::Task<void> Backlog::drain() {
  while (!pieces.empty()) {
    sent = co_await sink.data(pieces.front(), false);
    if (sent < 0) {
      if (reading) exchange.sock().cancel_read(-ECONNABORTED);
      co_return;
    }
    size -= pieces.front().size();
    pieces.pop_front();
  }
}

void Backlog::push(std::string_view bytes) {
  if (bytes.empty()) return;
  pieces.emplace_back(bytes);
  size += bytes.size();
  if (!is_sending()) sending.emplace(drain());
}

}  // namespace

net::Task<Failure> relay_buffered(Worker& worker, upstream::Exchange& exchange, ResponseSink& sink, BodyReader& body,
                                  std::size_t limit) {
  Backlog backlog{sink, exchange};
  while (!body.done() && backlog.sent > 0) {
    if (backlog.size >= limit && backlog.is_sending()) {
      net::Task<void>& sending = *backlog.sending;
      co_await sending;
      continue;
    }
    net::Sock& from = exchange.sock();
    if (from.input().empty()) {
      const int result = co_await from.recv_some(net::BufferPool::kLarge, exchange.next_wait());
      if (backlog.sent < 0) break;
      if (result == -ETIMEDOUT && exchange.keep_waiting()) continue;
      if (result == 0 && body.until_close()) {
        body.end();
        break;
      }
      if (result <= 0) co_return failure_of_body_read(exchange, result);
      exchange.note_received(result);
    }
    const std::string_view run = body.take(from, worker.relay_scratch());
    if (body.malformed()) co_return Failure::truncated;
    exchange.count_body(run.size());
    backlog.push(run);
    body.consume(from);
  }
  if (backlog.sent > 0) {
    backlog.reading = false;
    exchange.finish(true);  // the endpoint has done its part, however slow the client is
    if (backlog.is_sending()) {
      net::Task<void>& sending = *backlog.sending;
      co_await sending;
    }
  }
  if (backlog.sent > 0) backlog.sent = co_await sink.data({}, true);
  co_return backlog.sent < 0 ? failure_of_send(backlog.sent) : Failure::none;
}

}  // namespace weir::proxy
