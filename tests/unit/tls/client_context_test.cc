#include "weir/tls/client_context.h"

#include "unit/tls/make_certificate.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace weir::tls {
namespace {

features::ProxySslPolicy with(features::TlsMaterial material) {
  features::ProxySslPolicy policy;
  policy.secret = "ns/upstream";
  policy.material = std::make_shared<const features::TlsMaterial>(std::move(material));
  return policy;
}

std::string problem_of(const features::ProxySslPolicy& policy) {
  const auto made = make_client_context(policy, 1);
  return made ? "none" : made.error().text();
}

TEST(ClientContext, OneWithoutASecretVerifiesNothing) {
  features::ProxySslPolicy policy;
  policy.verify = policy.server_name = true;
  const auto made = make_client_context(policy, 7);

  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->id(), 7u);
  SSL* ssl = (*made)->new_ssl(nullptr, 1, {});
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(SSL_get_verify_mode(ssl), SSL_VERIFY_NONE);
  EXPECT_EQ(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), nullptr);
  SSL_free(ssl);
}

TEST(ClientContext, AskedToVerifyItDoesAndSendsTheName) {
  const test::PemPair ca = test::certificate_for({"ca"});
  features::ProxySslPolicy policy = with({ca.certificate, ca.key, ca.certificate, {}});
  policy.verify = policy.server_name = true;
  policy.name = "web.internal";
  const auto made = make_client_context(policy, 1);

  ASSERT_TRUE(made);
  SSL* ssl = (*made)->new_ssl(nullptr, 1, {});
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(SSL_get_verify_mode(ssl), SSL_VERIFY_PEER);
  EXPECT_STREQ(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "web.internal");
  EXPECT_NE(SSL_get_certificate(ssl), nullptr);
  SSL_free(ssl);
}

TEST(ClientContext, AnAddressIsNoServerName) {
  features::ProxySslPolicy policy = with({{}, {}, test::certificate_for({"ca"}).certificate, {}});
  policy.server_name = true;
  policy.name = "10.0.0.1";
  const auto made = make_client_context(policy, 1);

  ASSERT_TRUE(made);
  SSL* ssl = (*made)->new_ssl(nullptr, 1, {});
  EXPECT_EQ(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), nullptr);
  SSL_free(ssl);
}

TEST(ClientContext, WhatCannotBeHonouredIsAnErrorThatNamesItsAnnotation) {
  const test::PemPair pair = test::certificate_for({"a"});
  features::ProxySslPolicy damaged =
      with({{}, {}, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", {}});
  damaged.verify = true;
  EXPECT_EQ(problem_of(damaged), "proxy-ssl-secret: certificate 1 of ca.crt is damaged");
  features::ProxySslPolicy no_pem = with({{}, {}, "nothing", {}});
  no_pem.verify = true;
  EXPECT_EQ(problem_of(no_pem), "proxy-ssl-secret: ca.crt holds no PEM certificate");
  EXPECT_EQ(problem_of(with({"x", "y", {}, {}})), "proxy-ssl-secret: tls.crt holds no PEM certificate");
  const test::PemPair other = test::certificate_for({"a"});
  EXPECT_EQ(problem_of(with({pair.certificate, other.key, {}, {}})).find("proxy-ssl-secret: tls.key does not belong"),
            0u);
  features::ProxySslPolicy ciphers = with({{}, {}, pair.certificate, {}});
  ciphers.ciphers = "NOSUCH";
  EXPECT_EQ(problem_of(ciphers), "proxy-ssl-ciphers: names no cipher that is available");
}

TEST(ServiceContext, EachConnectionBringsTheNameThatIsSentAndExpected) {
  const auto made = make_service_context(nullptr, true, 9);

  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->id(), 9u);
  SSL* named = (*made)->new_ssl(nullptr, 1, "auth.example");
  ASSERT_NE(named, nullptr);
  EXPECT_EQ(SSL_get_verify_mode(named), SSL_VERIFY_PEER);
  EXPECT_STREQ(SSL_get_servername(named, TLSEXT_NAMETYPE_host_name), "auth.example");
  EXPECT_STREQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(named), 0), "auth.example");
  EXPECT_EQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(named), 1), nullptr);
  SSL_free(named);

  SSL* address = (*made)->new_ssl(nullptr, 1, "::1");
  ASSERT_NE(address, nullptr);
  EXPECT_EQ(SSL_get_servername(address, TLSEXT_NAMETYPE_host_name), nullptr);
  EXPECT_EQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(address), 0), nullptr);
  char* expected = X509_VERIFY_PARAM_get1_ip_asc(SSL_get0_param(address));
  ASSERT_NE(expected, nullptr);
  EXPECT_STREQ(expected, "0:0:0:0:0:0:0:1");
  OPENSSL_free(expected);
  SSL_free(address);
}

