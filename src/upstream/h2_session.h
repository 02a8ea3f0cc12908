// H2Session: HTTP/2 on one connection to an endpoint (RFC 9113), with one request at a time, as the original has it. It
// lives with its pooled connection, so that further requests find the session set up. nghttp2 does frames, HPACK and
// flow control; a hostile endpoint is held to the budgets below.
//
// One worker. The socket and `out` outlive it. Bytes are received by whoever leases the connection (feed()); what there
// is to send goes out by flush() from anywhere but inside feed(), and by itself when the socket was full. Two
// coroutines may work on one request: one that receives, and one that awaits send().
#pragma once

#include "upstream/h2_budget.h"
#include "weir/http/h2_response.h"
#include "weir/http/head.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"
#include "weir/upstream/failure.h"
#include "weir/upstream/out_buffer.h"

#include <nghttp2/nghttp2.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::upstream {

class H2Session {
 public:
  // null: out of memory.
  static std::unique_ptr<H2Session> make(net::Sock& sock, OutBuffer& out);
  H2Session(net::Sock& sock, OutBuffer& out) : sock_(sock), out_(out) {}
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // --- the connection
  // Digests what the socket has received. Follow it with flush().
  void feed();
  void flush();
  // false: nothing more can come of this connection.
  bool alive() const;
  // Between two requests: takes what came and answers it. false: the connection must not be used again.
  bool rest();

  // --- one request. REQUIRES: the one before has ended on both sides.
  // false: the connection takes none. The response head is parsed into `head`, which outlives the request. `body`: it
  // comes by send().
  bool open(std::span<const nghttp2_nv> fields, bool body, net::Millis send_timeout, http::ResponseHead& head);
  // Sends further bytes of the body, as far as the endpoint and the socket take them; `last`: they end it. `bytes` stay
  // valid meanwhile. Result > 0, or -errno.
  net::Task<int> send(std::string_view bytes, bool last);
  // Since when send() has waited without progress; 0: it does not wait.
  std::uint64_t blocked_since_ms() const { return sender_ ? blocked_since_ms_ : 0; }
  bool all_sent() const { return sent_end_ && !sending_; }

  bool has_head() const { return has_head_; }
  // The response is complete.
  bool ended() const { return ended_; }
  // Both sides have ended, or one of them has reset the request.
  bool closed() const { return closed_; }
  // The endpoint says that it has not begun with the request.
  bool refused() const { return closed_ && !ended_ && close_code_ == NGHTTP2_REFUSED_STREAM; }
  bool cancelled() const { return reset_by_endpoint_ && !ended_ && close_code_ == NGHTTP2_CANCEL; }
  // Why the request cannot go on, when it is not alive(), or closed() but not ended().
  Failure failure() const;
  // Bytes of the body that have come and were not taken.
  bool has_body() const { return !body_.empty(); }
  // Swaps them into `into`, which is empty.
  void take_body(std::string& into) { body_.swap(into); }
  // The client has got `bytes` of those taken: the endpoint may send as many again. Follow it with flush().
  void consume(std::size_t bytes);
  const http::Fields& trailers() const { return trailers_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  friend struct H2Callbacks;
  struct LibraryDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  enum class Fault : std::uint8_t { none, head, head_too_large, protocol, flood };
  // Until the bytes of send() have gone out, or cannot any more.
  class Sent;

  bool begin();
  bool fill();
  net::Task<void> write_all();
  bool send_is_over() const { return lost_ || closed_ || (!sending_ && unsent_.empty()); }
  void resume_sender();

  net::Sock& sock_;
  OutBuffer& out_;
  std::unique_ptr<nghttp2_session, LibraryDeleter> library_;
  H2Budget budget_;
  Fault fault_ = Fault::none;
  bool lost_ = false;     // nothing can be sent any more
  bool sending_ = false;  // write_all() runs
  net::Millis send_timeout_{60000};
  std::uint64_t bytes_sent_ = 0;

  // --- the request
  std::int32_t stream_ = 0;
  http::ResponseHead* head_ = nullptr;
  http::H2ResponseBlock block_;
  bool has_head_ = false;
  bool ended_ = false;
  bool closed_ = false;
  bool reset_by_endpoint_ = false;
  std::uint32_t close_code_ = 0;
  std::string body_;
  http::Fields trailers_;
  std::string_view unsent_;
  bool last_ = false;      // the body ends with unsent_
  bool sent_end_ = false;  // its end was framed
  Sent* sender_ = nullptr;
  std::uint64_t blocked_since_ms_ = 0;

  std::optional<net::Task<void>> writing_;  // last: it uses the others
};

}  // namespace weir::upstream
