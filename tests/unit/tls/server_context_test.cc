#include "weir/tls/server_context.h"

#include "tls/openssl_ptr.h"
#include "unit/tls/make_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/err.h>

#include <map>

namespace weir::tls {
namespace {

using test::certificate_for;
using test::make_certificate;
using test::PemPair;
using testing::HasSubstr;
using testing::StartsWith;

using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;

class Finder : public CertificateFinder {
 public:
  void add(const std::string& name, const PemPair& pair) {
    certificates_[name] = *load_certificate(pair.certificate, pair.key);
  }
  void add(const std::string& name) { add(name, certificate_for({name == "default" ? "default.example" : name})); }
  void reject_unknown() { reject_ = true; }
  const std::string& last_sni() const { return last_sni_; }

  const Certificate* find_certificate(std::string_view sni) const override {
    last_sni_ = sni;
    auto found = certificates_.find(std::string(sni));
    if (found == certificates_.end() && sni.find('.') != std::string_view::npos) {
      found = certificates_.find("*" + std::string(sni.substr(sni.find('.'))));
    }
    if (found == certificates_.end() && !reject_) found = certificates_.find("default");
    return found == certificates_.end() ? nullptr : found->second.get();
  }

 private:
  std::map<std::string, CertificatePtr> certificates_;
  bool reject_ = false;
  mutable std::string last_sni_ = "(not asked)";
};

struct Client {
  std::string sni;
  std::string alpn;  // wire form
  int version = 0;   // 0: any
  std::string ciphers;
  std::string groups;
  SSL_SESSION* session = nullptr;
};

struct Outcome {
  bool ok = false;
  bool resumed = false;
  int version = 0;
  std::string certificate_name;
  std::string alpn;
  std::string cipher;
  std::string error;        // the client's
  std::string server_name;  // as the server sees it afterwards
  SslSessionPtr session;
};

class Handshakes : public testing::Test {
 protected:
  Handshakes() {
    finder_.add("a.example");
    finder_.add("b.example");
    finder_.add("*.wild.example");
    finder_.add("default");
  }

  ServerContextPtr make(const features::Settings& settings, const ServerContextPtr& previous = nullptr) {
    auto made = make_server_context(settings, previous);
    EXPECT_TRUE(made.has_value()) << made.error().text();
    return made ? *made : nullptr;
  }

  std::string error_of(const features::Settings& settings) {
    auto made = make_server_context(settings);
    EXPECT_FALSE(made.has_value());
    return made ? std::string() : made.error().text();
  }