TEST(ServiceContext, WithoutANameVerificationLooksForOneThatNoCertificateHas) {
  const auto made = make_service_context(nullptr, true, 9);

  ASSERT_TRUE(made);
  SSL* ssl = (*made)->new_ssl(nullptr, 1, {});
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(SSL_get_verify_mode(ssl), SSL_VERIFY_PEER);
  EXPECT_STREQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0), "upstream_balancer");
  SSL_free(ssl);
}

TEST(ServiceContext, NotVerifyingIsSaidAndDamagedAuthoritiesAreAnError) {
  const features::TlsMaterial damaged{{}, {}, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", {}};
  const auto refused = make_service_context(&damaged, true, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "proxy-ssl-secret: certificate 1 of ca.crt is damaged");

  const auto open = make_service_context(&damaged, false, 1);
  ASSERT_TRUE(open);
  SSL* ssl = (*open)->new_ssl(nullptr, 1, "auth.example");
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(SSL_get_verify_mode(ssl), SSL_VERIFY_NONE);
  EXPECT_STREQ(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "auth.example");
  SSL_free(ssl);
}

TEST(ClientSessions, ANewSessionReplacesTheOldAndNoKeyFindsAnothers) {
  ClientSessions sessions;
  EXPECT_EQ(sessions.take(ClientSessions::key(1, 1)), nullptr);
  SSL_SESSION* first = SSL_SESSION_new();
  SSL_SESSION* second = SSL_SESSION_new();
  SSL_SESSION_set_protocol_version(first, TLS1_2_VERSION);
  SSL_SESSION_set_protocol_version(second, TLS1_3_VERSION);
  sessions.put(ClientSessions::key(1, 1), first);

  SSL_SESSION* taken = sessions.take(ClientSessions::key(1, 1));
  EXPECT_EQ(taken, first);
  SSL_SESSION_free(taken);
  EXPECT_EQ(sessions.take(ClientSessions::key(2, 1)), nullptr);
  EXPECT_EQ(sessions.take(ClientSessions::key(1, 2)), nullptr);
  sessions.put(ClientSessions::key(1, 1), second);
  EXPECT_EQ(sessions.size(), 1u);
  taken = sessions.take(ClientSessions::key(1, 1));
  EXPECT_EQ(taken, second);
  SSL_SESSION_free(taken);
  EXPECT_EQ(sessions.take(ClientSessions::key(1, 1)), nullptr) << "TLS 1.3 sessions are used once";
}

TEST(ClientSessions, ManyEndpointsDoNotFillTheMemory) {
  ClientSessions sessions;
  for (std::uint32_t endpoint = 0; endpoint < 10000; ++endpoint) {
    sessions.put(ClientSessions::key(1, endpoint), SSL_SESSION_new());
  }
  EXPECT_LE(sessions.size(), 4096u);
  sessions.clear();
  EXPECT_EQ(sessions.size(), 0u);
}

}  // namespace
}  // namespace weir::tls
