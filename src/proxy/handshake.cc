// Step 2 of life-of-a-request: the TLS handshake. The certificate is chosen by the table that is in force now.
#include "proxy/session.h"
#include "weir/observe/log.h"
#include "weir/tls/server_context.h"

#include <sys/socket.h>

namespace weir::proxy {
namespace {

constexpr char kHandshakeRecord = 0x16;

}  // namespace

net::Task<bool> handshake(Session& session) {
  net::Sock& sock = *session.sock;
  const SnapshotRef snapshot = session.worker.snapshot();
  if (!snapshot) co_return false;
  const net::Millis timeout = snapshot.table().settings->client_header_timeout;
  char first = 0;
  if (!sock.input().empty()) {  // came with the PROXY header
    first = sock.input().front();
  } else {
    const int readable = co_await sock.readable(timeout);
    if (readable <= 0) co_return false;
    if (::recv(sock.fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) co_return false;
  }
  if (first != kHandshakeRecord) {
    session.plain_on_https = true;
    co_return true;
  }
  if (!snapshot.table().tls_context) co_return false;
  SSL* ssl = snapshot.table().tls_context->new_ssl(snapshot.table());
  if (ssl == nullptr) co_return false;
  sock.start_tls_server(ssl);
  const int result = co_await sock.handshake(timeout);
  if (result > 0) {
    session.connection.tls = ssl;
    session.connection.client = tls::read_client(ssl);
    co_return true;
  }
  observe::log::debug("proxy", "TLS handshake with {} ended: {} (OpenSSL {:#x})", session.connection.address_text,
                      result, sock.tls_error());
  co_return false;
}

}  // namespace weir::proxy
