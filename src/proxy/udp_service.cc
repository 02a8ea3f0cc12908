// Sessions of UDP services, from the client's first datagram to the last answer.
#include "proxy/udp_service.h"

#include "proxy/clock.h"
#include "proxy/datagram.h"
#include "proxy/session_record.h"
#include "proxy/stream_policy.h"
#include "weir/net/listen.h"
#include "weir/observe/log.h"
#include "weir/upstream/retry.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::proxy {
namespace {

constexpr int kMostPerEvent = 64;  // datagrams of one socket, before others get their turn

bool is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

}  // namespace

struct UdpService::Session {
  Session(Worker& worker, const Key& k, int port_fd, const net::Address& from)
      : key(k), reply_fd(port_fd), client(from), record(worker, true) {}

  Key key;
  Sessions::iterator place{};
  int reply_fd;         // the port's, not owned
  net::Address client;  // where answers go
  int fd = -1;          // to the endpoint; -1: none yet
  bool resolving = false;
  std::uint64_t last_ms = 0;
  std::uint64_t began_ms = 0;
  std::uint64_t requests = 0;               // datagrams of the client
  std::uint64_t answers = 0;                // of endpoints
  std::vector<route::Endpoint> resolved{};  // of an external name
  std::optional<std::string> kept{};        // the client's last datagram, while no endpoint has answered any
  SessionRecord record;
};

// About an external name.
struct UdpService::Question {
  Key key;
  std::uint64_t serial = 0;
  SnapshotRef snapshot;
  const route::Backend* backend = nullptr;  // of the snapshot
};

UdpService::UdpService(Worker& worker) : worker_(worker) {}

UdpService::~UdpService() {
  cut();
}

void UdpService::open(std::uint16_t port, OpenSockets sockets) {
  if (!buffer_) buffer_ = std::make_unique<char[]>(kLongestDatagram);
  for (const int fd : sockets.all()) {
    const int error = worker_.reactor().add_listener(fd, [this, fd, port] { receive(fd, port); });
    if (error != 0) observe::log::error("proxy", "UDP port {}: cannot be watched, error {}", port, -error);
  }
  ports_.insert_or_assign(port, std::move(sockets));
}

void UdpService::close(std::uint16_t port) {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return;
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    Session& session = *it++;
    if (session.key.port == port) end(session, session_status::kDone);
  }
  for (const int fd : found->second.all()) worker_.reactor().remove_listener(fd);
  ports_.erase(found);
}

void UdpService::cut() {
  end_all(session_status::kDone);
  while (!ports_.empty()) close(ports_.begin()->first);
}

void UdpService::end_all(int status) {
  while (!sessions_.empty()) end(sessions_.front(), status);
}

void UdpService::begin_drain(std::uint64_t now_ms) {
  drain_until_ms_ = now_ms + kDrainMs;
  for (const auto& [port, sockets] : ports_) {
    for (const int fd : sockets.all()) worker_.reactor().remove_listener(fd);
  }
}

bool UdpService::idle() const {
  return sessions_.empty() || (drain_until_ms_ != 0 && worker_.reactor().now_ms() >= drain_until_ms_);
}

void UdpService::tick(std::uint64_t now_ms) {
  if (sessions_.empty()) return;
  const SnapshotRef& snapshot = worker_.snapshot();
  const auto idle_ms = static_cast<std::uint64_t>(stream_idle(*snapshot.table().settings).count());
  while (!sessions_.empty() && now_ms - sessions_.front().last_ms >= idle_ms) {
    Session& session = sessions_.front();
    const bool unanswered = session.answers < session.requests * snapshot.table().settings->stream_responses;
    end(session, unanswered ? session_status::kBadGateway : session_status::kDone);
  }
}

void UdpService::receive(int fd, std::uint16_t port) {
  for (int i = 0; i < kMostPerEvent; ++i) {
    ReceivedDatagram datagram;
    const int size = receive_datagram(fd, buffer_.get(), datagram);
    if (size == -EAGAIN) return;
    if (size < 0) continue;  // an error of the socket, which reading has cleared
    Key key;
    key.client = ip_of(datagram.from);
    key.client_port = datagram.from.port();
    key.interface = datagram.interface;
    key.local = datagram.to;
    key.port = port;
    take(fd, key, datagram.from, {buffer_.get(), static_cast<std::size_t>(size)});
  }
}

