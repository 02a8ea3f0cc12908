// Step 9 of life-of-a-request: the response from the endpoint to the client.
#include "proxy/relay.h"

#include "proxy/buffered_relay.h"
#include "proxy/response_body.h"

#include <cerrno>

namespace weir::proxy {
namespace {

using upstream::Failure;

// From here on moving pages beats copying them (performance 6.5).
constexpr std::uint64_t kSpliceFrom = 128 * 1024;
// Full reads after which a body counts as large and gets a larger buffer.
constexpr int kFullReads = 2;

ResponseStart start_of(upstream::Exchange& exchange) {
  const http::ResponseHead& head = exchange.head();
  ResponseStart start;
  start.status = head.status;
  start.phrase = head.reason();
  start.fields = &head.fields;
  start.body = exchange.body();
  start.length = head.content_length;
  // RFC 9110 8.6: never with 204, whatever the endpoint says.
  start.length_told = head.body == http::BodyKind::length && head.status != 204;
  return start;
}

struct Relay {
  Worker& worker;
  upstream::Exchange& exchange;
  ResponseSink& sink;
  Request& request;
  BodyReader body;

  bool can_splice() {
    return body.has_length() && body.left() >= kSpliceFrom && exchange.sock().input().empty() &&
           !exchange.sock().is_tls() && sink.raw_socket() != nullptr;
  }
  net::Task<Failure> splice();
  net::Task<Failure> copy();
};

// Counts what was spliced, however that ends: a drain's deadline destroys the frame.
class SpliceCount {
 public:
  explicit SpliceCount(Relay& relay) : relay_(relay), before_(relay.body.left()) {}
  SpliceCount(const SpliceCount&) = delete;
  SpliceCount& operator=(const SpliceCount&) = delete;
  ~SpliceCount() {
    const std::uint64_t moved = before_ - relay_.body.left();
    relay_.request.body_bytes_sent += moved;
    relay_.exchange.count_body(moved);
  }

 private:
  Relay& relay_;
  const std::uint64_t before_;
};

net::Task<Failure> Relay::splice() {
  const SpliceCount count(*this);
  const net::RelayResult moved =
      co_await exchange.sock().splice_to(*sink.raw_socket(), body.left(), request.policies().proxy.read_timeout);
  if (moved.result > 0) co_return Failure::none;
  co_return moved.write_side ? failure_of_send(moved.result) : failure_of_body_read(exchange, moved.result);
}

net::Task<Failure> Relay::copy() {
  net::Sock& from = exchange.sock();
  int full_reads = 0;
  while (!body.done()) {
    if (can_splice()) co_return co_await splice();
    if (from.input().empty()) {  // else take() left some for another round
      if (full_reads >= kFullReads) from.grow_input(net::BufferPool::kLarge);
      const int result = co_await from.recv_some(net::BufferPool::kLarge, exchange.next_wait());
      if (result == -ETIMEDOUT && exchange.keep_waiting()) continue;
      if (result == 0 && body.until_close()) {
        body.end();
        const int sent = co_await sink.data({}, true);
        co_return sent < 0 ? failure_of_send(sent) : Failure::none;
      }
      if (result <= 0) co_return failure_of_body_read(exchange, result);
      exchange.note_received(result);
      if (result >= static_cast<int>(net::BufferPool::kSmall)) ++full_reads;
    }
    const std::string_view run = body.take(from, worker.relay_scratch());
    if (body.malformed()) co_return Failure::truncated;
    const int sent = co_await sink.data(run, body.done());
    if (sent < 0) co_return failure_of_send(sent);
    exchange.count_body(run.size());
    body.consume(from);
  }
  co_return Failure::none;
}

}  // namespace

Failure failure_of_send(int result) {
  return result == -ETIMEDOUT ? Failure::client_send_timeout : Failure::client_aborted;
}

Failure failure_of_body_read(const upstream::Exchange& exchange, int result) {
  const Failure failure = exchange.failure_of_read(result);
  return upstream::info(failure).side == upstream::Side::client ? failure : Failure::truncated;
}

bool body_is_here(upstream::Exchange& exchange, Worker& worker) {
  BodyReader body(exchange.body(), exchange.head().content_length);
  while (!body.done() && !body.malformed() && !exchange.sock().input().empty()) {
    const std::string_view run = body.take(exchange.sock(), worker.relay_scratch());
    body.consume(exchange.sock());
    if (run.empty()) break;
  }
  return body.done() && !body.malformed();
}

net::Task<Failure> relay_response(Worker& worker, upstream::Exchange& exchange, ResponseSink& sink, Request& request) {
  Relay relay{worker, exchange, sink, request, BodyReader(exchange.body(), exchange.head().content_length)};
  const std::string_view run = relay.body.take(exchange.sock(), worker.relay_scratch());
  if (relay.body.malformed()) co_return Failure::invalid_header;
  const ResponseStart start = start_of(exchange);
  const int sent = co_await sink.start(start, run, relay.body.done());
  if (sent < 0) co_return failure_of_send(sent);
  exchange.count_body(run.size());
  relay.body.consume(exchange.sock());
  if (relay.body.done()) co_return Failure::none;
  const features::ProxyPolicy& policy = request.policies().proxy;
  if (!policy.buffering) co_return co_await relay.copy();
  const std::size_t ahead = static_cast<std::size_t>(policy.buffers_number) * policy.buffer_size;
  co_return co_await relay_buffered(worker, exchange, sink, relay.body, ahead);
}

}  // namespace weir::proxy
