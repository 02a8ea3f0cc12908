// Http2Session: one client connection that speaks HTTP/2 (RFC 9113), by nghttp2. It feeds the library with what comes,
// sends what the library has to say, and runs the RequestPipeline once for each stream, in a coroutine of its own.
//
// Who runs what: the connection's coroutine (run) is the only one that resumes or destroys coroutines of streams; those
// may hand bytes to the library and start sending at any time, but what this makes possible for other streams waits
// until run() goes round (wake). So no coroutine is resumed from inside one that it might destroy.
//
// One worker. Lifetime: inside run()'s caller; destroying it ends all streams.
#pragma once

#include "proxy/http2_guard.h"
#include "proxy/http2_stream.h"
#include "proxy/session.h"
#include "weir/http/h2_head.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::proxy {

class Http2Session {
 public:
  explicit Http2Session(Session& client);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Until the connection is to be closed.
  net::Task<void> run();

  // --- by streams
  Worker& worker() { return client_.worker; }
  nghttp2_session* library() { return library_.get(); }
  // Sends what there is to send, now or as soon as the socket takes it.
  void flush();
  bool lost() const { return lost_; }
  Http2Stream* find(std::int32_t id);  // null: its coroutine has ended
  // Why the connection is to end: counted once.
  void tell_failure(std::string_view reason);
  // The stream's coroutine has ended. Destroys the stream.
  void end_stream(Http2Stream& stream) noexcept;

 private:
  friend struct Http2Callbacks;
  struct FreeLibrary {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  bool begin();
  void feed();
  void fail(std::uint32_t code, std::string_view reason);
  // Starts, resumes and ends coroutines of streams until there is nothing left to do.
  void serve_streams();
  void start_stream(Http2Stream& stream);
  void abandon(Http2Stream& stream);
  void wake();
  bool over() const;
  // Time.
  void check_times();
  net::Millis next_wait() const;
  void leave();  // GOAWAY twice (RFC 9113 6.8)
  std::uint64_t idle_deadline_ms() const;
  // Sending.
  net::Task<void> write_all();
  bool fill(upstream::OutBuffer& out);

  Session& client_;
  net::Sock& sock_;
  Http2Guard guard_;
  http::H2RequestBlock block_;
  std::int64_t block_began_us_ = 0;
  std::unique_ptr<nghttp2_session, FreeLibrary> library_;
  std::unordered_map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
  // Ids of streams with something to do.
  std::vector<std::int32_t> begun_;
  std::vector<std::int32_t> readable_;
  std::vector<std::int32_t> writable_;
  std::vector<std::int32_t> closed_;
  std::uint64_t idle_since_ms_;        // without streams
  std::uint64_t settings_due_ms_ = 0;  // their acknowledgement; 0: it came
  std::uint64_t last_goaway_due_ms_ = 0;
  bool failure_told_ = false;
  bool leaving_ = false;  // the first GOAWAY is out
  bool lost_ = false;     // nothing can be sent any more
  std::optional<net::Task<void>> writing_;
  net::JobGroup jobs_;  // last: streams use all of the above while they are destroyed
};

// The connection has begun with, or agreed on, HTTP/2. Reads a plain connection's first bytes as far as it must.
net::Task<bool> speaks_http2(Session& session);

}  // namespace weir::proxy
