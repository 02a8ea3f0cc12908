// Step 3 of life-of-a-request, for HTTP/2: frames become requests, bytes and ends of streams.
#include "proxy/http2_callbacks.h"

#include "proxy/http2_session.h"
#include "weir/http/h2_callback.h"

#include <memory>
#include <new>
#include <string_view>

namespace weir::proxy {
namespace {

using http::text_of;
using http::without_exception;

constexpr std::size_t kMostFilled = 64 * 1024;  // as kMostSent

Http2Session& session_of(void* user_data) {
  return *static_cast<Http2Session*>(user_data);
}

bool is_request(const nghttp2_frame* frame) {
  return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

}  // namespace

struct Http2Callbacks {
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Session& session = session_of(user_data);
    if (!is_request(frame)) return 0;
    session.block_.begin(session.worker().limits());
    session.block_began_us_ = session.worker().reactor().now_us();
    return 0;
  }

  // Of a trailer section nothing is kept.
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    if (!is_request(frame)) return 0;
    return without_exception([&] {
      session_of(user_data).block_.add(text_of(name, name_size), text_of(value, value_size));
      return 0;
    });
  }

  // The library would drop the field and go on.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                               const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int begin_stream(Http2Session& session, const nghttp2_frame* frame) {
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    RequestPtr request = session.worker().take_request();
    request->began_us = session.block_began_us_;
    const http::ParseResult parsed = session.block_.finish(end, request->head);
    if (parsed.status == http::ParseStatus::bad) request->head.clear();
    const std::int32_t id = frame->hd.stream_id;
    auto stream = std::make_unique<Http2Stream>(session, id, std::move(request), parsed);
    if (end) stream->end_input();
    session.begun_.push_back(id);
    session.streams_.emplace(id, std::move(stream));
    session.guard_.count_stream();
    return 0;
  }

  static int on_frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Session& session = session_of(user_data);
    Http2Stream* stream = session.find(frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (is_request(frame)) return without_exception([&] { return begin_stream(session, frame); });
        [[fallthrough]];
      case NGHTTP2_DATA:
        if (stream == nullptr || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
        stream->end_input();
        return note(session.readable_, *stream);
      case NGHTTP2_RST_STREAM:
        if (stream != nullptr) stream->reset_by_client = true;
        (void)session.guard_.count_reset(session.worker().reactor().now_ms());  // run() looks at its verdict
        return 0;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) session.settings_due_ms_ = 0;
        return 0;
      default:
        return 0;
    }
  }

  static int on_data(nghttp2_session* library, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t size, void* user_data) {
    Http2Session& session = session_of(user_data);
    Http2Stream* stream = session.find(id);
    if (stream == nullptr) {  // answered without its body: the connection's window must not run dry
      return nghttp2_session_consume(library, id, size) == NGHTTP2_ERR_NOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }
    return without_exception([&] {
      stream->receive(text_of(bytes, size));
      return note(session.readable_, *stream);
    });
  }

  static int on_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user_data) {
    Http2Session& session = session_of(user_data);
    Http2Stream* stream = session.find(id);
    if (stream == nullptr) return 0;
    stream->closed = true;
    if (code == NGHTTP2_NO_ERROR && stream->finished()) return 0;
    stream->malformed = !stream->reset_by_client;
    return note(session.closed_, *stream);
  }

  // 1xx heads are of the same category.
  static int on_trailers_sent(Http2Session& session, const nghttp2_frame* frame) {
    Http2Stream* stream = session.find(frame->hd.stream_id);
    if (stream == nullptr || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    stream->take(0, true);
    return note(session.writable_, *stream);
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Session& session = session_of(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      return without_exception([&] {  // of the library's own accord
        session.tell_failure("http2-malformed");
        return 0;
      });
    }
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_HEADERS)
      return on_trailers_sent(session, frame);
    if (frame->hd.type != NGHTTP2_RST_STREAM) return 0;
    const std::uint32_t code = frame->rst_stream.error_code;
    // Those two are Weir's own: an answer that was cut, or that did not need the body.
    if (code == NGHTTP2_INTERNAL_ERROR || code == NGHTTP2_NO_ERROR) return 0;
    if (!session.guard_.count_reset(session.worker().reactor().now_ms())) session.wake();
    return 0;
  }

  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* header, std::size_t size,
                       nghttp2_data_source*, void* user_data) {
    constexpr std::size_t kHeader = 9;
    Http2Session& session = session_of(user_data);
    Http2Stream* stream = session.find(frame->hd.stream_id);
    if (stream == nullptr || stream->unsent().size() < size) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    upstream::OutBuffer& out = session.worker().out();
    if (out.size() > 0 && out.size() + kHeader + size > kMostFilled) return NGHTTP2_ERR_WOULDBLOCK;
    return without_exception([&] {
      out.ensure(kHeader + size);
      out.put(text_of(header, kHeader));
      out.put(stream->unsent().substr(0, size));
      stream->take(size, (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
      session.guard_.count_data_sent();
      return note(session.writable_, *stream);
    });
  }

  static int note(std::vector<std::int32_t>& list, const Http2Stream& stream) {
    return without_exception([&] {
      if (list.empty() || list.back() != stream.id()) list.push_back(stream.id());
      return 0;
    });
  }
};

namespace {

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
using CallbacksPtr = std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter>;
using OptionPtr = std::unique_ptr<nghttp2_option, CallbacksDeleter>;

CallbacksPtr make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
  CallbacksPtr callbacks(made);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, Http2Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, Http2Callbacks::on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(made, Http2Callbacks::on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Http2Callbacks::on_frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Http2Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Http2Callbacks::on_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Http2Callbacks::on_frame_sent);
  nghttp2_session_callbacks_set_send_data_callback(made, Http2Callbacks::send_data);
  return callbacks;
}

OptionPtr make_option() {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
  OptionPtr option(made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_max_outbound_ack(made, 1000);
  // What an endpoint may answer is bounded by proxy-buffer-size; a head that the library does not send is never
  // answered.
  nghttp2_option_set_max_send_header_block_length(made, 16 * 1024 * 1024);
  return option;
}

}  // namespace

nghttp2_session* make_http2_server(Http2Session& session) {
  static const CallbacksPtr callbacks = make_callbacks();
  static const OptionPtr option = make_option();
  nghttp2_session* library = nullptr;
  return nghttp2_session_server_new2(&library, callbacks.get(), &session, option.get()) == 0 ? library : nullptr;
}

}  // namespace weir::proxy