  Outcome shake(const ServerContextPtr& context, const Client& wanted) {
    SslCtxPtr client_context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(client_context.get(), 0);
    SSL_CTX_set_min_proto_version(client_context.get(), wanted.version ? wanted.version : TLS1_VERSION);
    if (wanted.version) SSL_CTX_set_max_proto_version(client_context.get(), wanted.version);
    if (!wanted.ciphers.empty()) SSL_CTX_set_cipher_list(client_context.get(), wanted.ciphers.c_str());
    if (!wanted.groups.empty()) SSL_CTX_set1_groups_list(client_context.get(), wanted.groups.c_str());
    SslPtr client(SSL_new(client_context.get()));
    SslPtr server(context->new_ssl(finder_));
    BIO* client_side = nullptr;
    BIO* server_side = nullptr;
    BIO_new_bio_pair(&client_side, 0, &server_side, 0);
    SSL_set_bio(client.get(), client_side, client_side);
    SSL_set_bio(server.get(), server_side, server_side);
    SSL_set_connect_state(client.get());
    if (!wanted.sni.empty()) {
      std::string name = wanted.sni;
      SSL_ctrl(client.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    if (!wanted.alpn.empty()) {
      SSL_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(wanted.alpn.data()),
                          static_cast<unsigned>(wanted.alpn.size()));
    }
    if (wanted.session) SSL_set_session(client.get(), wanted.session);

    Outcome outcome;
    for (int round = 0; round < 10; ++round) {
      const int c = SSL_do_handshake(client.get());
      if (c <= 0 && SSL_get_error(client.get(), c) != SSL_ERROR_WANT_READ) {
        outcome.error = ERR_reason_error_string(ERR_peek_last_error());
        ERR_clear_error();
        return outcome;
      }
      const int s = SSL_do_handshake(server.get());
      ERR_clear_error();
      if (c == 1 && s == 1) {
        outcome.ok = true;
        break;
      }
    }
    if (!outcome.ok) return outcome;
    // One byte brings the client its TLS 1.3 session.
    char byte = 'x';
    EXPECT_EQ(SSL_write(server.get(), &byte, 1), 1);
    EXPECT_EQ(SSL_read(client.get(), &byte, 1), 1);
    outcome.resumed = SSL_session_reused(client.get()) == 1;
    EXPECT_EQ(SSL_session_reused(server.get()), SSL_session_reused(client.get()));
    outcome.version = SSL_version(client.get());
    outcome.cipher = SSL_get_cipher_name(client.get());
    if (const char* name = SSL_get_servername(server.get(), TLSEXT_NAMETYPE_host_name)) outcome.server_name = name;
    X509* certificate = SSL_get0_peer_certificate(client.get());
    if (certificate) {
      GeneralNamesPtr names(
          static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
      const ASN1_IA5STRING* name = sk_GENERAL_NAME_value(names.get(), 0)->d.dNSName;
      const auto* data = ASN1_STRING_get0_data(name);
      outcome.certificate_name.assign(data, data + ASN1_STRING_length(name));
    }
    const unsigned char* alpn = nullptr;
    unsigned alpn_size = 0;
    SSL_get0_alpn_selected(client.get(), &alpn, &alpn_size);
    outcome.alpn.assign(alpn, alpn + alpn_size);
    outcome.session.reset(SSL_get1_session(client.get()));
    SSL_shutdown(client.get());
    SSL_shutdown(server.get());
    return outcome;
  }

  std::string served(const ServerContextPtr& context, const std::string& sni) {
    Client client;
    client.sni = sni;
    return shake(context, client).certificate_name;
  }

  Finder finder_;
  features::Settings settings_;
};

TEST_F(Handshakes, CertificateFollowsServerName) {
  const ServerContextPtr context = make(settings_);

  EXPECT_EQ(served(context, "a.example"), "a.example");
  EXPECT_EQ(served(context, "b.example"), "b.example");
  EXPECT_EQ(served(context, "x.wild.example"), "*.wild.example");
  EXPECT_EQ(served(context, "unknown.example"), "default.example");
  EXPECT_EQ(served(context, ""), "default.example");
}

TEST_F(Handshakes, ServerNameReachesTheFinderNormalised) {
  const ServerContextPtr context = make(settings_);

  EXPECT_EQ(served(context, "A.Example."), "a.example");
  EXPECT_EQ(finder_.last_sni(), "a.example");
  served(context, "");
  EXPECT_EQ(finder_.last_sni(), "");
}

TEST_F(Handshakes, EachKindOfKeyServesBothVersions) {
  const ServerContextPtr context = make(settings_);
  for (const char* key : {"EC", "RSA", "ED25519"}) {
    test::CertificateSpec spec;
    spec.key = key;
    spec.names = {"kind.example"};
    finder_.add("kind.example", make_certificate(spec));
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Client client;
      client.sni = "kind.example";
      client.version = version;

      const Outcome outcome = shake(context, client);

      EXPECT_TRUE(outcome.ok) << key << ' ' << version << ' ' << outcome.error;
      EXPECT_EQ(outcome.certificate_name, "kind.example");
    }
  }
}

TEST_F(Handshakes, RefusedNameGetsTheUnrecognizedNameAlert) {
  finder_.reject_unknown();
  const ServerContextPtr context = make(settings_);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client;
    client.version = version;
    client.sni = "unknown.example";

    const Outcome outcome = shake(context, client);

    EXPECT_FALSE(outcome.ok);
    EXPECT_THAT(outcome.error, HasSubstr("unrecognized name"));
    client.sni = "a.example";
    EXPECT_TRUE(shake(context, client).ok);
  }
}

TEST_F(Handshakes, ProtocolsAreLimitedToTheSetting) {
  settings_.ssl_protocols = "TLSv1.3";
  const ServerContextPtr only13 = make(settings_);
  settings_.ssl_protocols = "TLSv1.2";
  const ServerContextPtr only12 = make(settings_);
  Client client;

  EXPECT_EQ(shake(only13, client).version, TLS1_3_VERSION);
  EXPECT_EQ(shake(only12, client).version, TLS1_2_VERSION);
  client.version = TLS1_2_VERSION;
  EXPECT_FALSE(shake(only13, client).ok);
  client.version = TLS1_3_VERSION;
  EXPECT_FALSE(shake(only12, client).ok);
}

TEST_F(Handshakes, OldProtocolsAreOffByDefault) {
  const ServerContextPtr context = make(settings_);
  Client client;
  client.version = TLS1_1_VERSION;
  client.ciphers = "DEFAULT:@SECLEVEL=0";

  EXPECT_FALSE(shake(context, client).ok);
  settings_.ssl_protocols = "TLSv1.1 TLSv1.2";
  settings_.ssl_ciphers = "DEFAULT:@SECLEVEL=0";
  EXPECT_EQ(shake(make(settings_), client).version, TLS1_1_VERSION);
}

TEST_F(Handshakes, CipherOrderIsTheServers) {
  settings_.ssl_ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  const ServerContextPtr context = make(settings_);
  Client client;
  client.sni = "a.example";
  client.version = TLS1_2_VERSION;
  client.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";

  EXPECT_EQ(shake(context, client).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  client.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";
  EXPECT_FALSE(shake(context, client).ok);
}

TEST_F(Handshakes, UnwantedCurvesFail) {
  settings_.ssl_ecdh_curve = "P-384";
  const ServerContextPtr context = make(settings_);
  Client client;
  client.groups = "X25519";

  EXPECT_FALSE(shake(context, client).ok);
  client.groups = "X25519:P-384";
  EXPECT_TRUE(shake(context, client).ok) << "through a HelloRetryRequest";
}

TEST_F(Handshakes, MalformedSettingsNameTheirKey) {
  features::Settings settings;
  settings.ssl_protocols = "TLSv1.2 TLSv9";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-protocols: \"TLSv9\""));
  settings.ssl_protocols = " ";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-protocols: "));
  settings.ssl_protocols = "SSLv3";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-protocols: "));
  settings = {};
  settings.ssl_ciphers = "NO-SUCH-CIPHER";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-ciphers: "));
  settings = {};
  settings.ssl_ecdh_curve = "P-9000";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-ecdh-curve: "));
  settings = {};
  settings.ssl_session_tickets = true;
  settings.ssl_session_ticket_key = "hunter2";
  EXPECT_THAT(error_of(settings), StartsWith("ssl-session-ticket-key: "));
  EXPECT_THAT(error_of(settings), Not(HasSubstr("hunter2")));
}

TEST_F(Handshakes, Http2IsChosenByAlpnWhereverItStandsInTheList) {
  const ServerContextPtr context = make(settings_);
  Client client;

  client.alpn = "\x08http/1.1\x02h2";
  EXPECT_EQ(shake(context, client).alpn, "h2");
  client.alpn = "\x08http/1.1";
  EXPECT_EQ(shake(context, client).alpn, "http/1.1");
  client.alpn = "";
  EXPECT_EQ(shake(context, client).alpn, "");
}

TEST_F(Handshakes, OnlyHttp11IsChosenByAlpnWithoutHttp2) {
  settings_.use_http2 = false;
  const ServerContextPtr context = make(settings_);
  Client client;

  client.alpn = "\x02h2\x08http/1.1";
  EXPECT_EQ(shake(context, client).alpn, "http/1.1");
  client.alpn = "\x02h2";
  const Outcome outcome = shake(context, client);
  EXPECT_TRUE(outcome.ok);
  EXPECT_EQ(outcome.alpn, "");
}

TEST_F(Handshakes, SessionsResumeFromTheCache) {
  const ServerContextPtr context = make(settings_);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client;
    client.sni = "a.example";
    client.version = version;
    const Outcome first = shake(context, client);
    client.session = first.session.get();

    const Outcome second = shake(context, client);

    EXPECT_FALSE(first.resumed);
    EXPECT_TRUE(second.resumed) << version;
    EXPECT_EQ(second.server_name, "a.example");
  }
}

