// Step 2 of life-of-a-request: the PROXY header in front of everything else, TLS included (spec 4.15).
#include "proxy/session.h"
#include "weir/http/proxy_protocol.h"
#include "weir/observe/log.h"

namespace weir::proxy {

net::Task<bool> receive_proxy_header(Session& session) {
  net::Sock& sock = *session.sock;
  const SnapshotRef snapshot = session.worker.snapshot();
  const auto timeout_ms =
      static_cast<std::uint64_t>(net::Millis(snapshot.table().settings->proxy_protocol_header_timeout).count());
  const std::uint64_t deadline_ms = sock.reactor().now_ms() + timeout_ms;
  for (;;) {
    const http::ProxyHeader header = http::parse_proxy_header(sock.input());
    if (header.status == http::ProxyStatus::bad) {
      observe::log::debug("proxy", "a connection from {} did not begin with a PROXY header and was closed",
                          session.connection.address_text);
      sock.drop_input();
      co_return false;
    }
    if (header.status != http::ProxyStatus::more) {
      sock.consume(header.size);
      if (header.status == http::ProxyStatus::proxied) session.connection.proxied = header.addresses;
      co_return true;
    }
    const std::uint64_t now = sock.reactor().now_ms();
    if (now >= deadline_ms) co_return false;
    const int result = co_await sock.recv_some(net::BufferPool::kSmall, net::Millis(deadline_ms - now));
    if (result <= 0) co_return false;
  }
}

}  // namespace weir::proxy
