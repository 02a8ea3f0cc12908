// Steps 7 and 9 of life-of-a-request: error backends and stand-ins (spec 4.7).
#include "proxy/relay.h"
#include "proxy/request_pipeline.h"
#include "proxy/response_head.h"
#include "proxy/upstream_head.h"
#include "weir/http/normalize.h"

#include <string>
#include <vector>

namespace weir::proxy {
namespace {

bool is_usable(const route::Backend* backend) {
  return backend != nullptr && backend->usable();
}

// Of a 401, the endpoint's or Weir's own: without them no client asks its user for a password.
std::vector<std::string> challenges_of(const Request& request) {
  std::vector<std::string> out;
  for (const http::Fields* fields : {&request.upstream_head.fields, &request.response.added()}) {
    for (const http::Field& field : fields->all()) {
      if (field.id == http::FieldId::www_authenticate) out.emplace_back(fields->value(field));
    }
  }
  return out;
}

}  // namespace

// `own`: the response is Weir's, not the upstream's.
bool RequestPipeline::is_replaced(int status, bool own) const {
  if (request_.location == nullptr || request_.error_page || status == 101) return false;
  // Of a denied Ingress no setting is in force, of the ConfigMap all are.
  const features::CustomErrorsPolicy& policy = request_.policies().deny.denied()
                                                   ? request_.settings().defaults.custom_errors
                                                   : request_.policies().custom_errors;
  if (own && request_.errors_replaced) return false;  // one page for a request, whatever its redirects
  return !policy.codes.empty() && policy.replaces(status) && (own || !policy.only_own);
}

// That of the location if it has endpoints, else the default backend; nullptr: the built-in 404.
const route::Backend* RequestPipeline::error_backend() const {
  const route::Backend* own = request_.table->find_backend(request_.location->error_backend);
  if (is_usable(own) && !request_.policies().deny.denied()) return own;
  const route::Backend* fallback = request_.table->find_backend(request_.table->default_backend);
  return is_usable(fallback) ? fallback : nullptr;
}

// The location's own backend has no endpoints.
bool RequestPipeline::use_stand_in() {
  const route::Backend* stand_in = request_.table->find_backend(request_.location->error_backend);
  if (!is_usable(stand_in)) return false;
  request_.error_code = 503;
  drop_error_fields(request_);
  request_.backend = stand_in;
  return true;
}

// The client gets what the error backend says about the status, but for the challenges of a 401.
net::Task<bool> RequestPipeline::replace(int status) {
  if (request_.errors_replaced) {
    request_.reply(status, "error-page-used");
    co_return co_await answer();
  }
  request_.errors_replaced = true;
  if (!count_redirect()) co_return co_await answer();
  request_.error_page = true;
  request_.error_code = status;
  const std::vector<std::string> challenges = status == 401 ? challenges_of(request_) : std::vector<std::string>();
  RequestBody& body = request_.body;
  if (!body.complete() && !body.worth_discarding()) request_.keep_alive = false;
  const route::Backend* backend = error_backend();
  if (backend == nullptr) {
    request_.reply(404, request_.reason.empty() ? upstream::info(Failure::no_default_backend).reason : request_.reason);
    co_return co_await answer();
  }
  request_.canary = {};
  request_.retire_endpoints();
  net::MaybeTask<Failure> finding = use_backend(*backend);
  const Failure unresolved = co_await finding;
  if (unresolved != Failure::none) co_return co_await fail(unresolved);
  drop_error_fields(request_);
  request_.target.assign(1, '/');
  request_.target += request_.query();

  const bool with_body = body.has_bytes() && !body.streaming() && body.complete() && body.failure() == Failure::none;
  UpstreamHead head(request_, with_body);
  upstream::Plan exchange_plan = plan();
  exchange_plan.head = &head;
  exchange_plan.body = with_body ? &body : nullptr;
  upstream::Exchange exchange(worker_.upstream(), exchange_plan, request_.upstream_head, request_.tries);
  const Failure failure = co_await exchange.start();
  if (failure != Failure::none) co_return co_await fail(failure);
  if (note_redirect(exchange.head())) {
    exchange.finish(body_is_here(exchange, worker_));
    co_return false;
  }
  request_.response.clear();
  for (const std::string& challenge : challenges) {
    request_.response.add(http::FieldId::www_authenticate, "WWW-Authenticate", challenge);
  }
  const bool reusable = co_await deliver(exchange);
  if (!request_.keep_alive || reusable) co_return reusable;
  if (request_.cut || body.complete()) co_return false;
  co_return co_await body.discard();
}

}  // namespace weir::proxy