TEST_F(Handshakes, SessionOfAnotherNameIsNotResumed) {
  const ServerContextPtr context = make(settings_);
  const std::string long_name = std::string(60, 'n') + ".example";
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::string& name : {std::string("b.example"), long_name, std::string()}) {
      Client client;
      client.sni = "a.example";
      client.version = version;
      const Outcome first = shake(context, client);
      client.session = first.session.get();
      client.sni = name;

      const Outcome second = shake(context, client);

      EXPECT_TRUE(second.ok);
      EXPECT_FALSE(second.resumed) << version << ' ' << name;
    }
  }
}

TEST_F(Handshakes, LongNamesResumeToo) {
  const ServerContextPtr context = make(settings_);
  Client client;
  client.sni = std::string(60, 'n') + ".example";
  const Outcome first = shake(context, client);
  client.session = first.session.get();

  EXPECT_TRUE(shake(context, client).resumed);
}

TEST_F(Handshakes, SessionsSurviveNewContextsAndCertificates) {
  for (bool tickets : {false, true}) {
    settings_.ssl_session_tickets = tickets;
    ServerContextPtr context = make(settings_);
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Client client;
      client.sni = "a.example";
      client.version = version;
      const Outcome first = shake(context, client);
      client.session = first.session.get();

      features::Settings changed = settings_;
      changed.ssl_ecdh_curve = "X25519";
      context = make(changed, context);
      finder_.add("a.example");

      EXPECT_TRUE(shake(context, client).resumed) << version << (tickets ? " ticket" : " cache");
    }
  }
}

