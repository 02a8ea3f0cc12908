#include "weir/tls/client_context.h"

#include "tls/openssl_certificate.h"
#include "tls/trust_store.h"
#include "weir/base/ascii.h"
#include "weir/tls/certificate.h"

#include <openssl/err.h>

#include <optional>
#include <utility>

namespace weir::tls {
namespace {

// What OpenSSL allows by itself: endpoints in a cluster often have old self-signed certificates.
constexpr int kUpstreamSecurityLevel = 1;
// Services on which access depends: what is broken is no proof (112 bits).
constexpr int kServiceSecurityLevel = 2;
// Spec 4.10: the name when proxy-ssl-name is not given. No certificate has it, so that verification then fails.
constexpr const char* kNoName = "upstream_balancer";

int sessions_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
int key_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
int ids_index() {  // of SSL_CTX: the id as a number in a pointer
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::uint32_t number_in(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
}
void* number_as_pointer(std::uint32_t number) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number));  // NOLINT(performance-no-int-to-ptr)
}

// A session may come at any later read (TLS 1.3). 1: the reference is taken.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* sessions = static_cast<ClientSessions*>(SSL_get_ex_data(ssl, sessions_index()));
  if (sessions == nullptr) return 0;
  const std::uint32_t context = number_in(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ids_index()));
  sessions->put(ClientSessions::key(context, number_in(SSL_get_ex_data(ssl, key_index()))), session);
  return 1;
}

// RFC 6066 3: no addresses in SNI.
bool is_address(const std::string& name) {
  return name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
}

// What the certificate has to be for: this address, or else this name.
bool expect_name(X509_VERIFY_PARAM* parameters, const std::string& name) {
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) {
    return X509_VERIFY_PARAM_set1_host(parameters, nullptr, 0) == 1;  // of the context's
  }
  return X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size()) == 1;
}

// SSL_set_tlsext_host_name() without its C cast.
bool send_name(SSL* ssl, const std::string& name) {
  return name.empty() ||
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str())) == 1;
}

class OpensslClientContext final : public ClientContext {
 public:
  OpensslClientContext(SslCtxPtr context, std::uint32_t id, std::string server_name)
      : context_(std::move(context)), id_(id), server_name_(std::move(server_name)) {}

  std::uint32_t id() const override { return id_; }

  SSL* new_ssl(ClientSessions* sessions, std::uint32_t endpoint, std::string_view name) const override {
    SslPtr ssl(SSL_new(context_.get()));
    if (!ssl || !set_name(ssl.get(), name)) return nullptr;
    if (sessions != nullptr) {
      if (SSL_set_ex_data(ssl.get(), sessions_index(), sessions) != 1 ||
          SSL_set_ex_data(ssl.get(), key_index(), number_as_pointer(endpoint)) != 1) {
        return nullptr;
      }
      const SslSessionPtr known(sessions->take(ClientSessions::key(id_, endpoint)));
      if (known) SSL_set_session(ssl.get(), known.get());  // a failure costs a full handshake
    }
    ERR_clear_error();
    return ssl.release();
  }

 private:
  bool set_name(SSL* ssl, std::string_view name) const {
    if (name.empty()) return send_name(ssl, server_name_);
    const std::string text(name);
    return expect_name(SSL_get0_param(ssl), text) && send_name(ssl, is_address(text) ? std::string() : text);
  }

  SslCtxPtr context_;
  std::uint32_t id_;
  std::string server_name_;  // SNI; empty: none
};

std::optional<std::string> set_verification(SSL_CTX* context, const features::ProxySslPolicy& policy) {
  if (!policy.verify) return std::nullopt;
  if (!policy.material) return "proxy-ssl-secret: no CA to verify with";
  auto trusted = load_trust_store(policy.material->ca, policy.material->crl);
  if (!trusted) return "proxy-ssl-secret: " + trusted.error().text();
  SSL_CTX_set_cert_store(context, trusted->store.release());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(context, policy.verify_depth);
  const std::string name = policy.name.empty() ? kNoName : policy.name;
  if (!expect_name(SSL_CTX_get0_param(context), name)) return "proxy-ssl-name: cannot be verified";
  return std::nullopt;
}

std::optional<std::string> set_own_certificate(SSL_CTX* context, const features::TlsMaterial& material) {
  if (material.certificate.empty()) return std::nullopt;
  const auto loaded = load_certificate(material.certificate, material.key);
  if (!loaded) return "proxy-ssl-secret: " + loaded.error().text();
  const auto& own = dynamic_cast<const OpensslCertificate&>(**loaded);
  if (SSL_CTX_use_cert_and_key(context, own.leaf(), own.key(), own.chain(), 1) != 1) {
    return "proxy-ssl-secret: tls.crt and tls.key cannot be used";
  }
  return std::nullopt;
}

