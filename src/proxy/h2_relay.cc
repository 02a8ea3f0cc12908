// Step 9 of life-of-a-request: the response of an HTTP/2 endpoint to the client.
#include "proxy/h2_relay.h"

#include "proxy/relay.h"
#include "weir/http/h1_writer.h"

#include <optional>
#include <string>

namespace weir::proxy {
namespace {

using upstream::Failure;

ResponseStart start_of_h2(upstream::H2Exchange& exchange) {
  const http::ResponseHead& head = exchange.head();
  ResponseStart start;
  start.status = head.status;
  start.phrase = http::reason_phrase(head.status);  // HTTP/2 has none
  start.fields = &head.fields;
  start.body = exchange.body();
  start.length = head.content_length;
  // The end of the stream tells no length where no body can come (HEAD, 304).
  start.length_told = head.fields.find(http::FieldId::content_length) != nullptr && head.status != 204;
  return start;
}

// What came and was not sent yet goes out beside the listening.
struct Delivery {
  upstream::H2Exchange& exchange;
  ResponseSink& sink;
  std::string piece = {};
  int sent = 1;            // result of the last send
  bool listening = false;  // the endpoint may be waited for
  std::optional<net::Task<void>> sending = std::nullopt;

  net::Task<void> deliver();
  net::Task<int> finish();
  bool is_sending() {
    if (sending && sending->await_ready()) sending.reset();
    return sending.has_value();
  }
};

net::Task<void> Delivery::deliver() {
  while (exchange.has_body()) {
    exchange.take(piece);
    sent = co_await sink.data(piece, false);
    if (sent < 0) {
      if (listening) exchange.stop();
      co_return;
    }
    exchange.delivered(piece.size());
    piece.clear();
  }
}

// Everything has come.
net::Task<int> Delivery::finish() {
  const bool has_trailers = !exchange.trailers().all().empty();
  if (!has_trailers || exchange.has_body()) {
    exchange.take(piece);
    const int result = co_await sink.data(piece, !has_trailers);
    if (result < 0) co_return result;
    exchange.delivered(piece.size());
  }
  if (!has_trailers) co_return 1;
  co_return co_await sink.trailers(exchange.trailers());
}

}  // namespace

net::Task<Failure> relay_h2_response(upstream::H2Exchange& exchange, ResponseSink& sink) {
  Delivery delivery{exchange, sink};
  const ResponseStart start = start_of_h2(exchange);
  const bool whole = exchange.ended();
  const bool no_body = start.body == http::BodyKind::none;
  const bool last = whole && exchange.trailers().all().empty();
  if (whole) exchange.take(delivery.piece);
  delivery.sent = co_await sink.start(start, delivery.piece, last || no_body);
  if (delivery.sent < 0) co_return failure_of_send(delivery.sent);
  if (whole) {
    exchange.delivered(delivery.piece.size());
    if (!last && !no_body) delivery.sent = co_await sink.trailers(exchange.trailers());
    co_return delivery.sent < 0 ? failure_of_send(delivery.sent) : Failure::none;
  }
  while (!exchange.ended()) {
    if (exchange.has_body() && !delivery.is_sending()) delivery.sending.emplace(delivery.deliver());
    if (delivery.sent < 0) co_return failure_of_send(delivery.sent);
    delivery.listening = true;
    const Failure failure = co_await exchange.receive();
    delivery.listening = false;
    if (delivery.sent < 0) co_return failure_of_send(delivery.sent);
    if (failure != Failure::none) {
      co_return upstream::info(failure).side == upstream::Side::client ? failure : Failure::truncated;
    }
  }
  if (no_body) co_return Failure::none;
  if (delivery.is_sending()) {
    net::Task<void>& sending = *delivery.sending;
    co_await sending;
  }
  if (delivery.sent > 0) delivery.sent = co_await delivery.finish();
  co_return delivery.sent < 0 ? failure_of_send(delivery.sent) : Failure::none;
}

}  // namespace weir::proxy
