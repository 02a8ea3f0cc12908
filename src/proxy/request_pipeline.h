// RequestPipeline: what happens to one request, in the order of spec 0.1 (life-of-a-request, steps 4 to 11).
#pragma once

#include "proxy/content_encoder.h"
#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/worker.h"
#include "weir/net/sock.h"

#include <memory>
#include <optional>

namespace weir::upstream {
class H2Exchange;
}

namespace weir::proxy {

class RequestPipeline {
 public:
  // `client`: its leaving ends what is done for the request, and a tunnel takes it over. Null for an HTTP/2 stream,
  // whose end destroys the whole coroutine instead.
  RequestPipeline(Worker& worker, net::Sock* client, Request& request, ResponseSink& sink)
      : worker_(worker), client_(client), request_(request), sink_(sink) {}

  // REQUIRES: the head is parsed and consumed, the body begun, connection and times are set. request.keep_alive tells
  // what client and settings allow. Result: the client's connection can take another request.
  net::Task<bool> handle();

  // The same for a head that could not be read: the answer and the log line.
  net::Task<bool> refuse(upstream::Failure failure, int status, std::string_view reason);

 private:
  using Failure = upstream::Failure;

  // Steps 6 to 10, once for the client's own request and once for each X-Accel-Redirect. Result as handle()'s.
  net::Task<bool> serve();
  // step 5
  bool pin_snapshot();
  // spec 2.2: what the catch-all host answers itself; none of it is logged or counted.
  bool is_built_in();
  // step 6
  net::MaybeTask<Verdict> run_filters(Stop stop);
  net::Task<Verdict> finish_filters(net::MaybeTask<Verdict> running, std::uint64_t rest);
  Verdict slash_redirect();
  bool declared_too_large() const;
  // step 7
  net::MaybeTask<Failure> find_endpoints();
  net::MaybeTask<Failure> use_backend(const route::Backend& backend);
  void prepare_selection();
  void add_session_cookie();
  net::MaybeTask<Failure> choose_canary(const route::Backend& primary);
  net::Task<Failure> use_external_canary(const route::Backend& primary, const route::Backend& canary);
  net::Task<Failure> resolve_endpoints();
  // step 9
  net::MaybeTask<Failure> receive_body();
  upstream::Plan plan() const;
  net::Task<bool> proxy();
  // Filters and hidden fields. `uploading`: the request's body is not sent completely yet.
  void prepare_response(http::ResponseHead& head, bool uploading);
  // Sends the response that the exchange holds. Result as handle()'s.
  net::Task<bool> deliver(upstream::Exchange& exchange);
  // Through an encoder where the ConfigMap and the client want that.
  std::optional<Coding> coding_of(http::ResponseHead& head, http::BodyKind body);
  std::unique_ptr<ContentEncoder> encoder_of(Coding coding, const http::ResponseHead& head, http::BodyKind body);
  net::Task<Failure> relay(upstream::Exchange& exchange);
  net::Task<Failure> relay_encoded(upstream::Exchange& exchange, Coding coding);
  // The same for endpoints that speak HTTP/2 (pipeline_grpc.cc).
  net::Task<bool> proxy_grpc(upstream::Plan& exchange_plan);
  net::Task<Failure> relay_grpc(upstream::H2Exchange& exchange);

  // Responses replaced by those of an error backend (pipeline_errors.cc).
  bool is_replaced(int status, bool own) const;
  const route::Backend* error_backend() const;
  bool use_stand_in();
  net::Task<bool> replace(int status);

  // X-Accel-Redirect (pipeline_redirect.cc). Noted when a response says so, followed when its exchange has ended.
  bool note_redirect(http::ResponseHead& head);
  bool count_redirect();
  bool follow_redirect();

  // The exits. `fail` maps a failure to an answer, or cuts the connection where none can be given; `answer` sends what
  // request.answer holds; both end in `finish`, which also runs when the coroutine is destroyed half-way.
  void run_response_filters(int status);
  net::Task<bool> fail(Failure failure, std::string_view reason = {});
  net::Task<bool> answer();

  Worker& worker_;
  net::Sock* client_;
  Request& request_;
  ResponseSink& sink_;
};

}  // namespace weir::proxy