void UdpService::take(int fd, const Key& key, const net::Address& client, std::string_view bytes) {
  const auto known = by_key_.find(key);
  Session* session = known != by_key_.end() ? &*known->second : begin(fd, key, client);
  if (session == nullptr) {
    worker_.metrics().udp_dropped.add();
    return;
  }
  ++session->requests;
  session->record.from_client += bytes.size();
  touch(*session);
  keep(*session, bytes);
  if (session->resolving) return;
  if (session->fd < 0) {
    (void)try_endpoints(*session, bytes, true);
  } else if (send(*session, bytes)) {
    (void)finish_if_done(*session);
  }
}

UdpService::Session* UdpService::begin(int fd, const Key& key, const net::Address& client) {
  const SnapshotRef& snapshot = worker_.snapshot();
  const route::PortService* service = snapshot ? snapshot.table().find_port_service(true, key.port) : nullptr;
  if (service == nullptr) return nullptr;
  if (sessions_.size() >= worker_.services().most_udp_sessions) {
    fail(sessions_.front(), session_status::kUnavailable, "too many sessions: the one that was quiet the longest");
  }
  Session& session = sessions_.emplace_back(worker_, key, fd, client);
  session.place = std::prev(sessions_.end());
  by_key_.emplace(key, session.place);
  session.began_ms = session.last_ms = worker_.reactor().now_ms();
  SessionRecord& record = session.record;
  record.serial = worker_.next_connection_serial();
  record.client = record.peer = client.ip();
  record.client_port = record.peer_port = key.client_port;
  record.local = key.local.to_string();
  record.local_port = key.port;
  record.describe(*service);
  return &session;
}

bool UdpService::is_open(const Key& key, std::uint64_t serial) const {
  const auto known = by_key_.find(key);
  return known != by_key_.end() && known->second->record.serial == serial;
}

void UdpService::touch(Session& session) {
  session.last_ms = worker_.reactor().now_ms();
  sessions_.splice(sessions_.end(), sessions_, session.place);
}

void UdpService::keep(Session& session, std::string_view bytes) {
  forget_kept(session);
  if (session.answers > 0 || kept_ + bytes.size() > kMostKeptBytes) return;
  session.kept = bytes;
  kept_ += bytes.size();
}

void UdpService::forget_kept(Session& session) {
  if (session.kept) kept_ -= session.kept->size();
  session.kept.reset();
}

