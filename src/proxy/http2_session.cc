// Step 3 of life-of-a-request: the streams of one HTTP/2 connection.
#include "proxy/http2_session.h"

#include "proxy/http2_callbacks.h"
#include "weir/observe/log.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace weir::proxy {
namespace {

using upstream::Failure;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr net::Millis kHttp2SendTimeout{30000};
// Bytes put together for one send.
constexpr std::size_t kMostSent = 64 * 1024;
constexpr std::uint64_t kBlockMs = 10'000;
constexpr std::uint64_t kSettingsMs = 10'000;
// Between the two GOAWAYs: requests that are under way are still served.
constexpr std::uint64_t kLeaveMs = 1000;
// While streams run, the connection looks up this often.
constexpr std::uint64_t kLookUpMs = 1000;

// What a client may send ahead of what its requests have read.
constexpr std::uint32_t kStreamWindow = 256 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
constexpr std::uint32_t kHeaderListSize = 64 * 1024;

const features::Settings& http2_settings_of(const Worker& worker) {
  static const features::Settings defaults;
  return worker.snapshot() ? *worker.snapshot().table().settings : defaults;
}

std::uint64_t millis_of(std::chrono::seconds time) {
  return static_cast<std::uint64_t>(net::Millis(time).count());
}

std::uint64_t earlier(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? a : std::min(a, b);
}

}  // namespace

Http2Session::Http2Session(Session& client)
    : client_(client), sock_(*client.sock), idle_since_ms_(client.worker.reactor().now_ms()) {}

Http2Session::~Http2Session() = default;

