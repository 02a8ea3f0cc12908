// Exchange: one request to one backend, with its tries (life-of-a-request, steps 7 to 9). It chooses endpoints,
// connects or reuses, sends head and body, and holds the response head back until somebody decides what to do with it;
// the body is then pulled from sock(). A client request may run several exchanges one after the other.
//
// Thread rule: one worker. Lifetime: everything the Plan refers to outlives the Exchange; destroying an Exchange at any
// point closes its connection.
#pragma once

#include "weir/features/settings.h"
#include "weir/http/h1_parser.h"
#include "weir/http/head.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"
#include "weir/observe/access_log.h"
#include "weir/observe/worker_metrics.h"
#include "weir/route/routing_table.h"
#include "weir/tls/client_context.h"
#include "weir/upstream/client_watch.h"
#include "weir/upstream/failure.h"
#include "weir/upstream/out_buffer.h"
#include "weir/upstream/pool.h"
#include "weir/upstream/select.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weir::upstream {

// What the exchanges of one worker share.
struct Runtime {
  net::Reactor& reactor;
  Pool& pool;
  Balancer& balancer;
  OutBuffer& out;
  observe::WorkerMetrics* counters = nullptr;  // null in tests
  tls::ClientSessions* sessions = nullptr;     // null: TLS sessions are not resumed
  std::uint64_t tls_told_ms = 0;               // when a failed handshake was last logged
  std::uint64_t tls_untold = 0;                // those since then that were not
};

// Writes the request head for the endpoint. Called once per try, directly before the bytes are sent.
class HeadSource {
 public:
  virtual ~HeadSource() = default;
  virtual void write_head(OutBuffer& out) = 0;
};

// The body of a request.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // All of it, if it lies in memory in one piece and may go out together with the head.
  virtual std::string_view in_memory() const = 0;
  // It can (still) be sent from its first byte.
  virtual bool replayable() const = 0;
  // Sends all of it. Result > 0, or -errno; failure() then tells a failure that is not the upstream's.
  virtual net::Task<int> send_to(net::Sock& upstream, net::Millis timeout) = 0;
  virtual Failure failure() const = 0;
};

// The same in pieces, for a protocol that frames them itself.
class PulledBody {
 public:
  // `last`: nothing follows it. The last one may be empty, no other is.
  struct Run {
    std::string_view bytes;
    bool last = false;
  };

  virtual ~PulledBody() = default;
  virtual bool replayable() const = 0;
  // Once per try. A body that is not replayable goes on behind the last run that was taken.
  virtual void rewind() = 0;
  // Waits for the next run. Result > 0, or -errno; failure() then tells a failure that is not the upstream's.
  virtual net::Task<int> next(Run& run) = 0;
  // The run that next() gave was used, and its view ends.
  virtual void taken() = 0;
  virtual Failure failure() const = 0;
};

struct Plan {
  const route::Backend* backend = nullptr;
  std::span<const route::Endpoint> endpoints;  // not empty
  Selection* selection = nullptr;              // of the backend's algorithm; null: round robin
  const features::ProxyPolicy* policy = nullptr;
  const tls::ClientContext* tls = nullptr;  // null: plain
  std::string_view tls_name;                // of the endpoints, for SNI and verification; empty: that of `tls`
  const features::Settings* settings = nullptr;
  HeadSource* head = nullptr;
  BodySource* body = nullptr;  // null: none
  http::Method method = http::Method::get;
  bool idempotent = true;
  std::string_view upgrade;        // the protocol asked for: a 101 that repeats it is welcome; empty: none is
  net::Sock* client = nullptr;     // its leaving ends the exchange; null: nobody waits
  bool body_reads_client = false;  // `body` still reads `client` while it is sent
  bool new_group = false;          // the tries follow an internal redirect (observe/access_log.h)
  std::uint64_t received_ms = 0;   // when the request had arrived completely (Reactor::now_ms)
};

class Exchange {
 public:
  // The response head is parsed into `head`, one record per try is appended to `tries`; both outlive the Exchange.
  Exchange(Runtime& runtime, const Plan& plan, http::ResponseHead& head, std::vector<observe::UpstreamTry>& tries);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Until a response head that is not to be retried has arrived. Not none: head() and sock() must not be used.
  net::Task<Failure> start();

  // --- REQUIRES: start() gave none
  http::ResponseHead& head() { return head_; }
  http::BodyKind body() const { return http::body_of_response(head_, plan_.method); }
  // Body bytes, behind the head. Read it like this:
  //   int n = co_await exchange.sock().recv_some(room, exchange.next_wait());
  //   if (n == -ETIMEDOUT && exchange.keep_waiting()) continue;
  //   if (n > 0) exchange.note_received(n);
  net::Sock& sock() { return *connection_->sock; }
  net::Millis next_wait() const;
  bool keep_waiting();
  void note_received(int bytes);
  // For a result <= 0 of such a read.
  Failure failure_of_read(int result) const;
  // The request's body is not sent completely yet (an early answer).
  bool uploading() const { return upload_.has_value() && upload_result_ == 0; }
  // `bytes` of body went on to the client.
  void count_body(std::uint64_t bytes) { tries_.back().response_length += bytes; }

  // The end; a second call does nothing. `complete`: the response was read to its last byte, so that the connection may
  // serve again.
  void finish(bool complete);

 private:
  net::Task<Failure> attempt(const route::Endpoint& endpoint);
  net::Task<int> upload();
  // The next step with the bytes read so far: none = the head is there; nullopt = more bytes are needed.
  std::optional<Failure> parse_head();
  bool may_replay_stale(Failure failure) const;
  // Of the try that runs.
  std::int64_t took_us() const { return runtime_.reactor.now_us() - try_began_us_; }
  void drop_connection();
  void end_selection();
  observe::UpstreamTry& record() { return tries_.back(); }

  Runtime& runtime_;
  const Plan& plan_;
  http::ResponseHead& head_;
  std::vector<observe::UpstreamTry>& tries_;
  ConnectionPtr connection_;
  std::optional<net::Task<int>> upload_;  // behind connection_: it ends first
  int upload_result_ = 0;                 // 0: not finished
  std::int64_t try_began_us_ = 0;
  std::uint64_t waiting_since_ms_ = 0;
  std::uint64_t received_ms_ = 0;
  ClientWatch watch_;
  bool reused_ = false;
  bool selection_ended_ = false;
  bool sent_ = false;      // bytes of this try may have reached the endpoint
  bool received_ = false;  // bytes of this try's answer came
};

}  // namespace weir::upstream
