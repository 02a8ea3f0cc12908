// Step 9 of life-of-a-request, over HTTP/2: one connection to an endpoint.
#include "upstream/h2_session.h"

#include "upstream/h2_callbacks.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace weir::upstream {
namespace {

// What an endpoint may send ahead of its client.
constexpr std::int32_t kWindow = 256 * 1024;
// Bytes put together for one send.
constexpr std::size_t kMostSent = 64 * 1024;
// Reads between two requests: one that has more to say then is not wanted.
constexpr int kMostReads = 16;

}  // namespace

class [[nodiscard]] H2Session::Sent {
 public:
  explicit Sent(H2Session& session) : session_(session) {}
  Sent(const Sent&) = delete;
  Sent& operator=(const Sent&) = delete;
  ~Sent() {
    if (session_.sender_ == this) session_.sender_ = nullptr;
  }

  bool await_ready() const noexcept { return session_.send_is_over(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    session_.sender_ = this;
    session_.blocked_since_ms_ = session_.sock_.reactor().now_ms();
  }
  void await_resume() const noexcept {}
  void resume() const { waiter_.resume(); }

 private:
  H2Session& session_;
  std::coroutine_handle<> waiter_;
};

std::unique_ptr<H2Session> H2Session::make(net::Sock& sock, OutBuffer& out) {
  auto session = std::make_unique<H2Session>(sock, out);
  return session->begin() ? std::move(session) : nullptr;
}

bool H2Session::begin() {
  library_.reset(make_h2_client(*this));
  if (!library_) return false;
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(kWindow)},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMostHeadBytes}}};
  return nghttp2_submit_settings(library_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(library_.get(), NGHTTP2_FLAG_NONE, 0, kWindow) == 0;
}

// --- receiving

void H2Session::feed() {
  const std::string_view bytes = sock_.input();
  const ssize_t taken =
      nghttp2_session_mem_recv(library_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  sock_.consume(bytes.size());
  if (taken < 0 && fault_ == Fault::none) fault_ = Fault::protocol;
}

bool H2Session::alive() const {
  // The library has ended the session, or an endpoint that goes away has answered everything.
  return fault_ == Fault::none && (closed_ || nghttp2_session_want_read(library_.get()) != 0);
}

Failure H2Session::failure() const {
  switch (fault_) {
    case Fault::head_too_large:
      return Failure::header_too_large;
    case Fault::head:
    case Fault::protocol:
    case Fault::flood:
      return Failure::invalid_header;
    case Fault::none:
      break;
  }
  // What the library ends is no HTTP.
  return reset_by_endpoint_ || refused() ? Failure::receive_failed : Failure::invalid_header;
}

void H2Session::consume(std::size_t bytes) {
  // Errors: no memory, or a stream that has just been closed; both show themselves elsewhere.
  (void)nghttp2_session_consume(library_.get(), stream_, bytes);
}

bool H2Session::rest() {
  bool open = false;
  for (int i = 0; i < kMostReads && !open; ++i) {
    net::Sock::Reading reading = sock_.recv_some(net::BufferPool::kSmall, net::Millis(0));
    if (!reading.await_ready()) {
      open = true;
    } else if (reading.await_resume() > 0) {
      feed();
      if (!alive()) break;
    } else {
      break;
    }
  }
  sock_.drop_input();  // gives the buffer back
  if (!open) return false;
  head_ = nullptr;
  flush();
  return !lost_ && !sending_ && sock_.quiet() && nghttp2_session_check_request_allowed(library_.get()) != 0;
}

// --- sending

bool H2Session::open(std::span<const nghttp2_nv> fields, bool body, net::Millis send_timeout,
                     http::ResponseHead& head) {
  head_ = &head;
  has_head_ = ended_ = closed_ = reset_by_endpoint_ = last_ = false;
  sent_end_ = !body;
  close_code_ = 0;
  body_.clear();
  trailers_.clear();
  unsent_ = {};
  send_timeout_ = send_timeout;
  bytes_sent_ = 0;
  nghttp2_data_provider provider{};
  provider.read_callback = read_h2_body;
  stream_ = nghttp2_submit_request(library_.get(), nullptr, fields.data(), fields.size(), body ? &provider : nullptr,
                                   nullptr);
  return stream_ > 0;
}

net::Task<int> H2Session::send(std::string_view bytes, bool last) {
  if (lost_ || closed_) co_return -EPIPE;
  unsent_ = bytes;
  last_ = last;
  // An error says that the library has not asked for more yet.
  if (nghttp2_session_resume_data(library_.get(), stream_) == NGHTTP2_ERR_NOMEM) co_return -ENOMEM;
  flush();
  Sent sent(*this);
  co_await sent;
  unsent_ = {};
  co_return lost_ || (closed_ && !sent_end_) ? -EPIPE : 1;
}

void H2Session::resume_sender() {
  if (sender_ == nullptr || !(lost_ || closed_ || unsent_.empty())) return;
  const Sent& sent = *sender_;
  sender_ = nullptr;
  sent.resume();
}

void H2Session::flush() {
  if (sending_) return;
  writing_.reset();
  if (!lost_ && nghttp2_session_want_write(library_.get()) != 0) {
    sending_ = true;
    writing_.emplace(write_all());
  } else {
    resume_sender();
  }
}

net::Task<void> H2Session::write_all() {
  while (fill()) {
    const std::size_t size = out_.size();
    const iovec part{out_.data(), size};
    net::Sock::Writing sending = sock_.send_all(&part, 1, send_timeout_, out_.data(), size);
    const bool at_once = sending.await_ready();
    if (!at_once) bytes_sent_ += size;  // some of them, for all that is known
    const int sent = co_await sending;
    if (at_once && sent > 0) bytes_sent_ += size;
    if (sent < 0) {
      lost_ = true;
      // A broken connection shows itself to the reader, too, often with an answer to be read in front of it.
      if (sent == -ETIMEDOUT) sock_.cancel_read(-ECANCELED);
    }
    resume_sender();
    if (lost_) break;
  }
  if (lost_) resume_sender();
  // Last: whoever is resumed above must not begin anew in the middle of this.
  sending_ = false;
}

// false: there is nothing to send.
bool H2Session::fill() {
  out_.clear();
  while (out_.size() < kMostSent) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(library_.get(), &bytes);
    if (size < 0) lost_ = true;
    if (size <= 0) break;
    out_.ensure(static_cast<std::size_t>(size));
    out_.put({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  return out_.size() > 0 && !lost_;
}

}  // namespace weir::upstream
