// Step 9 of life-of-a-request: one exchange with an endpoint over HTTP/2. Frames: h2_session.cc, h2_callbacks.cc.
#include "weir/upstream/h2_exchange.h"

#include "upstream/attempt.h"
#include "upstream/h2_request.h"
#include "upstream/h2_session.h"
#include "weir/upstream/retry.h"

#include <algorithm>
#include <cerrno>

namespace weir::upstream {
namespace {

// While the body is sent, the clock is looked at this often.
constexpr net::Millis kUploadTick{1000};
// Of a body that cannot be rewound, so much is kept for another try.
constexpr std::size_t kMostKept = 64 * 1024;

// What nginx does by itself (rulings): after errors and timeouts, no limit on tries or time.
const features::ProxyPolicy& retry_rule() {
  static const features::ProxyPolicy rule = [] {
    features::ProxyPolicy out;
    out.next_upstream_tries = 0;
    return out;
  }();
  return rule;
}

}  // namespace

H2Exchange::H2Exchange(Runtime& runtime, const Plan& plan, PulledBody* body, http::ResponseHead& head,
                       std::vector<observe::UpstreamTry>& tries)
    : runtime_(runtime), plan_(plan), body_(body), head_(head), tries_(tries), received_ms_(plan.received_ms) {}

H2Exchange::~H2Exchange() {
  // Cut half-way, by a client's reset, a drain's deadline or for want of memory.
  if (connection_ && !tries_.empty() && record().response_time < 0) {
    record().response_time = took_us();
    record().bytes_sent += session().bytes_sent();
  }
  drop_connection();
  end_selection();
}

// Before anything else is tried for the request.
void H2Exchange::end_selection() {
  if (plan_.selection == nullptr || selection_ended_ || tries_.empty()) return;
  selection_ended_ = true;
  runtime_.balancer.finished(*plan_.selection, tries_.back());
}

net::Task<Failure> H2Exchange::start() {
  RetryFacts facts;
  facts.endpoints = plan_.endpoints.size();
  facts.idempotent = plan_.idempotent;
  const std::uint64_t began_ms = runtime_.reactor.now_ms();
  for (;;) {
    const route::Endpoint* endpoint = begin_try(runtime_, plan_, facts.attempts == 0, tries_);
    if (endpoint == nullptr) co_return Failure::no_endpoint_left;
    const Failure failure = co_await attempt(*endpoint);
    if (failure == Failure::none) co_return failure;
    ++facts.attempts;
    facts.elapsed_ms = runtime_.reactor.now_ms() - began_ms;
    facts.sent = sent_ && !refused_;
    facts.replayable = may_send_again();
    if (!may_retry(retry_rule(), failure, 0, facts)) co_return failure;
  }
}

// One endpoint. A reused connection that proves dead, or whose endpoint goes away, is replaced by a fresh one without
// counting as a try.
net::Task<Failure> H2Exchange::attempt(const route::Endpoint& endpoint) {
  for (bool fresh = false;; fresh = true) {
    try_began_us_ = runtime_.reactor.now_us();
    sent_ = refused_ = received_ = false;
    head_.clear();
    connection_ =
        fresh ? nullptr : runtime_.pool.take(endpoint.id, runtime_.reactor.now_ms(), tls_id(plan_), Protocol::http2);
    reused_ = connection_ != nullptr;
    Failure failure = Failure::none;
    if (!reused_) {
      failure = co_await open_connection(runtime_, plan_, endpoint, Protocol::http2, connection_);
      if (failure != Failure::none) {
        drop_connection();
        co_return end_try(record(), failure, took_us());
      }
    }
    record().connect_time = reused_ ? 0 : took_us();
    if (runtime_.counters != nullptr)
      (reused_ ? runtime_.counters->upstream_reuses : runtime_.counters->upstream_connects).add();

    failure = send_head();
    while (failure == Failure::none && !session().has_head()) failure = co_await step();
    if (failure == Failure::none) {
      record().status = head_.status;
      record().header_time = took_us();
      co_return failure;
    }
    refused_ = session().refused();
    sent_ = session().bytes_sent() > 0;
    record().bytes_sent += session().bytes_sent();
    const bool again = may_replay(failure);
    drop_connection();
    if (!again) co_return end_try(record(), failure, took_us());
  }
}

bool H2Exchange::may_send_again() const {
  return body_ == nullptr || body_->replayable() || kept_all_;
}

bool H2Exchange::may_replay(Failure failure) const {
  if (!reused_ || !may_send_again()) return false;
  if (refused_) return true;
  if (received_ || (failure != Failure::receive_failed && failure != Failure::closed_early)) return false;
  // Once the request was sent, nobody can tell whether the endpoint acted on it.
  return !sent_ || plan_.idempotent;
}

Failure H2Exchange::send_head() {
  OutBuffer& out = runtime_.out;
  out.clear();
  plan_.head->write_head(out);
  std::vector<nghttp2_nv> fields;
  fields.reserve(32);
  make_h2_request(out.data(), out.size(), plan_.tls != nullptr, fields);
  if (!session().open(fields, body_ != nullptr, plan_.policy->send_timeout, head_)) return Failure::send_failed;
  waiting_since_ms_ = runtime_.reactor.now_ms();
  // What there is of the body goes out with the head.
  if (body_ != nullptr) {
    body_->rewind();
    upload_.emplace(upload());
  }
  if (body_ == nullptr || !plan_.body_reads_client) watch_.start(plan_.client, *connection_->sock);
  session().flush();
  return Failure::none;
}

// Runs beside the wait for the answer. Errors of the connection show themselves to that wait too, often with an answer
// still to be read in front of them; what would not, ends it.
net::Task<int> H2Exchange::upload() {
  const int result = co_await send_body();
  upload_result_ = result;
  received_ms_ = runtime_.reactor.now_ms();
  waiting_since_ms_ = received_ms_;
  if (result < 0) {
    if (body_->failure() != Failure::none) connection_->sock->cancel_read(-ECANCELED);
  } else if (plan_.body_reads_client) {
    watch_.start(plan_.client, *connection_->sock);
  }
  co_return result;
}

net::Task<int> H2Exchange::send_body() {
  if (!kept_.empty()) {
    const int sent = co_await session().send(kept_, false);
    if (sent < 0) co_return sent;
  }
  for (;;) {
    PulledBody::Run run;
    const int result = co_await body_->next(run);
    if (result < 0) co_return result;
    const int sent = co_await session().send(run.bytes, run.last);
    if (sent < 0) co_return sent;
    if (!body_->replayable()) {
      kept_all_ = kept_all_ && kept_.size() + run.bytes.size() <= kMostKept;
      if (kept_all_) kept_.append(run.bytes);
    }
    body_->taken();
    if (run.last) co_return 1;
  }
}

net::Task<Failure> H2Exchange::step() {
  if (upload_result_ < 0 && body_->failure() != Failure::none) co_return body_->failure();
  net::Sock& sock = *connection_->sock;
  const int result = co_await sock.recv_some(net::BufferPool::kLarge, next_wait());
  if (result == -ETIMEDOUT) co_return look_at_clock();
  if (result <= 0) co_return failure_of_read(result);
  received_ = true;
  waiting_since_ms_ = runtime_.reactor.now_ms();
  record().bytes_received += static_cast<std::uint64_t>(result);
  session().feed();
  session().flush();
  if (session().ended()) co_return Failure::none;
  co_return session().alive() && !session().closed() ? Failure::none : session().failure();
}

net::Task<Failure> H2Exchange::receive() {
  return step();
}

void H2Exchange::stop() {
  if (connection_) connection_->sock->cancel_read(-ECONNABORTED);
}

// Until the head is here, an endpoint that waits for more of the body may keep silent; then it must not.
net::Millis H2Exchange::next_wait() const {
  const net::Millis most = plan_.policy->read_timeout;
  const net::Millis waited(runtime_.reactor.now_ms() - waiting_since_ms_);
  const net::Millis left = waited >= most ? net::Millis(1) : most - waited;
  if (watch_.in_grace()) return std::min(left, ClientWatch::kHalfCloseGrace);
  if (!uploading()) return left;
  return session().has_head() ? std::min(left, kUploadTick) : kUploadTick;
}

Failure H2Exchange::look_at_clock() {
  const std::uint64_t now = runtime_.reactor.now_ms();
  watch_.look(now, received_ms_);
  if (uploading()) {
    const std::uint64_t blocked = session().blocked_since_ms();
    if (blocked != 0 && now - blocked >= static_cast<std::uint64_t>(plan_.policy->send_timeout.count())) {
      return Failure::send_timeout;
    }
    if (!session().has_head()) return Failure::none;
  }
  const bool over = now - waiting_since_ms_ >= static_cast<std::uint64_t>(plan_.policy->read_timeout.count());
  return over ? Failure::read_timeout : Failure::none;
}

Failure H2Exchange::failure_of_read(int result) const {
  if (body_ != nullptr && body_->failure() != Failure::none) return body_->failure();
  if (result == 0) return Failure::closed_early;
  if (result == -ECONNABORTED) return Failure::client_aborted;
  // The socket took nothing of what was to be sent (H2Session).
  return result == -ECANCELED ? Failure::send_timeout : Failure::receive_failed;
}

bool H2Exchange::ended() const {
  return !connection_ || session().ended();
}

bool H2Exchange::has_body() const {
  return connection_ && session().has_body();
}

void H2Exchange::take(std::string& into) {
  session().take_body(into);
}

void H2Exchange::delivered(std::size_t bytes) {
  record().response_length += bytes;
  session().consume(bytes);
  if (!session().ended()) session().flush();
}

const http::Fields& H2Exchange::trailers() const {
  return session().trailers();
}

bool H2Exchange::cancelled() const {
  return connection_ && session().cancelled();
}

void H2Exchange::drop_connection() {
  watch_.stop();
  upload_.reset();
  upload_result_ = 0;
  connection_.reset();
}

void H2Exchange::finish(bool complete) {
  if (connection_) {
    record().response_time = took_us();
    record().bytes_sent += session().bytes_sent();
    const bool reusable = complete && !uploading() && upload_result_ >= 0 && session().ended() && session().closed() &&
                          session().all_sent();
    if (reusable) {
      watch_.stop();
      upload_.reset();
      runtime_.pool.give(std::move(connection_), limits_of(*plan_.settings), runtime_.reactor.now_ms());
    }
    drop_connection();
  }
  end_selection();
}

}  // namespace weir::upstream
