// ClientWatch: ends the wait for an endpoint when the client leaves (net::Sock::watch_hangup). A client that closes its
// sending side within a short time after its request has only said that nothing more will come (a half-close: `nc`,
// some scripts); one that does so later is gone. One worker; both sockets outlive it, or it is stopped first.
#pragma once

#include "weir/net/sock.h"

#include <cstdint>

namespace weir::upstream {

class ClientWatch {
 public:
  static constexpr net::Millis kHalfCloseGrace{250};

  // `client` null: nobody waits.
  void start(net::Sock* client, net::Sock& upstream) {
    if (client == nullptr) return;
    client_ = client;
    upstream_ = &upstream;
    in_grace_ = true;
    client->watch_hangup(upstream, net::Hangup::reset);
  }
  void stop() {
    if (client_ != nullptr) client_->unwatch();
    client_ = nullptr;
    in_grace_ = false;
  }
  bool in_grace() const { return in_grace_; }
  // `received_ms`: when the request had arrived completely.
  void look(std::uint64_t now_ms, std::uint64_t received_ms) {
    if (!in_grace_ || now_ms - received_ms < static_cast<std::uint64_t>(kHalfCloseGrace.count())) return;
    in_grace_ = false;
    // A half-close within the grace is none of our business any more.
    if (client_->hangup() == net::Hangup::none) client_->watch_hangup(*upstream_, net::Hangup::fin);
  }

 private:
  net::Sock* client_ = nullptr;  // set while it is watched
  net::Sock* upstream_ = nullptr;
  bool in_grace_ = false;
};

}  // namespace weir::upstream
