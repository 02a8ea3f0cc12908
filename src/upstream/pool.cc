// Step 8 of life-of-a-request: reusing connections.
#include "weir/upstream/pool.h"

#include "upstream/h2_session.h"

namespace weir::upstream {
namespace {

// Open, and nothing unexpected has arrived.
bool may_rest(Connection& connection) {
  return connection.h2 ? connection.h2->rest() : connection.sock->quiet();
}

}  // namespace

Connection::Connection(net::SockPtr s, route::EndpointId id, std::uint64_t now_ms, std::uint32_t tls_context)
    : sock(std::move(s)), endpoint(id), tls(tls_context), created_ms(now_ms) {}

Connection::~Connection() = default;

Pool::~Pool() {
  clear();
}

void Pool::clear() {
  while (!by_age_.alone()) remove(of(*by_age_.next)).reset();
}

ConnectionPtr Pool::remove(Connection& connection) noexcept {
  connection.by_age_.unlink();
  connection.by_endpoint_.unlink();
  connection.pool_ = nullptr;
  connection.sock->set_idle_hook(nullptr, nullptr);
  --idle_;
  return ConnectionPtr(&connection);
}

// The endpoint closed it, or said something nobody asked for: both end the connection. A stale edge does not, nor do
// the control frames of HTTP/2.
void Pool::on_event(void* context, net::Sock&) {
  Connection& connection = *static_cast<Connection*>(context);
  if (!may_rest(connection)) connection.pool_->remove(connection).reset();
}

ConnectionPtr Pool::take(route::EndpointId endpoint, std::uint64_t now_ms, std::uint32_t tls, Protocol protocol) {
  auto found = slots_.find(key(endpoint, tls, protocol));
  if (found == slots_.end()) return nullptr;
  Slot& slot = found->second;
  while (!slot.connections.alone()) {
    ConnectionPtr connection = remove(of(*slot.connections.prev));
    if (slot.connections.alone()) slot.emptied_ms = now_ms;
    bool fresh =
        now_ms - connection->created_ms < limits_.age_ms && now_ms - connection->idle_since_ms_ < limits_.idle_ms;
    if (fresh && may_rest(*connection)) return connection;
  }
  return nullptr;
}

void Pool::give(ConnectionPtr connection, const KeepaliveLimits& limits, std::uint64_t now_ms) {
  limits_ = limits;
  ++connection->requests;
  if (limits.connections == 0 || connection->requests >= limits.requests ||
      now_ms - connection->created_ms >= limits.age_ms) {
    return;
  }
  connection->sock->drop_input();
  if (!may_rest(*connection)) return;
  const Protocol protocol = connection->h2 ? Protocol::http2 : Protocol::http1;
  Slot& slot = slots_[key(connection->endpoint, connection->tls, protocol)];
  Connection& kept = *connection.release();
  kept.by_age_.connection = kept.by_endpoint_.connection = &kept;
  kept.idle_since_ms_ = now_ms;
  kept.pool_ = this;
  by_age_.push_back(kept.by_age_);
  slot.connections.push_back(kept.by_endpoint_);
  kept.sock->set_idle_hook(&Pool::on_event, &kept);
  if (++idle_ > limits.connections) remove(of(*by_age_.next)).reset();
}

void Pool::expire(std::uint64_t now_ms) {
  while (!by_age_.alone()) {
    Connection& oldest = of(*by_age_.next);
    if (now_ms - oldest.idle_since_ms_ < limits_.idle_ms) break;
    remove(oldest).reset();
  }
  // Endpoints come and go with every rollout, their ids are never reused: forget those without connections.
  for (auto it = slots_.begin(); it != slots_.end();) {
    bool unused = it->second.connections.alone() && now_ms - it->second.emptied_ms > 2 * limits_.idle_ms;
    it = unused ? slots_.erase(it) : std::next(it);
  }
}

}  // namespace weir::upstream
