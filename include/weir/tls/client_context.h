// ClientContext: TLS to endpoints with one set of proxy-ssl-* settings (spec 1.6, 4.10). ClientSessions: what one
// worker remembers to resume.
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
  // A new client-side SSL; the caller sets its BIO and frees it. `sessions`: null, or what outlives the SSL.
  // nullptr: out of memory.
  virtual SSL* new_ssl(ClientSessions* sessions, std::uint32_t endpoint) const = 0;
};
using ClientContextPtr = std::shared_ptr<const ClientContext>;

// The error's text starts with the annotation's key and a colon.
base::Result<ClientContextPtr> make_client_context(const features::ProxySslPolicy& policy, std::uint32_t id);

// Why a handshake failed, for the log: holds texts of OpenSSL only, nothing that the peer sent. `error`:
// net::Sock::tls_error().
struct HandshakeProblem {
  bool untrusted = false;  // the peer's certificate was refused
  std::string text;
};
HandshakeProblem problem_of_handshake(const SSL* ssl, unsigned long error);

}  // namespace weir::tls
