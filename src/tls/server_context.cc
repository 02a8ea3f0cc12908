#include "weir/tls/server_context.h"

#include "tls/openssl_certificate.h"
#include "tls/openssl_host_tls.h"
#include "tls/session_state.h"
#include "weir/base/ascii.h"
#include "weir/tls/digest.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

namespace weir::tls {
namespace {

// One context serves all hosts. The certificate is put into the SSL of a full handshake (two reference counts and a key
// comparison); a context per certificate would cost a copy of its certificate table per handshake and a second set of
// settings per host.
constexpr int kSecurityLevel = 2;  // OpenSSL's own default; "@SECLEVEL=n" in ssl-ciphers overrides it
constexpr std::string_view kAutoCurves = "X25519:P-256:P-384:P-521";
constexpr std::size_t kLongestName = 255;

int finder_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int certificate_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// SNI in lower case without a trailing dot; empty when absent or malformed (OpenSSL then ends the handshake itself).
class ServerName {
 public:
  explicit ServerName(SSL* ssl) {
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return;
    // RFC 6066 3: list length (2), type (1), name length (2), name.
    constexpr std::size_t kHead = 5;
    if (size <= kHead || data[2] != TLSEXT_NAMETYPE_host_name) return;
    std::size_t length = static_cast<std::size_t>(data[3]) << 8 | data[4];
    if (length > size - kHead || length > kLongestName) return;
    for (std::size_t i = 0; i < length; ++i) bytes_[i] = base::to_lower(static_cast<char>(data[kHead + i]));
    if (length > 0 && bytes_[length - 1] == '.') --length;
    size_ = length;
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kLongestName> bytes_;
  std::size_t size_ = 0;
};

// Binds sessions to the name they were made for: RFC 6066 3 forbids to resume under another name. Where a host has
// settings of its own, also to these: what a client has shown under others does not count.
void set_session_name(SSL* ssl, std::string_view host, const HostTls* settings) {
  std::string bound;
  std::string_view name = host;
  if (settings != nullptr) name = bound.append(host).append(1, '\0').append(settings->digest());
  std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> id{};
  unsigned size = 1;
  if (name.size() < id.size()) {
    id[0] = 1;
    if (!name.empty()) std::memcpy(id.data() + 1, name.data(), name.size());
    size = static_cast<unsigned>(1 + name.size());
  } else {
    const Sha256 digest = sha256(name);
    id[0] = 2;
    std::memcpy(id.data() + 1, digest.data(), id.size() - 1);
    size = static_cast<unsigned>(id.size());
  }
  SSL_set_session_id_context(ssl, id.data(), size);
}

// Before anything else of the ClientHello: chooses the certificate and what may be resumed.
int on_client_hello(SSL* ssl, int* alert, void*) {
  const ServerName name(ssl);
  const auto* finder = static_cast<const CertificateFinder*>(SSL_get_ex_data(ssl, finder_index()));
  const Certificate* certificate = finder ? finder->find_certificate(name.text()) : nullptr;
  if (!certificate) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  SSL_set_ex_data(ssl, certificate_index(), const_cast<Certificate*>(certificate));
  const HostTls* settings = finder->find_host_tls(name.text());
  if (settings != nullptr) {
    const auto* own = dynamic_cast<const OpensslHostTls*>(settings);
    if (own == nullptr || !own->apply(ssl)) {
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
  }
  set_session_name(ssl, name.text(), settings);
  return SSL_CLIENT_HELLO_SUCCESS;
}

// Only in full handshakes, within the same call of SSL_do_handshake as on_client_hello.
int on_certificate_wanted(SSL* ssl, void*) {
  const auto* chosen = static_cast<const Certificate*>(SSL_get_ex_data(ssl, certificate_index()));
  const auto* certificate = dynamic_cast<const OpensslCertificate*>(chosen);
  if (!certificate) return 0;
  return SSL_use_cert_and_key(ssl, certificate->leaf(), certificate->key(), certificate->chain(), 1);
}

// Acknowledges SNI, so that OpenSSL keeps the name in the session and SSL_get_servername() works after resumption.
int on_server_name(SSL*, int*, void*) {
  return SSL_TLSEXT_ERR_OK;
}

// Takes `protocol` if it is on the client's list.
bool take_protocol(std::string_view protocol, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned in_size) {
  for (unsigned at = 0; at < in_size;) {
    const unsigned size = in[at];
    if (size > in_size - at - 1) break;
    if (std::string_view(reinterpret_cast<const char*>(in + at + 1), size) == protocol) {
      *out = in + at + 1;
      *out_size = static_cast<unsigned char>(size);
      return true;
    }
    at += 1 + size;
  }
  return false;
}

int on_alpn_http1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                  void*) {
  return take_protocol("http/1.1", out, out_size, in, in_size) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// Our choice counts, not the order of the client's list.
int on_alpn_http2(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                  unsigned in_size, void* unused) {
  if (take_protocol("h2", out, out_size, in, in_size)) return SSL_TLSEXT_ERR_OK;
  return on_alpn_http1(ssl, out, out_size, in, in_size, unused);
}

std::optional<std::string> apply_protocols(SSL_CTX* context, std::string_view text) {
  struct Protocol {
    std::string_view name;
    std::uint64_t off;  // 0: OpenSSL does not have it any more
  };
  constexpr Protocol kProtocols[] = {{"SSLv2", 0},
                                     {"SSLv3", 0},
                                     {"TLSv1", SSL_OP_NO_TLSv1},
                                     {"TLSv1.1", SSL_OP_NO_TLSv1_1},
                                     {"TLSv1.2", SSL_OP_NO_TLSv1_2},
                                     {"TLSv1.3", SSL_OP_NO_TLSv1_3}};
  std::uint64_t off = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
  const std::uint64_t all = off;
  for (const std::string& word : base::split_list(text, ' ')) {
    const auto* known = std::find_if(std::begin(kProtocols), std::end(kProtocols),
                                     [&](const Protocol& protocol) { return protocol.name == word; });
    if (known == std::end(kProtocols)) {
      return "ssl-protocols: \"" + word + "\" is no protocol; use TLSv1.2 and TLSv1.3 separated by blanks";
    }
    off &= ~known->off;
  }
  if (off == all) return "ssl-protocols: no usable protocol is left; use TLSv1.2 and TLSv1.3 separated by blanks";
  // Explicit bounds: the system's openssl.cnf must not decide.
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, 0);
  SSL_CTX_set_options(context, off);
  return std::nullopt;
}

std::optional<std::string> apply_ciphers(SSL_CTX* context, const std::string& text) {
  SSL_CTX_set_security_level(context, kSecurityLevel);
  if (SSL_CTX_set_cipher_list(context, text.c_str()) == 1) return std::nullopt;
  return "ssl-ciphers: \"" + text + "\" names no cipher that is available";
}

std::optional<std::string> apply_curves(SSL_CTX* context, const std::string& text) {
  const std::string curves = text == "auto" ? std::string(kAutoCurves) : text;
  if (SSL_CTX_set1_groups_list(context, curves.c_str()) == 1) return std::nullopt;
  return "ssl-ecdh-curve: \"" + text + "\" holds a curve that is not available; use auto or names such as X25519:P-256";
}

class OpensslServerContext final : public ServerContext {
 public:
  OpensslServerContext(SslCtxPtr context, std::shared_ptr<SessionState> sessions)
      : context_(std::move(context)), sessions_(std::move(sessions)) {}