TEST_F(Handshakes, ChangedSessionSettingsStartAfresh) {
  const ServerContextPtr context = make(settings_);
  Client client;
  client.sni = "a.example";
  const Outcome first = shake(context, client);
  client.session = first.session.get();
  settings_.ssl_session_timeout = std::chrono::seconds(30);

  EXPECT_FALSE(shake(make(settings_, context), client).resumed);
}

TEST_F(Handshakes, NothingResumesWithCacheAndTicketsOff) {
  settings_.ssl_session_cache = false;
  const ServerContextPtr context = make(settings_);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client;
    client.sni = "a.example";
    client.version = version;
    const Outcome first = shake(context, client);
    client.session = first.session.get();

    EXPECT_FALSE(shake(context, client).resumed);
  }
}

TEST_F(Handshakes, TicketKeyIsSharedBetweenReplicas) {
  for (std::size_t size : {48u, 80u}) {
    settings_.ssl_session_tickets = true;
    settings_.ssl_session_cache = false;
    settings_.ssl_session_ticket_key = std::string(size, 'k');
    const ServerContextPtr one = make(settings_);
    const ServerContextPtr other = make(settings_);
    settings_.ssl_session_ticket_key = std::string(size, 'z');
    const ServerContextPtr stranger = make(settings_);
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Client client;
      client.sni = "a.example";
      client.version = version;
      const Outcome first = shake(one, client);
      client.session = first.session.get();

      EXPECT_FALSE(shake(stranger, client).resumed);
      EXPECT_TRUE(shake(other, client).resumed) << size << ' ' << version;
    }
  }
}

TEST_F(Handshakes, ConnectionMayOutliveItsContext) {
  ServerContextPtr context = make(settings_);
  SslPtr ssl(context->new_ssl(finder_));

  context.reset();

  EXPECT_TRUE(ssl);
}

}  // namespace
}  // namespace weir::tls
