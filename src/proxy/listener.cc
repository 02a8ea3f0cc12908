// Step 1 of life-of-a-request: a client has connected.
#include "proxy/datagram.h"
#include "proxy/session.h"
#include "proxy/tcp_service.h"
#include "weir/observe/log.h"

#include <unistd.h>

#include <new>

namespace weir::proxy {
namespace {

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

namespace {

// `serve` takes the session over.
void admit(Worker& worker, int fd, const net::Address& peer, bool https,
           net::Job (*serve)(net::JobGroup&, std::unique_ptr<Session>&)) {
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
    serve(worker.jobs(), session);
  } catch (const std::bad_alloc&) {
    if (!adopted) ::close(fd);  // else its owner does
    observe::log::error("proxy", "a new connection was closed: out of memory");
  }
}

}  // namespace

void accept_client(Worker& worker, int fd, const net::Address& peer, bool https) {
  admit(worker, fd, peer, https, &serve_client);
}

void accept_service_client(Worker& worker, int fd, const net::Address& peer) {
  admit(worker, fd, peer, false, &serve_tcp_service);
}

}  // namespace weir::proxy
