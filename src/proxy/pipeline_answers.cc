// Steps 6 and 11 of life-of-a-request: answers that Weir makes itself, and the one exit for failures.
#include "proxy/internal_redirect.h"
#include "proxy/pages.h"
#include "proxy/request_pipeline.h"
#include "proxy/request_variables.h"
#include "proxy/response_head.h"

#include "weir/http/h1_writer.h"
#include "weir/http/normalize.h"

#include <string>

namespace weir::proxy {
namespace {

constexpr std::uint64_t kDeniedBodySize =
    1024 * 1024;  // spec 0.1 step 4a: the value of a denied Ingress is not in force
constexpr std::string_view kStatusPath = "/nginx_status";
constexpr std::string_view kPageType = "text/html";

// `path` is the prefix or below it, and no rule of the host is at least as specific.
bool is_under(std::string_view path, std::string_view prefix) {
  return path.substr(0, prefix.size()) == prefix;
}

std::string_view content_type_of(const Request& request, bool page) {
  if (!request.answer.content_type.empty()) return request.answer.content_type;
  return page || request.table == nullptr ? kPageType : std::string_view(request.settings().default_type);
}

void run_response_filters_of(FilterList filters, Request& request, int status) {
  if (request.location == nullptr) return;
  request.response_status = status;
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (filters[i].stop == Stop::host || (request.location->filters >> i & 1) == 0) continue;
    filters[i].filter->on_response(request);
  }
}

}  // namespace

void RequestPipeline::run_response_filters(int status) {
  request_.response_status = status;
  set_added_headers(request_);
  // An error page is not the location's (spec 4.7).
  if (!request_.error_page) run_response_filters_of(worker_.services().filters, request_, status);
  add_carried_fields(request_);
}

bool RequestPipeline::is_built_in() {
  if (request_.host != request_.table->catch_all.get() || request_.host->regex_mode) return false;
  const bool health =
      !request_.table->health_check_path.empty() && is_under(request_.path, request_.table->health_check_path);
  const bool status = !health && is_under(request_.path, kStatusPath);
  if (!health && !status) return false;
  const std::size_t prefix = health ? request_.table->health_check_path.size() : kStatusPath.size();
  const route::Location& rule = *worker_.lookup().find_location(*request_.host, request_.path).location;
  if (!rule.implicit && rule.path.size() >= prefix) return false;
  request_.silent = true;
  if (health) {
    request_.reply(200, "health-check");
    request_.answer.empty_body = true;
  } else if (request_.settings().status_page_clients.contains(request_.forwarded.address)) {
    request_.reply(200, "status-page");
    request_.answer.body = worker_.services().status_text();
    request_.answer.content_type = "text/plain";
  } else {
    request_.reply(403, upstream::info(Failure::status_page_forbidden).reason);
  }
  return true;
}

bool RequestPipeline::declared_too_large() const {
  if (request_.head.body != http::BodyKind::length) return false;
  const std::uint64_t limit = request_.policies().deny.denied() ? kDeniedBodySize : request_.policies().proxy.body_size;
  return limit != 0 && request_.head.content_length > limit;
}

// Spec 2.6.
Verdict RequestPipeline::slash_redirect() {
  std::string to;
  http::escape_path(request_.path, to);
  to += '/';
  to += request_.query();
  const bool relative = request_.settings().relative_redirects || request_.policies().redirect.relative;
  return request_.redirect(301, to, "slash-redirect", relative);
}

net::Task<bool> RequestPipeline::fail(Failure failure, std::string_view reason) {
  const upstream::FailureInfo& why = upstream::info(failure);
  request_.reason = reason.empty() ? why.reason : reason;
  // Nobody to answer, or an answer is under way that can only be cut.
  if (failure == Failure::client_aborted || failure == Failure::head_cut || request_.response_started) {
    if (!request_.response_started) request_.status = why.status;
    sink_.abort();
    co_return false;
  }
  request_.reply(why.status, request_.reason);
  const bool body_failed = why.side == upstream::Side::client && failure != Failure::trace_method;
  if (body_failed) request_.keep_alive = false;
  co_return co_await answer();
}

net::Task<bool> RequestPipeline::answer() {
  if (request_.client_gone) co_return co_await fail(Failure::client_aborted);
  const Answer& answer = request_.answer;
  request_.reason = answer.reason;
  if (is_replaced(answer.status, true)) co_return co_await replace(answer.status);
  // The rest of a body is read away if that is cheap; else the connection ends with this answer (security rule 4).
  if (!request_.body.worth_discarding()) request_.keep_alive = false;
  run_response_filters(answer.status);
  const std::string_view page = answer.empty_body     ? std::string_view()
                                : answer.body.empty() ? std::string_view(page_of(answer.status))
                                                      : std::string_view(answer.body);
  if (request_.table != nullptr && request_.settings().reason_header)
    request_.response.set(http::FieldId::other, kReasonField, answer.reason);
  ResponseStart start;
  start.status = answer.status;
  start.phrase = http::reason_phrase(answer.status);
  start.content_type = content_type_of(request_, !page.empty());
  start.location = answer.location;
  const bool head_only = request_.head.method == http::Method::head;
  start.body = head_only ? http::BodyKind::none : http::BodyKind::length;
  start.length = page.size();
  start.length_told = true;
  const int sent = co_await sink_.start(start, head_only ? std::string_view() : page, true);
  if (sent < 0) {
    request_.reason =
        upstream::info(sent == -ETIMEDOUT ? Failure::client_send_timeout : Failure::client_aborted).reason;
    sink_.abort();
    co_return false;
  }
  if (!request_.keep_alive) co_return false;
  if (request_.body.complete()) co_return true;
  co_return co_await request_.body.discard();
}

}  // namespace weir::proxy
