// Steps 7 to 10 of life-of-a-request: endpoints, body, exchange, response.
#include "proxy/relay.h"
#include "proxy/request_pipeline.h"
#include "proxy/tunnel.h"
#include "proxy/upstream_head.h"
#include "weir/upstream/canary.h"

namespace weir::proxy {
namespace {

using upstream::Failure;

bool is_idempotent(const http::RequestHead& head) {
  return http::is_idempotent(head.method) && head.method_text() != "LOCK";
}

bool is_usable(const route::Backend& backend) {
  return !backend.endpoints.empty() || !backend.external_name.empty();
}

}  // namespace

net::MaybeTask<Failure> RequestPipeline::find_endpoints() {
  const route::Location& location = *request_.location;
  const route::Backend* backend = request_.table->find_backend(location.backend);
  if (backend == nullptr) return Failure::no_default_backend;
  if (!is_usable(*backend)) {
    // A default backend without endpoints is as good as none (spec 2.7).
    return location.backend == request_.table->default_backend ? Failure::no_default_backend : Failure::no_endpoints;
  }
  if (backend->alternative != route::kNoBackend) return choose_canary(*backend);
  return use_backend(*backend);
}

net::MaybeTask<Failure> RequestPipeline::use_backend(const route::Backend& backend) {
  request_.backend = &backend;
  if (!backend.external_name.empty()) return resolve_endpoints();
  request_.endpoints = backend.endpoints;
  return Failure::none;
}

// Spec 3.2.
net::MaybeTask<Failure> RequestPipeline::choose_canary(const route::Backend& primary) {
  const route::Backend* canary = request_.table->find_backend(primary.alternative);
  if (canary == nullptr || !is_usable(*canary) ||
      !upstream::goes_to_canary(primary, *canary, request_.head.fields, worker_.lookup(),
                                worker_.upstream().balancer.random())) {
    return use_backend(primary);
  }
  if (!canary->external_name.empty()) return use_external_canary(primary, *canary);
  request_.canary = canary->name;
  return use_backend(*canary);
}

// One that does not resolve has no usable endpoint: the primary serves.
net::Task<Failure> RequestPipeline::use_external_canary(const route::Backend& primary, const route::Backend& canary) {
  request_.backend = &canary;
  if (co_await resolve_endpoints() == Failure::none) {
    request_.canary = canary.name;
    co_return Failure::none;
  }
  request_.resolved_endpoints.clear();
  net::MaybeTask<Failure> using_primary = use_backend(primary);
  co_return co_await using_primary;
}

net::Task<Failure> RequestPipeline::resolve_endpoints() {
  const route::Backend& backend = *request_.backend;
  const upstream::AddressList found =
      co_await worker_.services().resolver->resolve(backend.external_name, worker_.post());
  if (!found || found->empty()) co_return Failure::resolve_failed;
  for (const base::IpAddress& ip : *found) {
    route::Endpoint& endpoint = request_.resolved_endpoints.emplace_back();
    endpoint.id = worker_.resolved_id(ip, backend.external_port);
    endpoint.ip = ip;
    endpoint.port = backend.external_port;
    endpoint.text = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
    endpoint.text.append(":").append(std::to_string(endpoint.port));
  }
  request_.endpoints = request_.resolved_endpoints;
  co_return Failure::none;
}

net::MaybeTask<Failure> RequestPipeline::receive_body() {
  RequestBody& body = request_.body;
  if (!body.exists()) return Failure::none;
  const features::ProxyPolicy& policy = request_.policies().proxy;
  const BodyLimits limits{policy.body_size, policy.client_body_buffer_size, request_.settings().client_body_timeout};
  // HTTP/1.0 has no chunks: a body without a length has to be here first.
  const bool stream = !policy.request_buffering && !(policy.http_1_0 && request_.head.body == http::BodyKind::chunked);
  if (stream) {
    body.stream(limits);
    return Failure::none;
  }
  return body.receive(limits, worker_.body_files());
}

net::Task<bool> RequestPipeline::proxy() {
  UpstreamHead head(request_);
  RequestBody& body = request_.body;
  upstream::Plan plan;
  plan.backend = request_.backend;
  plan.endpoints = request_.endpoints;
  plan.policy = &request_.policies().proxy;
  plan.settings = &request_.settings();
  plan.head = &head;
  plan.body = body.has_bytes() ? &body : nullptr;
  plan.method = request_.head.method;
  plan.idempotent = is_idempotent(request_.head);
  if (request_.head.upgrade) plan.upgrade = request_.head.fields.get(http::FieldId::upgrade);
  plan.client = &client_;
  plan.body_reads_client = body.streaming();
  plan.received_ms = worker_.reactor().now_ms();

  upstream::Exchange exchange(worker_.upstream(), plan, request_.upstream_head, request_.tries);
  const Failure failure = co_await exchange.start();
  if (failure != Failure::none) co_return co_await fail(failure);

  // An answer before the end of a streamed body: what follows on this connection cannot be told from the body's rest.
  if (exchange.uploading() && !body.complete()) request_.keep_alive = false;
  run_response_filters(exchange.head().status);
  drop_hidden_fields(exchange.head().fields, request_);
  Failure cut = Failure::none;
  if (exchange.head().status == 101) {
    cut = co_await run_tunnel(client_, exchange, sink_, request_);
  } else {
    cut = co_await relay_response(worker_, exchange, sink_, request_);
  }
  exchange.finish(cut == Failure::none);
  if (cut != Failure::none) co_return co_await fail(cut);
  // A body that the endpoint did not want to the end leaves bytes that belong to no request.
  const bool reusable = request_.keep_alive && body.complete();
  co_return reusable;
}

}  // namespace weir::proxy
