// Step 9 of life-of-a-request, over HTTP/2: frames become a response head, bytes and trailers.
#include "upstream/h2_callbacks.h"

#include "upstream/h2_session.h"
#include "weir/http/h2_callback.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>

namespace weir::upstream {
namespace {

using http::text_of;
using http::without_exception;

constexpr std::size_t kFrameHeader = 9;
// Bytes put together for one send.
constexpr std::size_t kMostFilled = 64 * 1024;
constexpr std::uint32_t kMostFields = 1000;

H2Session& session_of(void* user_data) {
  return *static_cast<H2Session*>(user_data);
}

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

}  // namespace

// A fault ends the connection: nobody else is on it.
struct H2Callbacks {
  static int fail(H2Session& session, H2Session::Fault fault) {
    session.fault_ = fault;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int fail_head(H2Session& session, std::string_view code) {
    const bool large = code == "head-too-large" || code == "too-many-fields";
    return fail(session, large ? H2Session::Fault::head_too_large : H2Session::Fault::head);
  }

  static bool is_ours(const H2Session& session, const nghttp2_frame& frame) {
    return frame.hd.type == NGHTTP2_HEADERS && frame.hd.stream_id == session.stream_;
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user_data) {
    H2Session& session = session_of(user_data);
    if (header->type == NGHTTP2_DATA && header->length > 0) {
      session.budget_.credit();
      return 0;
    }
    if (session.budget_.take(session.sock_.reactor().now_ms())) return 0;
    return fail(session, H2Session::Fault::flood);
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    H2Session& session = session_of(user_data);
    if (!is_ours(session, *frame)) return 0;
    http::H1Limits limits;
    limits.head = limits.field_line = kMostHeadBytes;
    limits.fields = kMostFields;
    session.block_.begin(limits);
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    H2Session& session = session_of(user_data);
    if (!is_ours(session, *frame)) return 0;
    return without_exception([&] {
      if (session.block_.add(text_of(name, name_size), text_of(value, value_size))) return 0;
      return fail_head(session, session.block_.fault().reason);
    });
  }

  // The library would drop the field and go on.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                               const std::uint8_t*, std::size_t, std::uint8_t, void* user_data) {
    return fail(session_of(user_data), H2Session::Fault::head);
  }

  static int end_block(H2Session& session, bool end_stream) {
    http::ParseResult result;
    if (session.has_head_) {
      result = session.block_.finish_trailers(session.trailers_);
    } else {
      result = session.block_.finish(end_stream, *session.head_);
      // Informational heads are not for this client (spec 3.6); there is no 101 in HTTP/2 (RFC 9113 8.6).
      session.has_head_ = session.head_->status >= 200;
      if (session.head_->status == 101) return fail(session, H2Session::Fault::head);
    }
    if (result.status == http::ParseStatus::bad) return fail_head(session, result.reason);
    session.ended_ = end_stream;
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    H2Session& session = session_of(user_data);
    if (frame->hd.stream_id == 0 || frame->hd.stream_id != session.stream_) return 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        return without_exception([&] { return end_block(session, ends_stream(*frame)); });
      case NGHTTP2_DATA:
        session.ended_ = ends_stream(*frame);
        return 0;
      case NGHTTP2_RST_STREAM:
        session.reset_by_endpoint_ = true;
        return 0;
      default:
        return 0;
    }
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                     void* user_data) {
    H2Session& session = session_of(user_data);
    if (id != session.stream_) return 0;
    return without_exception([&] {
      session.body_.append(text_of(bytes, size));
      return 0;
    });
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user_data) {
    H2Session& session = session_of(user_data);
    if (id != session.stream_) return 0;
    session.closed_ = true;
    session.close_code_ = code;
    return 0;
  }

  // The bytes go straight from where they lie to what is sent.
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header, std::size_t size,
                       nghttp2_data_source*, void* user_data) {
    H2Session& session = session_of(user_data);
    OutBuffer& out = session.out_;
    if (out.size() >= kMostFilled) return NGHTTP2_ERR_WOULDBLOCK;
    return without_exception([&] {
      out.ensure(kFrameHeader + size);
      out.put(text_of(header, kFrameHeader));
      out.put(session.unsent_.substr(0, size));
      session.unsent_.remove_prefix(size);
      session.sent_end_ = ends_stream(*frame);
      session.blocked_since_ms_ = session.sock_.reactor().now_ms();
      if (size > 0) session.budget_.credit(size);
      return 0;
    });
  }

  static ssize_t read_body(H2Session& session, std::size_t room, std::uint32_t& flags) {
    const std::size_t size = std::min(room, session.unsent_.size());
    const bool end = session.last_ && size == session.unsent_.size();
    if (size == 0 && !end) return NGHTTP2_ERR_DEFERRED;
    flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (end) flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

ssize_t read_h2_body(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room, std::uint32_t* flags,
                     nghttp2_data_source*, void* user_data) {
  H2Session& session = session_of(user_data);
  return H2Callbacks::read_body(session, room, *flags);
}

namespace {

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
using CallbacksPtr = std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter>;
using OptionPtr = std::unique_ptr<nghttp2_option, OptionDeleter>;

CallbacksPtr client_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) return nullptr;
  CallbacksPtr out(made);
  nghttp2_session_callbacks_set_on_begin_frame_callback(made, H2Callbacks::on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, H2Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, H2Callbacks::on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(made, H2Callbacks::on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, H2Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, H2Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, H2Callbacks::on_close);
  nghttp2_session_callbacks_set_send_data_callback(made, H2Callbacks::send_data);
  return out;
}

}  // namespace

nghttp2_session* make_h2_client(H2Session& session) {
  const CallbacksPtr callbacks = client_callbacks();
  nghttp2_option* made = nullptr;
  if (!callbacks || nghttp2_option_new(&made) != 0) return nullptr;
  const OptionPtr option(made);
  nghttp2_option_set_no_auto_window_update(made, 1);  // the client's pace is the endpoint's
  nghttp2_session* library = nullptr;
  if (nghttp2_session_client_new2(&library, callbacks.get(), &session, made) != 0) return nullptr;
  return library;
}

}  // namespace weir::upstream