bool Http2Session::begin() {
  library_.reset(make_http2_server(*this));
  if (!library_) return false;
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, http2_settings_of(worker()).http2_max_concurrent_streams},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeaderListSize}}};
  settings_due_ms_ = worker().reactor().now_ms() + kSettingsMs;
  return nghttp2_submit_settings(library(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(library(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0;
}

net::Task<void> Http2Session::run() {
  if (!begin()) co_return;
  for (;;) {
    feed();
    check_times();
    serve_streams();
    if (over()) break;
    client_.set_activity(!streams_.empty()       ? Activity::writing
                         : client_.requests == 0 ? Activity::reading
                                                 : Activity::waiting);
    const net::Millis wait = next_wait();
    const int result =
        streams_.empty() ? co_await sock_.wait_idle(wait) : co_await sock_.recv_some(net::BufferPool::kLarge, wait);
    if (result > 0 || result == -ETIMEDOUT || result == -ECANCELED || result == -EAGAIN) continue;
    lost_ = true;  // a client that has closed one direction cannot go on either
    break;
  }
  while (!streams_.empty()) abandon(*streams_.begin()->second);
  if (lost_) co_return;
  flush();
  if (writing_) {
    net::Task<void>& rest = *writing_;
    co_await rest;
  }
  client_.linger = !lost_;
}

void Http2Session::feed() {
  const std::string_view bytes = sock_.input();
  if (bytes.empty()) return;
  if (!guard_.read(bytes, worker().reactor().now_ms())) {
    fail(guard_.error(), guard_.reason());
  } else {
    const ssize_t taken =
        nghttp2_session_mem_recv(library(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken == NGHTTP2_ERR_FLOODED) {
      fail(NGHTTP2_ENHANCE_YOUR_CALM, "http2-control-flood");
    } else if (taken < 0) {
      fail(taken == NGHTTP2_ERR_NOMEM ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_PROTOCOL_ERROR, "http2-malformed");
    } else if (!guard_.reason().empty()) {
      fail(guard_.error(), guard_.reason());
    }
  }
  sock_.drop_input();
}

void Http2Session::fail(std::uint32_t code, std::string_view reason) {
  tell_failure(reason);
  if (nghttp2_session_terminate_session(library(), code) != 0) lost_ = true;
}

void Http2Session::tell_failure(std::string_view reason) {
  if (failure_told_) return;
  failure_told_ = true;
  worker().metrics().count_reason(reason);
  observe::log::debug("proxy", "HTTP/2 with {} ended: {}", client_.connection.address_text, reason);
}

// --- streams

Http2Stream* Http2Session::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found != streams_.end() ? found->second.get() : nullptr;
}

void Http2Session::serve_streams() {
  std::vector<std::int32_t> ids;
  const auto each = [&](std::vector<std::int32_t>& list, auto what) {
    ids.clear();
    ids.swap(list);
    for (const std::int32_t id : ids) {
      if (Http2Stream* stream = find(id); stream != nullptr) what(*stream);
    }
  };
  do {
    each(closed_, [this](Http2Stream& stream) { abandon(stream); });
    each(begun_, [this](Http2Stream& stream) { start_stream(stream); });
    each(readable_, [](Http2Stream& stream) {
      if (stream.waits_for_input()) stream.resume_reading();
    });
    each(writable_, [](Http2Stream& stream) {
      if (stream.waits_for_room()) stream.resume_writing();
    });
    flush();
  } while (!closed_.empty() || !begun_.empty() || !readable_.empty() || !writable_.empty());
}

void Http2Session::start_stream(Http2Stream& stream) {
  Request& request = *stream.request;
  request.connection = &client_.connection;
  request.connection_serial = client_.serial;
  request.connection_requests = ++client_.requests;
  request.keep_alive = false;  // each stream ends by itself
  serve_stream(jobs_, *this, stream);
  if (client_.requests >= http2_settings_of(worker()).keep_alive_requests) leave();
}

// The client has left the stream, or the connection.
void Http2Session::abandon(Http2Stream& stream) {
  if (!stream.job) {  // reset before it began
    end_stream(stream);
    return;
  }
  Request& request = *stream.request;
  if (!stream.finished()) {
    const upstream::FailureInfo& why =
        upstream::info(stream.malformed ? Failure::body_malformed : Failure::client_aborted);
    request.reason = why.reason;
    if (!request.response_started) request.status = why.status;
  }
  stream.job.destroy();
}

void Http2Session::end_stream(Http2Stream& stream) noexcept {
  const std::int32_t id = stream.id();
  nghttp2_session* const library = library_.get();
  // Errors: no memory, or a stream that is closed already.
  if (const std::size_t unread = stream.unread(); unread > 0) {
    (void)nghttp2_session_consume(library, id, unread);
  }
  if (stream.closed) {
    // RFC 9113 5.4.2: a reset is not answered by another one.
  } else if (!stream.finished() && !stream.was_reset()) {
    (void)nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
  } else if (stream.finished() && !stream.whole()) {
    // RFC 9113 8.1: the answer did not need the rest of the body.
    (void)nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
  }
  streams_.erase(id);
  if (streams_.empty()) idle_since_ms_ = worker().reactor().now_ms();
  wake();
}

// run() goes round again, soon.
void Http2Session::wake() {
  sock_.cancel_read(-EAGAIN);
}

// --- time and the end

bool Http2Session::over() const {
  if (lost_) return true;
  return nghttp2_session_want_read(library_.get()) == 0 && nghttp2_session_want_write(library_.get()) == 0 && !writing_;
}

std::uint64_t Http2Session::idle_deadline_ms() const {
  const features::Settings& settings = http2_settings_of(client_.worker);
  return idle_since_ms_ + millis_of(client_.requests == 0 ? settings.client_header_timeout : settings.keep_alive);
}

net::Millis Http2Session::next_wait() const {
  const std::uint64_t now = client_.worker.reactor().now_ms();
  std::uint64_t due = streams_.empty() ? idle_deadline_ms() : now + kLookUpMs;
  due = earlier(due, settings_due_ms_);
  due = earlier(due, last_goaway_due_ms_);
  if (const std::uint64_t since = guard_.block_since_ms(); since != 0) due = std::min(due, since + kBlockMs);
  return net::Millis(due > now ? due - now : 1);
}

void Http2Session::check_times() {
  const std::uint64_t now = worker().reactor().now_ms();
  if (worker().draining()) leave();
  if (last_goaway_due_ms_ != 0 && now >= last_goaway_due_ms_) {
    last_goaway_due_ms_ = 0;
    const std::int32_t last = nghttp2_session_get_last_proc_stream_id(library());
    if (nghttp2_submit_goaway(library(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0) != 0) lost_ = true;
  }
  if (settings_due_ms_ != 0 && now >= settings_due_ms_) {
    settings_due_ms_ = 0;
    fail(NGHTTP2_SETTINGS_TIMEOUT, "http2-settings-timeout");
  }
  const std::uint64_t since = guard_.block_since_ms();
  if (since != 0 && now >= since + kBlockMs) fail(NGHTTP2_ENHANCE_YOUR_CALM, "http2-header-timeout");
  if (streams_.empty() && begun_.empty() && now >= idle_deadline_ms() &&
      nghttp2_session_terminate_session(library(), NGHTTP2_NO_ERROR) != 0) {
    lost_ = true;
  }
}

void Http2Session::leave() {
  if (leaving_) return;
  leaving_ = true;
  last_goaway_due_ms_ = worker().reactor().now_ms() + kLeaveMs;
  if (nghttp2_submit_shutdown_notice(library()) != 0) lost_ = true;
}

// --- sending

void Http2Session::flush() {
  if (writing_ && writing_->await_ready()) writing_.reset();
  if (lost_ || writing_ || nghttp2_session_want_write(library()) == 0) return;
  writing_.emplace(write_all());
  if (writing_->await_ready()) writing_.reset();
}

net::Task<void> Http2Session::write_all() {
  upstream::OutBuffer& out = worker().out();
  while (fill(out)) {
    const iovec part{out.data(), out.size()};
    const int sent = co_await sock_.send_all(&part, 1, kHttp2SendTimeout, out.data(), out.size());
    if (sent < 0) lost_ = true;
    if (lost_) break;
  }
  wake();
}

// false: there is nothing to send.
bool Http2Session::fill(upstream::OutBuffer& out) {
  out.clear();
  while (out.size() < kMostSent) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(library(), &bytes);
    if (size < 0) lost_ = true;
    if (size <= 0) break;
    out.ensure(static_cast<std::size_t>(size));
    out.put({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  return out.size() > 0 && !lost_;
}

// --- how it begins

net::Task<bool> speaks_http2(Session& session) {
  net::Sock& client = *session.sock;
  const features::Settings& settings = http2_settings_of(session.worker);
  if (client.is_tls()) {
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &protocol, &size);
    co_return size == 2 && protocol[0] == 'h' && protocol[1] == '2';
  }
  if (!settings.use_http2) co_return false;
  const std::uint64_t deadline = client.reactor().now_ms() + millis_of(settings.client_header_timeout);
  for (;;) {
    const std::string_view input = client.input();
    if (input.starts_with(kPreface)) co_return true;
    if (!kPreface.starts_with(input)) co_return false;
    const std::uint64_t now = client.reactor().now_ms();
    if (now >= deadline) co_return false;  // answered as a head that did not come
    const int result = co_await client.recv_some(net::BufferPool::kSmall, net::Millis(deadline - now));
    if (result <= 0) co_return false;
  }
}

}  // namespace weir::proxy
