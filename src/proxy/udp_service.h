// UdpService: the UDP services of one worker (spec 4.14). A session is one client address on one port; it has a
// connected socket of its own to one endpoint, so that answers and ICMP errors are known to be its. It ends after
// proxy-stream-responses answers to each datagram, after proxy-stream-timeout without any, or when no endpoint is left.
//
// An endpoint that turns a session's first datagrams down (ICMP) is left for the next one, which gets the last datagram
// again. Bounded: most_udp_sessions of the worker, of which the one that was quiet the longest makes room;
// kMostKeptBytes of datagrams kept for another try.
//
// Thread rule: the worker's thread; cut(), close() and tick() not from inside a coroutine. Lifetime: the worker's.
#pragma once

#include "proxy/open_sockets.h"
#include "weir/base/cidr.h"
#include "weir/net/address.h"
#include "weir/net/task.h"
#include "weir/route/routing_table.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::proxy {

class Worker;

class UdpService {
 public:
  static constexpr std::size_t kMostKeptBytes = 4 * 1024 * 1024;
  static constexpr std::uint64_t kDrainMs = 3000;  // answers are awaited that long

  explicit UdpService(Worker& worker);
  ~UdpService();
  UdpService(const UdpService&) = delete;
  UdpService& operator=(const UdpService&) = delete;

  void open(std::uint16_t port, OpenSockets sockets);
  // Its sessions end.
  void close(std::uint16_t port);
  void tick(std::uint64_t now_ms);
  void begin_drain(std::uint64_t now_ms);
  bool idle() const;
  void cut();

 private:
  // Who talks to which of our addresses and ports.
  struct Key {
    base::IpAddress client;
    std::uint16_t client_port = 0;
    std::uint32_t interface = 0;  // of link-local addresses, else 0
    base::IpAddress local;
    std::uint16_t port = 0;

    auto operator<=>(const Key&) const = default;
  };
  struct Session;
  struct Question;
  using Sessions = std::list<Session>;

  void receive(int fd, std::uint16_t port);
  void take(int fd, const Key& key, const net::Address& client, std::string_view bytes);
  Session* begin(int fd, const Key& key, const net::Address& client);
  // Is it still the same one?
  bool is_open(const Key& key, std::uint64_t serial) const;
  void touch(Session& session);
  // These four may end the session: false.
  bool send(Session& session, std::string_view bytes);
  bool try_endpoints(Session& session, std::optional<std::string_view> bytes, bool first);
  bool answered(Session& session);
  bool finish_if_done(Session& session);
  void keep(Session& session, std::string_view bytes);
  void forget_kept(Session& session);
  // 0, or errno.
  int connect(Session& session, const route::Endpoint& endpoint);
  void disconnect(Session& session);
  void from_endpoint(Session& session);
  void send_to_client(Session& session, std::string_view bytes);
  net::Job resolve(net::JobGroup& jobs, std::unique_ptr<Question>& handed_over);
  void resolved(const Question& question, std::vector<route::Endpoint> endpoints);
  void end(Session& session, int status);
  void end_all(int status);
  void fail(Session& session, int status, std::string_view why);

  Worker& worker_;
  std::map<std::uint16_t, OpenSockets> ports_;
  Sessions sessions_;  // quiet the longest first
  std::map<Key, Sessions::iterator> by_key_;
  std::unique_ptr<char[]> buffer_;    // of one datagram; made when the first port opens
  std::size_t kept_ = 0;              // bytes
  std::uint64_t drain_until_ms_ = 0;  // 0: no drain
};

}  // namespace weir::proxy