bool UdpService::send(Session& session, std::string_view bytes) {
  if (::send(session.fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
    session.record.to_endpoint += bytes.size();
    return true;
  }
  if (is_full(errno) || errno == EMSGSIZE || errno == EINTR) {
    worker_.metrics().udp_dropped.add();
    return true;
  }
  // What an earlier datagram met is told now, and this one was not sent.
  return try_endpoints(session, bytes, false);
}

// Until one takes the datagram, which may have been too much to keep. `first`: none was tried yet.
bool UdpService::try_endpoints(Session& session, std::optional<std::string_view> bytes, bool first) {
  disconnect(session);
  const SnapshotRef& snapshot = worker_.snapshot();
  const route::PortService* service = snapshot.table().find_port_service(true, session.key.port);
  const route::Backend* backend = service != nullptr ? service->backend.get() : nullptr;
  if (backend != nullptr && !backend->external_name.empty() && session.resolved.empty()) {
    const Key key = session.key;
    const std::uint64_t serial = session.record.serial;
    auto question = std::make_unique<Question>(Question{key, serial, snapshot, backend});
    session.resolving = true;
    resolve(worker_.jobs(), question);
    return is_open(key, serial);  // an answer that is known already may have ended it
  }
  const features::ProxyPolicy policy = stream_policy(*snapshot.table().settings);
  for (;; first = false) {
    const std::span<const route::Endpoint> endpoints = backend == nullptr ? std::span<const route::Endpoint>()
                                                       : backend->external_name.empty()
                                                           ? std::span<const route::Endpoint>(backend->endpoints)
                                                           : std::span<const route::Endpoint>(session.resolved);
    upstream::RetryFacts facts;
    facts.attempts = static_cast<int>(session.record.tries.size());
    facts.endpoints = endpoints.size();
    facts.elapsed_ms = worker_.reactor().now_ms() - session.began_ms;
    const bool may =
        first || (session.answers == 0 && upstream::may_retry(policy, upstream::Failure::connect_failed, 0, facts));
    if (endpoints.empty() || !may) {
      fail(session, session_status::kBadGateway, endpoints.empty() ? "no endpoint" : "no endpoint took its datagrams");
      return false;
    }
    const route::Endpoint& endpoint = worker_.upstream().balancer.next(backend->id, endpoints);
    session.record.tries.push_back({endpoint.text, -1});
    const int error = connect(session, endpoint);
    if (error == EMFILE) {
      fail(session, session_status::kInternalError, "no file descriptor left (raise the limit)");
      return false;
    }
    if (error != 0) continue;
    if (!bytes) return true;
    if (::send(session.fd, bytes->data(), bytes->size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && !is_full(errno)) {
      disconnect(session);
      continue;
    }
    session.record.to_endpoint += bytes->size();
    return finish_if_done(session);
  }
}

int UdpService::connect(Session& session, const route::Endpoint& endpoint) {
  int fd = -1;
  if (const int error = connect_datagrams(endpoint, fd); error != 0) return error;
  const int watched = worker_.reactor().add_listener(fd, [this, &session] { from_endpoint(session); });
  if (watched != 0) {
    ::close(fd);
    return EMFILE;
  }
  session.fd = fd;
  session.record.connected_us = monotonic_us();
  session.record.tries.back().connect_us = 0;  // nothing is exchanged
  return 0;
}

void UdpService::disconnect(Session& session) {
  if (session.fd < 0) return;
  worker_.reactor().remove_listener(session.fd);
  ::close(std::exchange(session.fd, -1));
}

void UdpService::from_endpoint(Session& session) {
  for (int i = 0; i < kMostPerEvent; ++i) {
    const ssize_t size = ::recv(session.fd, buffer_.get(), kLongestDatagram, MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      (void)try_endpoints(session, session.kept, false);
      return;
    }
    session.record.from_endpoint += static_cast<std::uint64_t>(size);
    send_to_client(session, {buffer_.get(), static_cast<std::size_t>(size)});
    if (!answered(session)) return;
  }
}

bool UdpService::answered(Session& session) {
  if (session.answers++ == 0) session.record.first_byte_us = monotonic_us();
  forget_kept(session);
  touch(session);
  return finish_if_done(session);
}

// The original's rule: so many answers to each datagram.
bool UdpService::finish_if_done(Session& session) {
  const std::uint64_t each = worker_.snapshot().table().settings->stream_responses;
  if (session.answers < session.requests * each) return true;
  end(session, session_status::kDone);
  return false;
}

void UdpService::send_to_client(Session& session, std::string_view bytes) {
  if (send_datagram(session.reply_fd, session.client, session.key.local, session.key.interface, bytes)) {
    session.record.to_client += bytes.size();
  } else {
    worker_.metrics().udp_dropped.add();
  }
}

net::Job UdpService::resolve(net::JobGroup&, std::unique_ptr<Question>& handed_over) {
  const std::unique_ptr<Question> question = std::move(handed_over);
  const upstream::AddressList found = co_await worker_.resolver().resolve(question->backend->external_name);
  std::vector<route::Endpoint> endpoints;
  if (found) worker_.add_resolved(*found, question->backend->external_port, endpoints);
  resolved(*question, std::move(endpoints));
}

void UdpService::resolved(const Question& question, std::vector<route::Endpoint> endpoints) {
  if (!is_open(question.key, question.serial)) return;  // it has ended meanwhile
  Session& session = *by_key_.find(question.key)->second;
  session.resolving = false;
  if (endpoints.empty()) return fail(session, session_status::kBadGateway, "its external name has no address");
  session.resolved = std::move(endpoints);
  (void)try_endpoints(session, session.kept, true);
}

void UdpService::fail(Session& session, int status, std::string_view why) {
  worker_.service_failures().tell(worker_.reactor().now_ms(), [&](std::uint64_t untold) {
    const auto& tries = session.record.tries;
    observe::log::error("proxy", "UDP port {}: a session ended: {} ({}, {}; {} more since the last such line)",
                        session.key.port, why, session.record.name,
                        tries.empty() ? "no endpoint" : tries.back().endpoint, untold);
  });
  if (session.requests > 0 && session.answers == 0) worker_.metrics().udp_dropped.add();
  end(session, status);
}

void UdpService::end(Session& session, int status) {
  session.record.status = status;
  forget_kept(session);
  disconnect(session);
  by_key_.erase(session.key);
  sessions_.erase(session.place);
}

}  // namespace weir::proxy
