// Sock: one connected stream socket, plain or TLS (either side), for light coroutines.
//
// Results of all operations: > 0 done, 0 end of stream, < 0 -errno (-ETIMEDOUT, -ECANCELED; -ECONNABORTED: see
// watch_hangup; -EPROTO: TLS failure, see tls_error; -ECONNRESET also for a TLS stream cut without close_notify).
// An operation is tried in the call; the coroutine is suspended only if it cannot finish at once. At most one reader
// and one writer at a time, which may be two coroutines (tunnels).
//
//   while (!complete(client.input()))
//     if (int n = co_await client.recv_some(16384, kHeadTimeout); n <= 0) co_return;
//
// Thread rule: the reactor's thread. Lifetime: stable address, never a local of a coroutine: hold it by SockPtr. It may
// be destroyed at any time, also from a coroutine that some other Sock resumed; a coroutine that still waits on it is
// then never resumed (cancel_read/cancel_write it first, or destroy it). Views into input() end with the next
// recv_some, wait_idle, consume, drop_input or grow_input.
#pragma once

#include "weir/net/address.h"
#include "weir/net/reactor.h"
#include "weir/net/task.h"
#include "weir/net/timer_wheel.h"

#include <sys/uio.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

typedef struct ssl_st SSL;

namespace weir::net {

class Sock;
class TlsStream;
using SockPtr = std::unique_ptr<Sock>;

// Resolution 100 ms, rounded up.
using Millis = std::chrono::milliseconds;
inline constexpr Millis kNoTimeout = Millis::max();

// How the peer has left. A client that half-closes after its request (fin) may still read the answer; reset means that
// nothing sent will arrive (RST, error, or both directions closed).
enum class Hangup : std::uint8_t { none, fin, reset };

// Which side of a relay ended it, with the result in the sense above.
struct RelayResult {
  int result = 0;
  bool write_side = false;
};

class alignas(64) Sock final : public FrameFromSlab {
  enum class ReadOp : std::uint8_t { recv, readable, handshake, discard };

 public:
  class [[nodiscard]] Reading;
  class [[nodiscard]] Writing;
  // What to do with an event that nobody waits for. May destroy the Sock.
  using IdleHook = void (*)(void* context, Sock& sock);

  // Takes the descriptor and makes it non-blocking. While there is more to do than the thread can, what happens on
  // adopted Socks waits until what happens on connected ones is done: answers come before new requests.
  static SockPtr adopt(Reactor& reactor, int fd);
  // Non-blocking connect with TCP_NODELAY. `out` is set if the result is > 0. `to` and `out` outlive the Task.
  static Task<int> connect(Reactor& reactor, const Address& to, Millis timeout, SockPtr& out);

  Sock(const Sock&) = delete;
  Sock& operator=(const Sock&) = delete;
  // Sends close_notify when TLS is up and no error happened.
  ~Sock();

  // --- input: bytes received (decrypted) and not consumed
  std::string_view input() const { return {buffer_ + begin_, have_}; }
  void consume(std::size_t n) noexcept;
  void drop_input() noexcept;
  // Room for `bytes` of input in all, at most BufferPool::kLarge; false if that is too much. Meant for bulk relays
  // (after two full reads) and for long heads. Lasts until drop_input() or wait_idle().
  bool grow_input(std::uint32_t bytes);

  // Appends up to `room` bytes, no more than fit into the buffer (64 KiB, or as grown); a full buffer is -ENOBUFS.
  Reading recv_some(std::uint32_t room, Millis timeout);
  // recv_some between two requests: Reactor::cancel_idle() ends it.
  Reading wait_idle(Millis timeout);
  // Something can be read or the stream has ended; > 0 in both cases. Under TLS it may be an incomplete record.
  Reading readable(Millis timeout);

  // Sends all bytes of up to 4 parts. The parts stay valid until it has finished, but what lies within
  // [scratch, scratch + scratch_size) is copied if it cannot be sent at once. `timeout` is between two successful
  // sends. After a failure an unknown part has been sent: close the Sock.
  Writing send_all(const iovec* parts, int count, Millis timeout, const char* scratch = nullptr,
                   std::size_t scratch_size = 0);
  Writing send_all(std::string_view bytes, Millis timeout);
  // For a caller whose own write-like system call has just returned EAGAIN.
  Writing writable(Millis timeout);

  // Moves `left` bytes to `to` without copying (plain sockets only, empty input); UINT64_MAX: until the end of the
  // stream. `left` counts down what `to` took. Result 1: all moved; 0: the stream ended first. `left` outlives the
  // Task.
  Task<RelayResult> splice_to(Sock& to, std::uint64_t& left, Millis timeout);
  // Sends `size` bytes of a file. Result 1, or -errno (-EIO: the file is shorter).
  Task<int> send_file(int file, std::int64_t offset, std::size_t size, Millis timeout);

  // --- TLS. Takes the SSL; options it sets itself: own BIO, no renegotiation, released buffers, read-ahead.
  void start_tls_server(SSL* ssl);
  void start_tls_client(SSL* ssl);
  // REQUIRES: start_tls_*. Result 1, 0 (peer closed), -EPROTO, ...
  Reading handshake(Millis timeout);
  SSL* ssl() const noexcept;
  bool is_tls() const noexcept { return tls_ != nullptr; }
  // OpenSSL error code of the TLS failure, 0 if none; for logs.
  unsigned long tls_error() const noexcept;