  SSL* new_ssl(const CertificateFinder& finder) const override {
    SSL* ssl = SSL_new(context_.get());
    if (!ssl) return nullptr;
    if (SSL_set_ex_data(ssl, finder_index(), const_cast<CertificateFinder*>(&finder)) != 1) {
      SSL_free(ssl);
      return nullptr;
    }
    SSL_set_accept_state(ssl);
    return ssl;
  }

  const std::shared_ptr<SessionState>& sessions() const { return sessions_; }

 private:
  SslCtxPtr context_;
  std::shared_ptr<SessionState> sessions_;
};

}  // namespace

base::Result<ServerContextPtr> make_server_context(const features::Settings& settings,
                                                   const ServerContextPtr& previous) {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return base::fail("no TLS context: OpenSSL cannot be initialised");
  // Renegotiation and compression are attack surface nobody needs. A missing close_notify counts as end of stream:
  // HTTP's own framing tells a cut message from a whole one.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_max_early_data(context.get(), 0);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);

  std::optional<std::string> problem = apply_protocols(context.get(), settings.ssl_protocols);
  if (!problem) problem = apply_ciphers(context.get(), settings.ssl_ciphers);
  if (!problem) problem = apply_curves(context.get(), settings.ssl_ecdh_curve);
  ERR_clear_error();
  if (problem) return base::fail(std::move(*problem));

  std::shared_ptr<SessionState> sessions;
  const auto* before = dynamic_cast<const OpensslServerContext*>(previous.get());
  if (before && before->sessions()->fits(settings)) {
    sessions = before->sessions();
  } else {
    auto made = SessionState::create(settings);
    if (!made) return made.error();
    sessions = std::move(*made);
  }
  SessionState::install(sessions, context.get());

  SSL_CTX_set_client_hello_cb(context.get(), on_client_hello, nullptr);
  SSL_CTX_set_cert_cb(context.get(), on_certificate_wanted, nullptr);
  // OpenSSL's macro for this holds a C cast.
  SSL_CTX_callback_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(on_server_name));
  SSL_CTX_set_alpn_select_cb(context.get(), settings.use_http2 ? on_alpn_http2 : on_alpn_http1, nullptr);
  return ServerContextPtr(std::make_shared<OpensslServerContext>(std::move(context), std::move(sessions)));
}

}  // namespace weir::tls
