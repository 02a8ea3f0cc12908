// Steps 8 to 10 of life-of-a-request for backend-protocol GRPC and GRPCS.
#include "proxy/compressing_sink.h"
#include "proxy/h2_relay.h"
#include "proxy/request_pipeline.h"
#include "proxy/upstream_head.h"
#include "weir/upstream/h2_exchange.h"

namespace weir::proxy {

using upstream::Failure;

net::Task<bool> RequestPipeline::proxy_grpc(upstream::Plan& exchange_plan) {
  RequestBody& body = request_.body;
  upstream::H2Exchange exchange(worker_.upstream(), exchange_plan, body.has_bytes() ? &body : nullptr,
                                request_.upstream_head, request_.tries);
  const Failure failure = co_await exchange.start();
  if (failure != Failure::none) {
    exchange.finish(false);
    co_return co_await fail(failure);
  }
  if (is_replaced(exchange.head().status, false)) {
    exchange.finish(false);
    co_return co_await replace(exchange.head().status);
  }
  if (note_redirect(exchange.head())) {
    exchange.finish(false);
    co_return false;
  }
  add_session_cookie();
  prepare_response(exchange.head(), exchange.uploading());
  const Failure cut = co_await relay_grpc(exchange);
  request_.cancelled = exchange.cancelled();
  exchange.finish(cut == Failure::none);
  if (cut != Failure::none) co_return co_await fail(cut);
  // A body that the endpoint did not want to the end leaves bytes that belong to no request.
  const bool reusable = request_.keep_alive && body.complete();
  co_return reusable;
}

net::Task<Failure> RequestPipeline::relay_grpc(upstream::H2Exchange& exchange) {
  const std::optional<Coding> coding = coding_of(exchange.head(), exchange.body());
  if (!coding) co_return co_await relay_h2_response(exchange, sink_);
  std::unique_ptr<ContentEncoder> encoder = encoder_of(*coding, exchange.head(), exchange.body());
  if (!encoder) co_return Failure::out_of_memory;
  CompressingSink sink(sink_, std::move(encoder));
  const Failure failure = co_await relay_h2_response(exchange, sink);
  worker_.reactor().refresh_clock();  // encoding takes its time
  co_return failure;
}

}  // namespace weir::proxy
