// Steps 7 to 10 of life-of-a-request: endpoints, body, exchange, response.
#include "proxy/clock.h"
#include "proxy/compressing_sink.h"
#include "proxy/relay.h"
#include "proxy/request_pipeline.h"
#include "proxy/tunnel.h"
#include "proxy/upstream_head.h"
#include "weir/upstream/affinity.h"
#include "weir/upstream/canary.h"

namespace weir::proxy {
namespace {

using upstream::Failure;

bool is_idempotent(const http::RequestHead& head) {
  return http::is_idempotent(head.method) && head.method_text() != "LOCK";
}

// backend-protocol, of the location's own backend and of its stand-in: the default backend is always plain (spec 4.10).
features::BackendProtocol protocol_of(const Request& request) {
  using features::BackendProtocol;
  const BackendProtocol protocol = request.policies().backend_protocol.protocol;
  if (protocol == BackendProtocol::http) return protocol;
  if (request.location->backend == request.table->default_backend) return BackendProtocol::http;
  if (protocol != BackendProtocol::auto_http) return protocol;
  return request.connection->https ? BackendProtocol::https : BackendProtocol::http;
}

bool is_grpc(features::BackendProtocol protocol) {
  return protocol == features::BackendProtocol::grpc || protocol == features::BackendProtocol::grpcs;
}

}  // namespace

net::MaybeTask<Failure> RequestPipeline::find_endpoints() {
  const route::Location& location = *request_.location;
  const route::Backend* backend = request_.table->find_backend(location.backend);
  if (backend == nullptr) return Failure::no_default_backend;
  if (!backend->usable()) {
    if (use_stand_in()) return use_backend(*request_.backend);
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
  if (backend.algorithm != route::Algorithm::round_robin) prepare_selection();
  return Failure::none;
}

// What the backend's algorithm needs of the request.
void RequestPipeline::prepare_selection() {
  upstream::Selection& selection = request_.selection;
  selection.clear();
  selection.backend = request_.backend;
  selection.endpoints = request_.endpoints;
  const features::AffinityPolicy& affinity = request_.backend->affinity;
  request_.expand(request_.backend->hash.by, selection.key);
  if (affinity.cookie) selection.session = upstream::read_affinity_cookie(request_.head.fields, affinity.name).key;
}

// Only where the location's own Ingress asks for affinity (spec 3.3).
void RequestPipeline::add_session_cookie() {
  const upstream::Selection& selection = request_.selection;
  if (selection.backend == nullptr || !selection.new_session || !request_.policies().affinity.cookie) return;
  upstream::CookieFacts facts;
  facts.default_path = request_.location->path;
  facts.user_agent = request_.head.fields.get(http::FieldId::user_agent);
  facts.https = request_.connection->https;
  facts.now = wall_clock_us() / 1'000'000;
  const std::string cookie = upstream::affinity_set_cookie(selection.backend->affinity, selection.session,
                                                           selection.backend->affinity_id, facts);
  request_.response.add(http::FieldId::set_cookie, "Set-Cookie", cookie);
}

// Spec 3.2.
net::MaybeTask<Failure> RequestPipeline::choose_canary(const route::Backend& primary) {
  const route::Backend* canary = request_.table->find_backend(primary.alternative);
  if (canary == nullptr || !canary->usable() ||
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
  const upstream::AddressList found = co_await worker_.resolver().resolve(backend.external_name);
  if (!found || found->empty()) co_return Failure::resolve_failed;
  worker_.add_resolved(*found, backend.external_port, request_.resolved_endpoints);
  request_.endpoints = request_.resolved_endpoints;
  if (backend.algorithm != route::Algorithm::round_robin) prepare_selection();
  co_return Failure::none;
}

net::MaybeTask<Failure> RequestPipeline::receive_body() {
  RequestBody& body = request_.body;
  if (!body.exists()) return Failure::none;
  const features::ProxyPolicy& policy = request_.policies().proxy;
  const BodyLimits limits{policy.body_size, policy.client_body_buffer_size, request_.settings().client_body_timeout};
  // HTTP/1.0 has no chunks: a body without a length has to be here first.
  // A body that is copied has to be read twice.
  const features::MirrorPolicy& mirror = request_.policies().mirror;
  const bool copied = mirror.on() && mirror.body;
  const bool whole_first =
      policy.request_buffering || (policy.http_1_0 && request_.head.body == http::BodyKind::chunked);
  // gRPC streams both ways at the same time (as the original, whatever these settings say).
  const bool stream = !copied && (is_grpc(protocol_of(request_)) || !whole_first);
  if (stream) {
    body.stream(limits);
    return Failure::none;
  }
  return body.receive(limits, worker_.body_files());
}

upstream::Plan RequestPipeline::plan() const {
  upstream::Plan plan;
  plan.backend = request_.backend;
  plan.endpoints = request_.endpoints;
  plan.policy = &request_.policies().proxy;
  plan.settings = &request_.settings();
  plan.method = request_.head.method;
  plan.idempotent = is_idempotent(request_.head);
  plan.client = client_;
  plan.received_ms = worker_.reactor().now_ms();
  plan.new_group = !request_.tries.empty();
  return plan;
}

net::Task<bool> RequestPipeline::proxy() {
  if (request_.policies().mirror.on()) worker_.mirror().send_copy(request_);  // step 13 of spec 0.1
  drop_replaced_fields(request_);
  UpstreamHead head(request_);
  RequestBody& body = request_.body;
  upstream::Plan exchange_plan = plan();
  exchange_plan.head = &head;
  const features::BackendProtocol protocol = protocol_of(request_);
  if (protocol == features::BackendProtocol::https || protocol == features::BackendProtocol::grpcs) {
    exchange_plan.tls = request_.location->shared->upstream_tls.get();
  }
  if (request_.selection.backend != nullptr) exchange_plan.selection = &request_.selection;
  exchange_plan.body_reads_client = body.streaming();
  if (is_grpc(protocol)) co_return co_await proxy_grpc(exchange_plan);
  exchange_plan.body = body.has_bytes() ? &body : nullptr;
  if (request_.head.upgrade) exchange_plan.upgrade = request_.head.fields.get(http::FieldId::upgrade);

  upstream::Exchange exchange(worker_.upstream(), exchange_plan, request_.upstream_head, request_.tries);
  const Failure failure = co_await exchange.start();
  if (failure != Failure::none) {
    exchange.finish(false);
    co_return co_await fail(failure);
  }
  if (is_replaced(exchange.head().status, false)) {
    exchange.finish(body_is_here(exchange, worker_));
    co_return co_await replace(exchange.head().status);
  }
  if (note_redirect(exchange.head())) {
    exchange.finish(body_is_here(exchange, worker_));
    co_return false;
  }
  add_session_cookie();
  co_return co_await deliver(exchange);
}

std::optional<Coding> RequestPipeline::coding_of(http::ResponseHead& head, http::BodyKind body) {
  if (!request_.settings().compression.any()) return std::nullopt;
  return choose_coding(worker_, head, body, request_);
}

std::unique_ptr<ContentEncoder> RequestPipeline::encoder_of(Coding coding, const http::ResponseHead& head,
                                                            http::BodyKind body) {
  const features::CompressionSettings& settings = request_.settings().compression;
  const int level = coding == Coding::gzip ? settings.gzip.level : settings.brotli.level;
  std::optional<std::uint64_t> length;
  if (body == http::BodyKind::length) length = head.content_length;
  return make_encoder(coding, level, length, worker_.compression_memory());
}

net::Task<Failure> RequestPipeline::relay(upstream::Exchange& exchange) {
  const std::optional<Coding> coding = coding_of(exchange.head(), exchange.body());
  return coding ? relay_encoded(exchange, *coding) : relay_response(worker_, exchange, sink_, request_);
}

net::Task<Failure> RequestPipeline::relay_encoded(upstream::Exchange& exchange, Coding coding) {
  std::unique_ptr<ContentEncoder> encoder = encoder_of(coding, exchange.head(), exchange.body());
  if (!encoder) co_return Failure::out_of_memory;
  CompressingSink sink(sink_, std::move(encoder));
  const Failure failure = co_await relay_response(worker_, exchange, sink, request_);
  worker_.reactor().refresh_clock();  // encoding takes its time
  co_return failure;
}

void RequestPipeline::prepare_response(http::ResponseHead& head, bool uploading) {
  // An answer before the end of a streamed body: what follows on this connection cannot be told from the body's rest.
  if (uploading && !request_.body.complete()) request_.keep_alive = false;
  request_.upstream_fields = &head.fields;
  run_response_filters(head.status);
  request_.upstream_fields = nullptr;
  drop_hidden_fields(head.fields, request_);
  // Among many locations its series is not in the cache; sending takes longer than bringing it there.
  if (request_.location != nullptr) worker_.metrics().requests.prefetch(request_.location->id);
}

net::Task<bool> RequestPipeline::deliver(upstream::Exchange& exchange) {
  RequestBody& body = request_.body;
  prepare_response(exchange.head(), exchange.uploading());
  Failure cut = Failure::none;
  if (exchange.head().status == 101) {  // only where an Upgrade was offered: HTTP/1
    cut = co_await run_tunnel(*client_, exchange, sink_, request_);
  } else {
    cut = co_await relay(exchange);
  }
  exchange.finish(cut == Failure::none);
  if (cut != Failure::none) co_return co_await fail(cut);
  // A body that the endpoint did not want to the end leaves bytes that belong to no request.
  const bool reusable = request_.keep_alive && body.complete();
  co_return reusable;
}

}  // namespace weir::proxy
