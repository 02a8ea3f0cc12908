// Steps 4 to 11 of life-of-a-request, in this order. New features add filters, not branches here.
#include "proxy/request_pipeline.h"

#include "proxy/finish.h"
#include "proxy/forwarded.h"
#include "proxy/pages.h"
#include "weir/http/normalize.h"

#include <bit>

namespace weir::proxy {

net::Task<bool> RequestPipeline::handle() {
  const FinishGuard finish_at_end(worker_, request_);
  if (!pin_snapshot()) co_return co_await fail(Failure::not_ready);
  if (!http::normalize_path(request_.head.target(), request_.path)) co_return co_await fail(Failure::bad_path);
  if (request_.head.method == http::Method::trace) co_return co_await fail(Failure::trace_method);
  resolve_forwarded(request_);

  request_.host = &worker_.lookup().find_host(*request_.table, request_.head.host);
  bool reusable = co_await serve();
  while (request_.redirects_now) reusable = co_await serve();
  co_return reusable;
}

net::Task<bool> RequestPipeline::serve() {
  if (request_.redirects_now && !follow_redirect()) co_return co_await answer();
  const Verdict at_host = co_await run_filters(Stop::host);
  if (at_host == Verdict::answered) co_return co_await answer();
  if (is_built_in()) co_return co_await answer();

  const route::LocationMatch match = worker_.lookup().find_location(*request_.host, request_.path);
  request_.location = match.location;
  if (declared_too_large()) co_return co_await fail(Failure::body_too_large);
  if (match.slash_redirect && slash_redirect() == Verdict::answered) co_return co_await answer();
  if (request_.policies().deny.denied()) co_return co_await fail(Failure::denied, request_.policies().deny.reason);
  const Verdict at_location = co_await run_filters(Stop::location);
  if (at_location == Verdict::answered) co_return co_await answer();

  const Failure no_backend = co_await find_endpoints();
  // The built-in 404 is as good as an endpoint (spec 2.2, 2.7): what guards the location is asked in front of it, too.
  const bool built_in_page = no_backend == Failure::no_default_backend;
  if (no_backend != Failure::none && !built_in_page) co_return co_await fail(no_backend);
  const Verdict at_backend = co_await run_filters(Stop::live_backend);
  if (at_backend == Verdict::answered) co_return co_await answer();
  if (built_in_page) co_return co_await fail(no_backend);

  const Failure no_body = co_await receive_body();
  if (no_body != Failure::none) co_return co_await fail(no_body);
  co_return co_await proxy();
}

net::Task<bool> RequestPipeline::refuse(Failure failure, int status, std::string_view reason) {
  const FinishGuard finish_at_end(worker_, request_);
  pin_snapshot();
  request_.keep_alive = false;
  if (failure == Failure::head_cut) co_return co_await fail(failure);
  request_.reply(status, reason.empty() ? upstream::info(failure).reason : reason);
  if (failure == Failure::plain_http_on_https) request_.answer.body = page_of_plain_on_https();
  co_return co_await answer();
}

bool RequestPipeline::pin_snapshot() {
  request_.snapshot = worker_.snapshot();
  if (!request_.snapshot) return false;
  request_.table = &request_.snapshot.table();
  request_.lookup = &worker_.lookup();
  request_.limits = worker_.services().limits;
  request_.digests = worker_.services().digests;
  request_.passwords = &worker_.passwords();
  request_.auth = &worker_.auth();
  request_.client = client_;
  request_.request_id = request_.head.fields.get(http::FieldId::request_id);
  if (request_.request_id.empty() && request_.settings().generate_request_id) {
    worker_.request_ids().write(request_.generated_id.data());
    request_.request_id = {request_.generated_id.data(), request_.generated_id.size()};
  }
  return true;
}

net::MaybeTask<Verdict> RequestPipeline::run_filters(Stop stop) {
  const FilterList filters = worker_.services().filters;
  // Before a location is known, every filter of the host stop runs.
  std::uint64_t active = worker_.filters_at(stop);
  if (request_.location != nullptr) active &= request_.location->filters;
  for (; active != 0; active &= active - 1) {
    net::MaybeTask<Verdict> running =
        filters[static_cast<std::size_t>(std::countr_zero(active))].filter->on_request(request_);
    if (!running.await_ready()) return finish_filters(std::move(running), active & (active - 1));
    if (running.await_resume() == Verdict::answered) return Verdict::answered;
  }
  return Verdict::go_on;
}

// A filter suspends: from here on with a frame.
net::Task<Verdict> RequestPipeline::finish_filters(net::MaybeTask<Verdict> running, std::uint64_t rest) {
  Verdict verdict = co_await running;
  const FilterList filters = worker_.services().filters;
  for (; rest != 0 && verdict == Verdict::go_on; rest &= rest - 1) {
    verdict = co_await filters[static_cast<std::size_t>(std::countr_zero(rest))].filter->on_request(request_);
  }
  co_return verdict;
}

}  // namespace weir::proxy
