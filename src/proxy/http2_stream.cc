// Steps 3 to 11 of life-of-a-request for one HTTP/2 stream.
#include "proxy/http2_stream.h"

#include "proxy/finish.h"
#include "proxy/http2_session.h"
#include "proxy/request_pipeline.h"
#include "proxy/response_head.h"
#include "proxy/worker.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <vector>

namespace weir::proxy {
namespace {

// A client that opens no window for so long is gone (security: zero-window stall).
constexpr std::uint64_t kStallMs = 30'000;
// Consumed input is cut off from here on; until then it is only skipped.
constexpr std::size_t kCompactFrom = 16 * 1024;

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::vector<nghttp2_nv> pairs_of(const FieldCollector& head) {
  std::vector<nghttp2_nv> out;
  out.reserve(head.size());
  for (std::size_t i = 0; i < head.size(); ++i) {
    const FieldCollector::Entry entry = head.at(i);
    out.push_back(pair_of(entry.name, entry.value));
  }
  return out;
}

// Called by the library, which nothing may be thrown through.
bool submit_trailers(nghttp2_session* library, std::int32_t id, const FieldCollector& trailers) noexcept {
  try {
    const std::vector<nghttp2_nv> pairs = pairs_of(trailers);
    return nghttp2_submit_trailer(library, id, pairs.data(), pairs.size()) == 0;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The bytes are taken straight from the stream when their frame is written.
ssize_t read_unsent(nghttp2_session* library, std::int32_t id, std::uint8_t*, std::size_t room, std::uint32_t* flags,
                    nghttp2_data_source*, void* session) {
  const Http2Stream* stream = static_cast<Http2Session*>(session)->find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::size_t size = std::min(room, stream->unsent().size());
  const bool end = stream->ends_with(size);
  if (size == 0 && !end) return NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (end) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (end && stream->trailers() != nullptr) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (!submit_trailers(library, id, *stream->trailers())) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(size);
}

// The handle of the coroutine that awaits it; does not suspend.
struct OwnHandle {
  std::coroutine_handle<>& out;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> self) const noexcept {
    out = self;
    return false;
  }
  void await_resume() const noexcept {}
};

class StreamEnd {
 public:
  StreamEnd(Http2Session& session, Http2Stream& stream) : session_(session), stream_(stream) {}
  StreamEnd(const StreamEnd&) = delete;
  StreamEnd& operator=(const StreamEnd&) = delete;
  ~StreamEnd() { session_.end_stream(stream_); }

 private:
  Http2Session& session_;
  Http2Stream& stream_;
};

}  // namespace

// --- the body

void Http2Stream::receive(std::string_view bytes) {
  const bool is_looked_at = reading_ == nullptr && !input_.empty();
  (is_looked_at ? behind_ : input_).append(bytes);
  news_ = true;
}

void Http2Stream::end_input() {
  ended_ = true;
  news_ = true;
}

void Http2Stream::consume(std::size_t n) {
  taken_ += n;
  if (taken_ == input_.size()) {
    input_.clear();
    input_.swap(behind_);
    taken_ = 0;
  } else if (taken_ >= kCompactFrom) {
    input_.erase(0, taken_);
    taken_ = 0;
  }
  // Errors: no memory, or a stream that has just been closed; both show themselves elsewhere.
  (void)nghttp2_session_consume(session_.library(), id_, n);
  session_.flush();
}

net::Task<int> Http2Stream::more(net::Millis timeout) {
  input_.append(behind_);
  behind_.clear();
  if (!news_) {
    session_.flush();
    Pause pause(session_.worker().pauses(),
                session_.worker().reactor().now_ms() + static_cast<std::uint64_t>(timeout.count()), &reading_);
    const bool came = co_await pause;
    if (!came) co_return -ETIMEDOUT;
  }
  news_ = false;
  co_return 1;
}

void Http2Stream::send_continue() {
  const nghttp2_nv status = pair_of(":status", "100");
  (void)nghttp2_submit_headers(session_.library(), NGHTTP2_FLAG_NONE, id_, nullptr, &status, 1, nullptr);
  session_.flush();
}

// --- the response

net::Task<int> Http2Stream::respond(const FieldCollector& head, std::string_view body, bool last) {
  if (session_.lost()) co_return -ECONNRESET;
  int result = 0;
  {
    const std::vector<nghttp2_nv> pairs = pairs_of(head);
    nghttp2_data_provider provider{};
    provider.read_callback = read_unsent;
    const bool head_only = body.empty() && last;
    unsent_ = body;
    last_ = last;
    finished_ = head_only;
    result =
        nghttp2_submit_response(session_.library(), id_, pairs.data(), pairs.size(), head_only ? nullptr : &provider);
  }
  if (result != 0) co_return result == NGHTTP2_ERR_NOMEM ? -ENOMEM : -ECONNRESET;
  session_.flush();
  if (all_taken()) co_return 1;
  co_return co_await wait_until_taken();
}

net::Task<int> Http2Stream::send(std::string_view body, bool last) {
  if (body.empty() && !last) co_return 1;
  if (session_.lost()) co_return -ECONNRESET;
  unsent_ = body;
  last_ = last;
  if (nghttp2_session_resume_data(session_.library(), id_) == NGHTTP2_ERR_NOMEM) co_return -ENOMEM;
  session_.flush();
  if (all_taken()) co_return 1;
  co_return co_await wait_until_taken();
}

net::Task<int> Http2Stream::send_trailers(const FieldCollector& fields) {
  trailers_ = &fields;
  const int sent = co_await send({}, true);
  trailers_ = nullptr;
  co_return sent;
}

net::Task<int> Http2Stream::wait_until_taken() {
  if (session_.worker().in_relay_scratch(unsent_)) {
    kept_ = unsent_;
    unsent_ = kept_;
  }
  while (!all_taken()) {
    if (session_.lost()) co_return -ECONNRESET;
    const std::size_t before = unsent_.size();
    Pause pause(session_.worker().pauses(), session_.worker().reactor().now_ms() + kStallMs, &writing_);
    const bool early = co_await pause;
    if (!early && unsent_.size() == before) co_return -ETIMEDOUT;
  }
  kept_.clear();
  co_return 1;
}

void Http2Stream::take(std::size_t bytes, bool end) {
  unsent_.remove_prefix(bytes);
  if (end) finished_ = true;
}

void Http2Stream::reset(std::uint32_t code) {
  unsent_ = {};
  reset_ = true;
  (void)nghttp2_submit_rst_stream(session_.library(), NGHTTP2_FLAG_NONE, id_, code);
  session_.flush();
}

net::Task<int> Http2Sink::head(const ResponseStart& start, std::string_view body, bool last) {
  request_.status = start.status;
  request_.body_bytes_sent += body.size();
  request_.response_started = true;
  FieldCollector fields;
  collect_response_head(fields, request_, start, worker_.date());
  request_.head_bytes_sent += fields.bytes();
  if (keeps_sent_head(worker_, request_)) request_.sent_head = fields.as_lines();
  co_return co_await stream_.respond(fields, body, last);
}

net::Task<int> Http2Sink::piece(std::string_view body, bool last) {
  request_.body_bytes_sent += body.size();
  return stream_.send(body, last);
}

net::Task<int> Http2Sink::trailers(const http::Fields& fields) {
  FieldCollector collected;
  collected.fields(fields, 0);
  if (collected.size() == 0) co_return co_await stream_.send({}, true);
  request_.head_bytes_sent += collected.bytes();
  co_return co_await stream_.send_trailers(collected);
}

void Http2Sink::abort() {
  request_.cut = true;
  stream_.reset(request_.cancelled ? NGHTTP2_CANCEL : NGHTTP2_INTERNAL_ERROR);
}

net::Job serve_stream(net::JobGroup&, Http2Session& session, Http2Stream& stream) {
  const StreamEnd at_end(session, stream);
  co_await OwnHandle{stream.job};
  Worker& worker = session.worker();
  Request& request = *stream.request;
  Http2Sink sink(worker, stream);
  RequestPipeline pipeline(worker, nullptr, request, sink);
  if (stream.parsed.status == http::ParseStatus::bad) {
    (void)co_await pipeline.refuse(upstream::Failure::bad_request, stream.parsed.http_status, stream.parsed.reason);
    co_return;
  }
  request.body.begin(stream, worker.reactor(), request.head);
  (void)co_await pipeline.handle();
}

}  // namespace weir::proxy
