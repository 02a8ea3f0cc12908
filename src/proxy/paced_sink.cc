// Step 10 of life-of-a-request: responses that may not go out faster than limit-rate.
#include "proxy/paced_sink.h"

#include "proxy/clock.h"
#include "proxy/worker.h"

#include <charconv>
#include <string>
#include <system_error>

namespace weir::proxy {

namespace {

// Bytes a second; 0: no limit. The endpoint's word counts more (spec 3.6); one that is no number counts for nothing.
std::uint64_t rate_of(const ResponseStart& start, std::uint64_t configured) {
  if (start.fields == nullptr) return configured;
  const std::string_view text = start.fields->get(http::FieldId::x_accel_limit_rate);
  std::uint64_t rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  return error == std::errc() && end == text.data() + text.size() ? rate : configured;
}

}  // namespace

net::Task<int> PacedSink::start(const ResponseStart& start, std::string_view body, bool last) {
  if (request_.location != nullptr) {
    const features::RateLimitPolicy& policy = request_.policies().rate_limit;
    throttle_ = {rate_of(start, policy.rate), policy.rate_after, request_.began_us};
    if (paced() && body.size() > throttle_.allowance(0, monotonic_us())) return slow_start(start, body, last);
  }
  return head(start, body, last);
}

net::Task<int> PacedSink::data(std::string_view body, bool last) {
  return throttle_.on() && !body.empty() ? slow_data(body, last) : piece(body, last);
}

// The head alone; the body has to wait, and scratch memory does not.
net::Task<int> PacedSink::slow_start(const ResponseStart& start, std::string_view body, bool last) {
  const std::string kept(body);
  const int sent = co_await head(start, {}, false);
  if (sent < 0) co_return sent;
  co_return co_await slow_data(kept, last);
}

net::Task<int> PacedSink::slow_data(std::string_view body, bool last) {
  std::string kept;
  if (worker_.in_relay_scratch(body)) {  // others use it while this one pauses
    kept = body;
    body = kept;
  }
  while (!body.empty()) {
    const std::int64_t now = monotonic_us();
    const std::uint64_t allowed = throttle_.allowance(request_.body_bytes_sent, now);
    if (allowed == 0) {
      const std::uint64_t wait = throttle_.wait_ms(request_.body_bytes_sent, now);
      Pause pause(worker_.pauses(), worker_.reactor().now_ms() + wait);
      co_await pause;
      continue;
    }
    const std::string_view now_sent = body.substr(0, static_cast<std::size_t>(allowed));
    body.remove_prefix(now_sent.size());
    const int sent = co_await piece(now_sent, last && body.empty());
    if (sent < 0) co_return sent;
  }
  co_return 1;
}

}  // namespace weir::proxy
