// Step 10 of life-of-a-request: a response as HTTP/1.
#include "proxy/http1_sink.h"

#include "proxy/finish.h"
#include "proxy/worker.h"
#include "weir/http/h1_writer.h"

#include <sys/uio.h>

namespace weir::proxy {
namespace {

// A client that takes nothing for so long is gone (nginx's send_timeout, which no ConfigMap key changes).
constexpr net::Millis kSendTimeout{60000};
// Body bytes up to this many are copied behind the head: one send() of one piece is cheaper than two pieces.
constexpr std::size_t kCopied = 1024;

constexpr std::string_view kEndOfChunks = "\r\n0\r\n\r\n";

iovec part(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

Framing Http1Sink::choose_framing(const ResponseStart& start) const {
  switch (start.body) {
    case http::BodyKind::none:
      return Framing::none;
    case http::BodyKind::length:
      return Framing::length;
    case http::BodyKind::chunked:
    case http::BodyKind::until_close:
      break;
  }
  return request_.head.minor_version == 0 ? Framing::close : Framing::chunked;
}

net::Task<int> Http1Sink::head(const ResponseStart& start, std::string_view body, bool last) {
  framing_ = choose_framing(start);
  if (framing_ == Framing::close || worker_.draining()) request_.keep_alive = false;
  request_.status = start.status;
  upstream::OutBuffer& out = worker_.out();
  out.clear();
  write_response_head(out, request_, start, framing_, worker_.date());
  if (keeps_sent_head(worker_, request_)) request_.sent_head = out.view();
  request_.head_bytes_sent += out.size();
  request_.body_bytes_sent += body.size();
  request_.response_started = true;

  // Of two pieces of scratch memory a short send could copy only one, so the body joins the head there.
  const bool copied = body.size() <= kCopied || worker_.in_relay_scratch(body);
  out.ensure((copied ? body.size() : 0) + 64);
  std::string_view tail;
  if (framing_ == Framing::chunked) {
    if (!body.empty()) out.advance(http::write_chunk_header(body.size(), out.end()));
    tail = body.empty() ? (last ? http::kLastChunk : std::string_view()) : (last ? kEndOfChunks : http::kChunkEnd);
  }
  iovec parts[3];
  int count = 0;
  if (copied) {
    out.put(body);
    out.put(tail);
    parts[count++] = part(out.view());
  } else {
    parts[count++] = part(out.view());
    parts[count++] = part(body);
    if (!tail.empty()) parts[count++] = part(tail);
  }
  co_return co_await client_.send_all(parts, count, kSendTimeout, out.data(), out.size());
}

net::Task<int> Http1Sink::piece(std::string_view body, bool last) {
  if (body.empty() && (framing_ != Framing::chunked || !last)) co_return 1;
  request_.body_bytes_sent += body.size();
  char header[http::kChunkHeaderSize];
  iovec parts[3];
  int count = 0;
  if (framing_ != Framing::chunked) {
    parts[count++] = part(body);
  } else if (body.empty()) {
    parts[count++] = part(http::kLastChunk);
  } else {
    parts[count++] = {header, http::write_chunk_header(body.size(), header)};
    parts[count++] = part(body);
    parts[count++] = part(last ? kEndOfChunks : http::kChunkEnd);
  }
  co_return co_await client_.send_all(parts, count, kSendTimeout, worker_.relay_scratch().data(),
                                      worker_.relay_scratch().size());
}

net::Sock* Http1Sink::raw_socket() {
  if (paced()) return nullptr;
  const bool plain = framing_ == Framing::length || framing_ == Framing::close;
  return plain && !client_.is_tls() ? &client_ : nullptr;
}

void Http1Sink::abort() {
  request_.keep_alive = false;
  request_.cut = true;
  client_.abort();
}

}  // namespace weir::proxy
