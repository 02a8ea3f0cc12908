// H2Exchange: one request to one backend over HTTP/2, for gRPC (backend-protocol GRPC and GRPCS; life-of-a-request,
// steps 7 to 9). What upstream::Exchange is for HTTP/1, with two differences: the body goes up while it arrives and
// while the response comes down, and the response comes out of a buffer that the endpoint may fill as far as its window
// goes.
//
// As the original has it: a connection serves one request at a time; what proxy-next-upstream* say does not apply, a
// failed try is repeated after errors and timeouts of an endpoint that did not get the request, or cannot have acted on
// it, as long as the body can be sent again (up to 64 KiB of it are kept for that).
//
// Thread rule: one worker. Lifetime: everything the Plan refers to outlives the exchange; destroying it at any point
// closes its connection.
#pragma once

#include "weir/http/head.h"
#include "weir/net/task.h"
#include "weir/observe/access_log.h"
#include "weir/upstream/client_watch.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/failure.h"
#include "weir/upstream/pool.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::upstream {

class H2Exchange {
 public:
  // Of the Plan, `body` and `upgrade` are not used: `body` here is the request's, null for none.
  H2Exchange(Runtime& runtime, const Plan& plan, PulledBody* body, http::ResponseHead& head,
             std::vector<observe::UpstreamTry>& tries);
  ~H2Exchange();
  H2Exchange(const H2Exchange&) = delete;
  H2Exchange& operator=(const H2Exchange&) = delete;

  // Until a response head has arrived. Not none: only finish() may follow.
  net::Task<Failure> start();

  // --- REQUIRES: start() gave none
  http::ResponseHead& head() { return head_; }
  http::BodyKind body() const { return http::body_of_response(head_, plan_.method); }
  // The response has come completely: receive() has nothing to wait for.
  bool ended() const;
  // Waits until the endpoint has sent more of anything.
  net::Task<Failure> receive();
  // Ends a receive() that waits, with client_aborted.
  void stop();
  // Bytes of the body that are here; take() swaps them into `into`, which is empty.
  bool has_body() const;
  void take(std::string& into);
  // `bytes` of those taken went on to the client: the endpoint may send as many again.
  void delivered(std::size_t bytes);
  // Behind ended().
  const http::Fields& trailers() const;
  // The request's body is not sent completely yet.
  bool uploading() const { return upload_.has_value() && upload_result_ == 0; }

  // The endpoint has cut the response with CANCEL: what gRPC servers say when the deadline of a call is over.
  bool cancelled() const;

  // The end; a second call does nothing. `complete`: the response was delivered, so that the connection may serve
  // again.
  void finish(bool complete);

 private:
  net::Task<Failure> attempt(const route::Endpoint& endpoint);
  // Begins the request on the connection.
  Failure send_head();
  net::Task<int> upload();
  net::Task<int> send_body();
  // One wait for the endpoint.
  net::Task<Failure> step();
  net::Millis next_wait() const;
  Failure look_at_clock();
  Failure failure_of_read(int result) const;
  bool may_send_again() const;
  bool may_replay(Failure failure) const;
  // Of the try that runs.
  std::int64_t took_us() const { return runtime_.reactor.now_us() - try_began_us_; }
  void drop_connection();
  void end_selection();
  H2Session& session() const { return *connection_->h2; }
  observe::UpstreamTry& record() { return tries_.back(); }

  Runtime& runtime_;
  const Plan& plan_;
  PulledBody* const body_;
  http::ResponseHead& head_;
  std::vector<observe::UpstreamTry>& tries_;
  ConnectionPtr connection_;
  std::optional<net::Task<int>> upload_;  // behind connection_: it ends first
  int upload_result_ = 0;                 // 0: not finished
  ClientWatch watch_;
  std::string kept_;      // what was taken from a body that cannot be rewound
  bool kept_all_ = true;  // kept_ is all that was taken
  std::int64_t try_began_us_ = 0;
  std::uint64_t waiting_since_ms_ = 0;
  std::uint64_t received_ms_ = 0;
  bool reused_ = false;
  bool selection_ended_ = false;
  bool sent_ = false;      // the head of this try may have reached the endpoint
  bool refused_ = false;   // the endpoint has said that it did not begin with it
  bool received_ = false;  // bytes of this try's answer came
};

}  // namespace weir::upstream
