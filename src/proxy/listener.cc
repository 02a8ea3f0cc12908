// Step 1 of life-of-a-request: a client has connected.
#include "proxy/session.h"
#include "weir/observe/log.h"

#include <netinet/in.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace weir::proxy {
namespace {

base::IpAddress ip_of(const net::Address& address) {
  base::IpAddress ip;
  if (address.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(&ip.bytes[12], &v4.sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
  }
  return ip;
}

observe::Cell& cell_of(observe::WorkerMetrics& metrics, Activity activity) {
  switch (activity) {
    case Activity::reading:
      return metrics.reading;
    case Activity::writing:
      return metrics.writing;
    case Activity::waiting:
      break;
  }
  return metrics.waiting;
}

}  // namespace

Session::Session(Worker& w, net::SockPtr s) : worker(w), sock(std::move(s)), serial(w.next_connection_serial()) {
  worker.metrics().handled.add();
  worker.metrics().active.add();
  cell_of(worker.metrics(), activity).add();
}

Session::~Session() {
  worker.metrics().active.add(-1);
  cell_of(worker.metrics(), activity).add(-1);
}

void Session::set_activity(Activity now) {
  if (now == activity) return;
  cell_of(worker.metrics(), activity).add(-1);
  cell_of(worker.metrics(), now).add();
  activity = now;
}

void accept_client(Worker& worker, int fd, const net::Address& peer, bool https) {
  worker.metrics().accepted.add();
  bool adopted = false;
  try {
    net::SockPtr sock = net::Sock::adopt(worker.reactor(), fd);
    adopted = true;
    auto session = std::make_unique<Session>(worker, std::move(sock));
    const net::Address local = session->sock->local_address();
    session->connection.address = ip_of(peer);
    session->connection.address_text = peer.ip();
    session->connection.port = peer.port();
    session->connection.local_address_text = local.ip();
    session->connection.local_port = local.port();
    session->connection.https = https;
    serve_client(worker.jobs(), session);
  } catch (const std::bad_alloc&) {
    if (!adopted) ::close(fd);  // else its owner does
    observe::log::error("proxy", "a new connection was closed: out of memory");
  }
}

}  // namespace weir::proxy