std::optional<std::string> apply(SSL_CTX* context, const features::ProxySslPolicy& policy) {
  const bool configured = policy.material != nullptr;
  const bool tls12 = !configured || policy.tls12;
  const bool tls13 = !configured || policy.tls13;
  SSL_CTX_set_min_proto_version(context, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, kUpstreamSecurityLevel);
  if (!configured) return std::nullopt;
  if (SSL_CTX_set_cipher_list(context, policy.ciphers.c_str()) != 1) {
    return "proxy-ssl-ciphers: names no cipher that is available";
  }
  if (auto problem = set_own_certificate(context, *policy.material)) return problem;
  return set_verification(context, policy);
}

std::optional<std::string> set_service_verification(SSL_CTX* context, const features::TlsMaterial* more, bool verify) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, verify ? kServiceSecurityLevel : kUpstreamSecurityLevel);
  if (!verify) return std::nullopt;
  if (more != nullptr && !more->ca.empty()) {
    auto trusted = load_trust_store(more->ca, more->crl);
    if (!trusted) return "proxy-ssl-secret: " + trusted.error().text();
    SSL_CTX_set_cert_store(context, trusted->store.release());
    // The machine's besides it. None there: then only `more` is trusted.
    SSL_CTX_set_default_verify_paths(context);
  } else if (X509_STORE* authorities = machine_authorities()) {
    SSL_CTX_set1_cert_store(context, authorities);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!expect_name(SSL_CTX_get0_param(context), kNoName)) return "auth-url: out of memory";
  return std::nullopt;
}

// `set_up` gives what is wrong with the settings.
template <typename SetUp>
base::Result<ClientContextPtr> make_context(std::uint32_t id, std::string server_name, const SetUp& set_up) {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return base::fail("proxy-ssl-secret: OpenSSL cannot be initialised");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  std::optional<std::string> problem = set_up(context.get());
  ERR_clear_error();
  if (problem) return base::fail(std::move(*problem));
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  if (SSL_CTX_set_ex_data(context.get(), ids_index(), number_as_pointer(id)) != 1) {
    return base::fail("proxy-ssl-secret: out of memory");
  }
  return ClientContextPtr(std::make_shared<OpensslClientContext>(std::move(context), id, std::move(server_name)));
}

}  // namespace

ClientSessions::~ClientSessions() {
  for (const auto& [key, session] : sessions_) SSL_SESSION_free(session);
}

void ClientSessions::put(std::uint64_t key, SSL_SESSION* session) {
  auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    SSL_SESSION_free(std::exchange(found->second, session));
    return;
  }
  if (sessions_.size() >= kMost) {  // any one: a full handshake is all it costs
    SSL_SESSION_free(sessions_.begin()->second);
    sessions_.erase(sessions_.begin());
  }
  sessions_.emplace(key, session);
}

SSL_SESSION* ClientSessions::take(std::uint64_t key) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  SSL_SESSION* session = found->second;
  if (SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION) {
    sessions_.erase(found);
  } else {
    SSL_SESSION_up_ref(session);
  }
  return session;
}

void ClientSessions::clear() {
  for (const auto& [key, session] : sessions_) SSL_SESSION_free(session);
  sessions_.clear();
}

base::Result<ClientContextPtr> make_client_context(const features::ProxySslPolicy& policy, std::uint32_t id) {
  std::string server_name;
  if (policy.material && policy.server_name) server_name = policy.name.empty() ? kNoName : policy.name;
  if (is_address(server_name)) server_name.clear();
  return make_context(id, std::move(server_name), [&policy](SSL_CTX* context) { return apply(context, policy); });
}

base::Result<ClientContextPtr> make_service_context(const features::TlsMaterial* more, bool verify, std::uint32_t id) {
  return make_context(id, {},
                      [more, verify](SSL_CTX* context) { return set_service_verification(context, more, verify); });
}

HandshakeProblem problem_of_handshake(const SSL* ssl, unsigned long error) {
  HandshakeProblem problem;
  const long verified = SSL_get_verify_result(ssl);
  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 && verified != X509_V_OK) {
    problem.untrusted = true;
    problem.text = std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified);
    return problem;
  }
  const char* reason = error != 0 ? ERR_reason_error_string(error) : nullptr;
  problem.text = reason != nullptr ? reason : "the connection ended during the handshake";
  return problem;
}

}  // namespace weir::tls