  // --- ends
  // Ends a pending read/write with `result` (< 0), soon, not inside the call. false: nothing was pending.
  bool cancel_read(int result) noexcept;
  bool cancel_write(int result) noexcept;
  // While nobody reads this Sock: once its peer leaves (at least as hard as `kind`), a read of `other` that is pending
  // or would wait ends with -ECONNABORTED. One watch per pair; a new one replaces it. Ends with unwatch() or either
  // Sock.
  void watch_hangup(Sock& other, Hangup kind = Hangup::fin) noexcept;
  void unwatch() noexcept;
  // The peer has finished sending (bytes may be left to read).
  bool eof() const noexcept { return hangup_ != Hangup::none; }
  bool hung_up() const noexcept { return hangup_ == Hangup::reset; }
  Hangup hangup() const noexcept { return hangup_; }

  // Flushes close_notify and FIN; the other direction goes on.
  void shutdown_write() noexcept;
  // The close that follows is a RST; no close_notify.
  void abort() noexcept;
  // Lingering close: shutdown_write, then throws input away until the peer closes or `total` is over, so that the peer
  // can read the last answer although it is still sending. Result 0: the peer closed. Destroy the Sock afterwards.
  Reading linger(Millis total);

  // --- pooled connections
  // Usable for a new request: open, and nothing unexpected has arrived. Mostly without a system call.
  bool quiet();
  void set_idle_hook(IdleHook hook, void* context) noexcept;

  int fd() const noexcept { return fd_; }
  Reactor& reactor() const noexcept { return *reactor_; }
  Address peer_address() const;
  Address local_address() const;

 private:
  friend class Reactor;
  friend class TlsStream;
  struct Unsent;

  Sock(Reactor& reactor, int fd);
  // `patient`: events of others may come first.
  int watch(bool patient) noexcept;

  Reading start_read(ReadOp op, std::uint32_t room, Millis timeout, bool idle);
  // Each tries the operation of an awaiter; true: it has finished, the result is in the awaiter.
  bool try_read(Reading& op);
  bool try_recv(Reading& op);
  bool try_discard(Reading& op);
  bool try_write(Writing& op);
  bool has_input_for(ReadOp op) const noexcept;

  bool make_room(std::uint32_t& room);
  void move_buffer(char* to, std::uint32_t capacity) noexcept;
  void release_buffer() noexcept;
  // Nobody waits holding an empty buffer, and few bytes wait in a small one.
  void shrink_buffer() noexcept;

  // What could not be sent at once, without the first `sent` bytes.
  void keep_unsent(const iovec* parts, int count, std::size_t sent, const char* scratch, std::size_t scratch_size);
  void drop_unsent() noexcept;
  void rearm_write(const Writing& op) noexcept;
  void flush_idle_tls() noexcept;

  void finish_read(int result);   // resumes the reader
  void finish_write(int result);  // resumes the writer
  void on_event(std::uint32_t events);
  void run_reader();
  void note_fin() noexcept;
  void note_hangup(std::uint32_t events) noexcept;
  void tell_watcher() noexcept;

  // Everything a request that does not wait in a send touches comes first.
  Reading* reader_ = nullptr;
  Writing* writer_ = nullptr;
  char* buffer_ = nullptr;  // held only while it has bytes, or a read runs
  std::uint32_t begin_ = 0;
  std::uint32_t have_ = 0;
  std::uint32_t capacity_ = 0;  // of buffer_: pool sizes, or less: a small copy from the slab
  int fd_;
  TlsStream* tls_ = nullptr;
  Reactor* reactor_;
  bool readable_ = false;  // sticky: the last read did not empty the socket, or the peer has left (then for good)
  bool large_ = false;     // grow_input() asked for large buffers
  bool write_shut_ = false;
  bool fin_pending_ = false;  // follows the TLS bytes that wait
  Hangup hangup_ = Hangup::none;
  Hangup watch_kind_ = Hangup::fin;
  int cancel_result_ = 0;  // for the next read that would wait

  Timer read_timer_;
  struct Deferred : ListNode {
    explicit Deferred(Sock& s) : sock(&s) {}
    Sock* sock;
  } deferred_;

  Timer write_timer_;
  Unsent* unsent_ = nullptr;
  Sock* watched_for_ = nullptr;  // its read ends when the peer of this one leaves
  Sock* watching_ = nullptr;     // the inverse
  IdleHook idle_hook_ = nullptr;
  void* idle_context_ = nullptr;
};

// Awaiter of a read; the pending operation lives in it. `co_await` it where it was made.
class [[nodiscard]] Sock::Reading {
 public:
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading();

  bool await_ready() const noexcept { return done_; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept;
  int await_resume() const noexcept { return result_; }

 private:
  friend class Sock;
  friend class Reactor;
  friend class TlsStream;
  Reading(Sock& sock, ReadOp op, std::uint32_t room, std::uint32_t timeout_ms, bool idle);

  Sock* sock_;  // nullptr: destroyed meanwhile
  std::coroutine_handle<> waiter_;
  std::uint32_t room_;
  std::uint32_t timeout_ms_;
  int result_ = 0;
  ReadOp op_;
  bool idle_;
  bool done_ = false;
  bool untried_ = false;  // the budget was used up: next round
};

// Awaiter of a write.
class [[nodiscard]] Sock::Writing {
 public:
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing();

  bool await_ready() const noexcept { return done_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  int await_resume() const noexcept { return result_; }

 private:
  friend class Sock;
  friend class Reactor;
  friend class TlsStream;
  Writing(Sock& sock, int result, std::uint32_t timeout_ms, bool done)
      : sock_(&sock), timeout_ms_(timeout_ms), result_(result), done_(done) {}

  Sock* sock_;
  std::coroutine_handle<> waiter_;
  std::uint32_t timeout_ms_;
  int result_;
  bool done_;
};

}  // namespace weir::net
