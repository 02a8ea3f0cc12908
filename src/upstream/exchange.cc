// Step 9 of life-of-a-request: one exchange with an endpoint; steps 7 and 8 are decided in select.cc, pool.cc,
// retry.cc.
#include "weir/upstream/exchange.h"

#include "upstream/attempt.h"
#include "weir/base/ascii.h"
#include "weir/upstream/retry.h"

#include <algorithm>
#include <cerrno>

namespace weir::upstream {
namespace {

// While the body is still being sent, the wait for the answer has no end of its own; it looks up this often.
constexpr net::Millis kUploadCheck{1000};
// Bodies up to this size go out with the head in one call. They fit into the socket buffers, so an endpoint that
// answers before it reads cannot block us; larger ones are sent while we listen already.
constexpr std::size_t kInlineBody = 64 * 1024;

}  // namespace

Exchange::Exchange(Runtime& runtime, const Plan& plan, http::ResponseHead& head,
                   std::vector<observe::UpstreamTry>& tries)
    : runtime_(runtime), plan_(plan), head_(head), tries_(tries), received_ms_(plan.received_ms) {}

Exchange::~Exchange() {
  // Cut half-way, by a drain's deadline or for want of memory.
  if (connection_ && !tries_.empty() && record().response_time < 0) {
    record().response_time = took_us();
  }
  drop_connection();
  end_selection();
}

// Before anything else is tried for the request.
void Exchange::end_selection() {
  if (plan_.selection == nullptr || selection_ended_ || tries_.empty()) return;
  selection_ended_ = true;
  runtime_.balancer.finished(*plan_.selection, tries_.back());
}

net::Task<Failure> Exchange::start() {
  RetryFacts facts;
  facts.endpoints = plan_.endpoints.size();
  facts.idempotent = plan_.idempotent;
  facts.retry_non_idempotent = plan_.settings->retry_non_idempotent;
  const std::uint64_t began_ms = runtime_.reactor.now_ms();
  for (;;) {
    const route::Endpoint* endpoint = begin_try(runtime_, plan_, facts.attempts == 0, tries_);
    if (endpoint == nullptr) co_return Failure::no_endpoint_left;
    Failure failure = co_await attempt(*endpoint);
    if (failure == Failure::none && !is_retry_status(*plan_.policy, head_.status)) co_return failure;
    ++facts.attempts;
    facts.elapsed_ms = runtime_.reactor.now_ms() - began_ms;
    facts.sent = sent_;
    facts.replayable = plan_.body == nullptr || plan_.body->replayable();
    if (!may_retry(*plan_.policy, failure, head_.status, facts)) co_return failure;
    record().response_time = took_us();
    drop_connection();
  }
}

// One endpoint. A reused connection that proves dead before a byte came back is replaced by a fresh one without
// counting as a try: the endpoint closed it while it was idle.
net::Task<Failure> Exchange::attempt(const route::Endpoint& endpoint) {
  for (bool fresh = false;; fresh = true) {
    try_began_us_ = runtime_.reactor.now_us();
    sent_ = received_ = false;
    head_.clear();
    connection_ = fresh ? nullptr : runtime_.pool.take(endpoint.id, runtime_.reactor.now_ms(), tls_id(plan_));
    reused_ = connection_ != nullptr;
    if (!reused_) {
      const Failure refused = co_await open_connection(runtime_, plan_, endpoint, Protocol::http1, connection_);
      if (refused != Failure::none) co_return end_try(record(), refused, took_us());
    }
    record().connect_time = reused_ ? 0 : took_us();
    if (runtime_.counters != nullptr)
      (reused_ ? runtime_.counters->upstream_reuses : runtime_.counters->upstream_connects).add();
    if (!plan_.body_reads_client) watch_.start(plan_.client, *connection_->sock);

    net::Sock& upstream = *connection_->sock;
    OutBuffer& out = runtime_.out;
    out.clear();
    plan_.head->write_head(out);
    std::string_view body = plan_.body != nullptr ? plan_.body->in_memory() : std::string_view();
    const bool inline_body = !body.empty() && body.size() <= kInlineBody;
    const iovec parts[2] = {{out.data(), out.size()}, {const_cast<char*>(body.data()), body.size()}};
    record().bytes_sent += out.size() + (inline_body ? body.size() : 0);
    Failure failure = Failure::none;
    {
      net::Sock::Writing sending =
          upstream.send_all(parts, inline_body ? 2 : 1, plan_.policy->send_timeout, out.data(), out.size());
      const bool at_once = sending.await_ready();
      const int result = co_await sending;
      sent_ = result > 0 || !at_once;  // an error of the very first send: nothing has left
      if (result < 0) failure = result == -ETIMEDOUT ? Failure::send_timeout : Failure::send_failed;
    }
    if (failure == Failure::none && plan_.body != nullptr && !inline_body) upload_.emplace(upload());
    waiting_since_ms_ = runtime_.reactor.now_ms();

    while (failure == Failure::none) {
      if (std::optional<Failure> outcome = parse_head()) {
        failure = *outcome;
        break;
      }
      if (upload_result_ < 0 && plan_.body->failure() != Failure::none) {
        failure = plan_.body->failure();
        break;
      }
      const int result = co_await upstream.recv_some(net::BufferPool::kSmall, next_wait());
      if (result > 0) {
        note_received(result);
      } else if (result != -ETIMEDOUT || !keep_waiting()) {
        failure = failure_of_read(result);
      }
    }
    if (failure == Failure::none) {
      record().status = head_.status;
      record().header_time = took_us();
      co_return failure;
    }
    const bool again = may_replay_stale(failure);
    drop_connection();
    if (!again) co_return end_try(record(), failure, took_us());
  }
}

bool Exchange::may_replay_stale(Failure failure) const {
  if (!reused_ || received_) return false;
  if (failure != Failure::send_failed && failure != Failure::receive_failed && failure != Failure::closed_early) {
    return false;
  }
  // Once the request was sent, nobody can tell whether the endpoint acted on it.
  if (sent_ && !plan_.idempotent) return false;
  return plan_.body == nullptr || plan_.body->replayable();
}

// Runs beside the wait for the answer. Errors of the connection show themselves to that wait too, often with an answer
// still to be read in front of them; what would not, ends it.
net::Task<int> Exchange::upload() {
  net::Sock& upstream = *connection_->sock;
  const int result = co_await plan_.body->send_to(upstream, plan_.policy->send_timeout);
  upload_result_ = result;
  waiting_since_ms_ = received_ms_ = runtime_.reactor.now_ms();
  if (result < 0) {
    if (plan_.body->failure() != Failure::none || result == -ETIMEDOUT) upstream.cancel_read(-ECANCELED);
  } else if (plan_.body_reads_client) {
    watch_.start(plan_.client, upstream);
  }
  co_return result;
}

std::optional<Failure> Exchange::parse_head() {
  net::Sock& upstream = *connection_->sock;
  const std::size_t limit = plan_.policy->buffer_size;
  for (;;) {
    const std::string_view input = upstream.input();
    if (input.empty()) return std::nullopt;
    http::H1Limits limits;
    limits.head = limits.request_line =
        static_cast<std::uint32_t>(std::min<std::size_t>(limit, net::BufferPool::kLarge));
    limits.field_line = limits.head;
    limits.fields = 1000;  // the size bounds them; nginx has no count of its own here
    const http::ParseResult parsed = http::parse_response_head(input, limits, head_);
    if (parsed.status == http::ParseStatus::bad) {
      return input.size() >= limits.head ? Failure::header_too_large : Failure::invalid_header;
    }
    if (parsed.status == http::ParseStatus::more) {
      if (input.size() >= limits.head) return Failure::header_too_large;
      if (input.size() >= net::BufferPool::kSmall) upstream.grow_input(net::BufferPool::kLarge);
      return std::nullopt;
    }
    upstream.consume(head_.size);
    if (head_.status == 101) {
      const bool asked_for = head_.upgrade && !plan_.upgrade.empty() &&
                             base::iequals(head_.fields.get(http::FieldId::upgrade), plan_.upgrade);
      return asked_for ? Failure::none : Failure::invalid_header;
    }
    if (head_.status >= 200) return Failure::none;
    // 100, 102, 103: not for this client (spec 3.6)
  }
}

net::Millis Exchange::next_wait() const {
  const net::Millis most = plan_.policy->read_timeout;
  if (watch_.in_grace()) return std::min(most, ClientWatch::kHalfCloseGrace);
  if (uploading()) return kUploadCheck;
  const net::Millis waited(runtime_.reactor.now_ms() - waiting_since_ms_);
  return waited >= most ? net::Millis(1) : most - waited;
}

bool Exchange::keep_waiting() {
  const std::uint64_t now = runtime_.reactor.now_ms();
  watch_.look(now, received_ms_);
  if (upload_result_ < 0) return false;
  if (uploading()) return true;
  return now - waiting_since_ms_ < static_cast<std::uint64_t>(plan_.policy->read_timeout.count());
}

void Exchange::note_received(int bytes) {
  received_ = true;
  waiting_since_ms_ = runtime_.reactor.now_ms();
  record().bytes_received += static_cast<std::uint64_t>(bytes);
}

Failure Exchange::failure_of_read(int result) const {
  if (plan_.body != nullptr && plan_.body->failure() != Failure::none) return plan_.body->failure();
  if (upload_result_ == -ETIMEDOUT) return Failure::send_timeout;
  if (result == 0) return Failure::closed_early;
  if (result == -ETIMEDOUT) return Failure::read_timeout;
  if (result == -ECONNABORTED) return Failure::client_aborted;
  return Failure::receive_failed;
}

void Exchange::drop_connection() {
  watch_.stop();
  upload_.reset();
  upload_result_ = 0;
  connection_.reset();
}

void Exchange::finish(bool complete) {
  if (!connection_) return end_selection();
  record().response_time = took_us();
  const bool reusable = complete && !uploading() && upload_result_ >= 0 && head_.keep_alive &&
                        body() != http::BodyKind::until_close && head_.status != 101 &&
                        !plan_.policy->connection_close && connection_->sock->input().empty();
  if (reusable) {
    watch_.stop();
    upload_.reset();
    runtime_.pool.give(std::move(connection_), limits_of(*plan_.settings), runtime_.reactor.now_ms());
  }
  drop_connection();
  end_selection();
}

}  // namespace weir::upstream
