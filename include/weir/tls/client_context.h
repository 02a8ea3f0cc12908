// ClientContext: TLS to endpoints with one set of proxy-ssl-* settings (spec 1.6, 4.10), or to services that are named
// by a URL (auth-url, spec 4.1). ClientSessions: what one worker remembers to resume.
//
// Thread rule: contexts are made on the control thread and used by all workers; ClientSessions belongs to one worker.
// Lifetime: shared_ptr, kept by the table. An SSL may outlive its context, never its ClientSessions.
#pragma once

#include "weir/base/result.h"
#include "weir/features/proxy_ssl/policy.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

typedef struct ssl_st SSL;
typedef struct ssl_session_st SSL_SESSION;

namespace weir::tls {

// The newest session per context and endpoint. One made under other settings is never found: ids of contexts are not
// reused.
class ClientSessions {
 public:
  ClientSessions() = default;
  ~ClientSessions();
  ClientSessions(const ClientSessions&) = delete;
  ClientSessions& operator=(const ClientSessions&) = delete;

  // `context` and `endpoint` as one number.
  static std::uint64_t key(std::uint32_t context, std::uint32_t endpoint) {
    return std::uint64_t{context} << 32 | endpoint;
  }
  // Takes the reference.
  void put(std::uint64_t key, SSL_SESSION* session);
  void clear();
  // The caller owns a reference; null: none. One of TLS 1.3 is used once (RFC 8446 C.4).
  SSL_SESSION* take(std::uint64_t key);
  std::size_t size() const { return sessions_.size(); }

 private:
  static constexpr std::size_t kMost = 4096;
  std::unordered_map<std::uint64_t, SSL_SESSION*> sessions_;
};

class ClientContext {
 public:
  virtual ~ClientContext() = default;
  // Not 0. Connections and sessions are kept apart by it.
  virtual std::uint32_t id() const = 0;
  // A new client-side SSL; the caller sets its BIO and frees it. `sessions`: null, or what outlives the SSL. `name`:
  // host name or address that is sent as SNI and looked for in the certificate, instead of the context's own; empty:
  // none. An `endpoint` always comes with the same name: a resumed session is not verified again. nullptr: out of
  // memory, or a name that no certificate can have.
  virtual SSL* new_ssl(ClientSessions* sessions, std::uint32_t endpoint, std::string_view name) const = 0;
};
using ClientContextPtr = std::shared_ptr<const ClientContext>;

// The error's text starts with the annotation's key and a colon.
base::Result<ClientContextPtr> make_client_context(const features::ProxySslPolicy& policy, std::uint32_t id);

// For services whose name comes with each connection; without one, verification fails. Trusts the authorities of the
// system (OpenSSL's default places, or SSL_CERT_FILE and SSL_CERT_DIR) and those in ca.crt of `more` (null: no more).
// verify false: nothing is verified. Errors as above.
base::Result<ClientContextPtr> make_service_context(const features::TlsMaterial* more, bool verify, std::uint32_t id);

// Why a handshake failed, for the log: holds texts of OpenSSL only, nothing that the peer sent. `error`:
// net::Sock::tls_error().
struct HandshakeProblem {
  bool untrusted = false;  // the peer's certificate was refused
  std::string text;
};
HandshakeProblem problem_of_handshake(const SSL* ssl, unsigned long error);

}  // namespace weir::tls
