#include "weir/tls/host_tls.h"

#include "tls/openssl_host_tls.h"
#include "weir/base/ascii.h"
#include "weir/tls/digest.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <utility>

namespace weir::tls {
namespace {

struct Applied {
  std::string digest;
};

void free_applied(void*, void* applied, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Applied*>(applied);
}

int applied_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_applied);
  return index;
}

// The handshake goes on whatever the certificate is; the request is answered with what was found (spec 4.3).
int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

bool is_unknown_issuer(long result) {
  switch (result) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return true;
    default:
      return false;
  }
}

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::string distinguished_name(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  return text_of_bio(bio.get());
}

std::string serial_of(const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || i2a_ASN1_INTEGER(bio.get(), X509_get0_serialNumber(certificate)) < 0) return {};
  return text_of_bio(bio.get());
}

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kUpperHex[] = "0123456789ABCDEF";

std::string sha1_of(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  std::string hex;
  if (X509_digest(certificate, EVP_sha1(), digest, &size) != 1) return hex;
  for (unsigned i = 0; i < size; ++i) hex.append({kHexDigits[digest[i] >> 4], kHexDigits[digest[i] & 15]});
  return hex;
}

// As encodeURIComponent() leaves it.
std::string escaped_pem_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) return {};
  std::string out;
  for (const char c : text_of_bio(bio.get())) {
    if (base::is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kUpperHex[byte >> 4], kUpperHex[byte & 15]});
  }
  return out;
}

std::string server_name_of(const SSL* ssl) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  std::string text = base::to_lower(name != nullptr ? name : "");
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

std::string digest_of(const features::AuthTlsPolicy& clients, const features::SslPolicy& ssl) {
  std::string all;
  const auto add = [&all](std::string_view text) { all.append(text).append(1, '\0'); };
  if (clients.material) {
    add(clients.material->ca);
    add(clients.material->crl);
    add(std::to_string(static_cast<int>(clients.verify)));
    add(std::to_string(clients.verify_depth));
  }
  add(ssl.ciphers);
  add(ssl.prefer_server_ciphers ? *ssl.prefer_server_ciphers ? "on" : "off" : "");
  return to_hex(sha256(all));
}

}  // namespace

OpensslHostTls::OpensslHostTls(const features::AuthTlsPolicy& clients, features::SslPolicy ssl, TrustStore trusted)
    : digest_(digest_of(clients, ssl)),
      trusted_(std::move(trusted)),
      depth_(clients.verify_depth),
      ssl_(std::move(ssl)) {}

bool OpensslHostTls::apply(SSL* ssl) const {
  if (!ssl_.ciphers.empty() && SSL_set_cipher_list(ssl, ssl_.ciphers.c_str()) != 1) return false;
  if (ssl_.prefer_server_ciphers == false) SSL_clear_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!asks_clients()) return true;
  if (SSL_ctrl(ssl, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, trusted_.store.get()) != 1) return false;  // a reference more
  SSL_set_verify(ssl, SSL_VERIFY_PEER, accept_any);
  SSL_set_verify_depth(ssl, depth_);
  X509NamesPtr names(SSL_dup_CA_list(trusted_.names.get()));
  if (!names) return false;
  SSL_set_client_CA_list(ssl, names.release());
  return remember_host_tls(ssl, *this);
}

bool remember_host_tls(SSL* ssl, const OpensslHostTls& settings) {
  auto* before = static_cast<Applied*>(SSL_get_ex_data(ssl, applied_index()));
  if (before != nullptr) {  // a second ClientHello
    before->digest = settings.digest();
    return true;
  }
  auto applied = std::make_unique<Applied>(Applied{settings.digest()});
  if (SSL_set_ex_data(ssl, applied_index(), applied.get()) != 1) return false;
  (void)applied.release();  // free_applied() ends it
  return true;
}

base::Result<HostTlsPtr> make_host_tls(const features::AuthTlsPolicy& clients, const features::SslPolicy& ssl) {
  TrustStore trusted;
  if (clients.material && clients.verify != features::ClientVerify::off) {
    auto loaded = load_trust_store(clients.material->ca, clients.material->crl);
    if (!loaded) return base::fail("auth-tls-secret: " + loaded.error().text());
    trusted = std::move(*loaded);
  }
  if (!ssl.ciphers.empty()) {
    ERR_clear_error();
    const SslCtxPtr trial(SSL_CTX_new(TLS_server_method()));
    const bool usable = trial && SSL_CTX_set_cipher_list(trial.get(), ssl.ciphers.c_str()) == 1;
    ERR_clear_error();
    if (!usable) return base::fail("ssl-ciphers: names no cipher that is available");
  }
  return HostTlsPtr(std::make_shared<OpensslHostTls>(clients, ssl, std::move(trusted)));
}

std::unique_ptr<const ClientIdentity> read_client(const SSL* ssl) {
  const auto* applied = static_cast<const Applied*>(SSL_get_ex_data(ssl, applied_index()));
  if (applied == nullptr) return nullptr;
  auto client = std::make_unique<ClientIdentity>();
  client->settings = applied->digest;
  client->server_name = server_name_of(ssl);
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) {
    client->verify = "NONE";
    return client;
  }
  const long result = SSL_get_verify_result(ssl);
  client->shown = true;
  client->verified = result == X509_V_OK;
  client->unknown_issuer = is_unknown_issuer(result);
  client->verify = client->verified ? "SUCCESS" : std::string("FAILED:").append(X509_verify_cert_error_string(result));
  client->subject = distinguished_name(X509_get_subject_name(certificate.get()));
  client->issuer = distinguished_name(X509_get_issuer_name(certificate.get()));
  client->serial = serial_of(certificate.get());
  client->fingerprint = sha1_of(certificate.get());
  client->escaped_pem = escaped_pem_of(certificate.get());
  ERR_clear_error();
  return client;
}

}  // namespace weir::tls
