#include "weir/tls/certificate.h"

#include "unit/tls/make_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

namespace weir::tls {
namespace {

using test::certificate_for;
using test::CertificateSpec;
using test::make_certificate;
using test::PemPair;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

CertificatePtr load(const PemPair& pair) {
  auto loaded = load_certificate(pair.certificate, pair.key);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().text();
  return loaded ? *loaded : nullptr;
}

std::string error_of(std::string_view chain, std::string_view key) {
  auto loaded = load_certificate(chain, key);
  EXPECT_FALSE(loaded.has_value());
  return loaded ? std::string() : loaded.error().text();
}

CertificatePtr with_names(std::vector<std::string> names) {
  return load(certificate_for(std::move(names)));
}

TEST(Certificate, EachKindOfKeyLoads) {
  for (const auto& [key, algorithm] :
       std::vector<std::pair<std::string, std::string>>{{"EC", "ECDSA"}, {"RSA", "RSA"}, {"ED25519", "Ed25519"}}) {
    CertificateSpec spec;
    spec.key = key;
    spec.names = {"a.example"};

    const CertificatePtr certificate = load(make_certificate(spec));

    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->key_algorithm(), algorithm);
  }
}

TEST(Certificate, FieldsForMetricsAreRead) {
  CertificateSpec spec;
  spec.common_name = "The Issuer";
  spec.names = {"A.Example", "*.b.example"};

  const CertificatePtr certificate = load(make_certificate(spec));

  ASSERT_TRUE(certificate);
  EXPECT_THAT(certificate->names(), ElementsAre("a.example", "*.b.example"));
  EXPECT_EQ(certificate->serial(), "4711");
  EXPECT_EQ(certificate->issuer_organization(), "Test Org");
  EXPECT_EQ(certificate->issuer_common_name(), "The Issuer");
  EXPECT_EQ(certificate->fingerprint().size(), 40u);
  EXPECT_NEAR(static_cast<double>(certificate->not_after()), static_cast<double>(std::time(nullptr) + 90L * 24 * 3600),
              60.0);
}

TEST(Certificate, WildcardCoversExactlyOneLabel) {
  const CertificatePtr certificate = with_names({"*.foo.example"});

  EXPECT_TRUE(certificate->covers("a.foo.example"));
  EXPECT_TRUE(certificate->covers("A.FOO.example."));
  EXPECT_TRUE(certificate->covers("*.foo.example"));
  EXPECT_FALSE(certificate->covers("foo.example"));
  EXPECT_FALSE(certificate->covers("a.b.foo.example"));
  EXPECT_FALSE(certificate->covers(".foo.example"));
  EXPECT_FALSE(certificate->covers("afoo.example"));
  EXPECT_FALSE(certificate->covers(""));
}

TEST(Certificate, ExactNameCoversOnlyItself) {
  const CertificatePtr certificate = with_names({"foo.example"});

  EXPECT_TRUE(certificate->covers("Foo.Example"));
  EXPECT_FALSE(certificate->covers("a.foo.example"));
  EXPECT_FALSE(certificate->covers("foo.example.org"));
}

TEST(Certificate, CommonNameCountsOnlyWithoutDnsNames) {
  CertificateSpec spec;
  spec.common_name = "cn.example";
  EXPECT_TRUE(load(make_certificate(spec))->covers("cn.example"));

  spec.names = {"san.example"};
  EXPECT_FALSE(load(make_certificate(spec))->covers("cn.example"));
}

TEST(Certificate, NameWithNulByteIsNoName) {
  const CertificatePtr certificate = with_names({std::string("good.example\0.evil.example", 26)});

  EXPECT_TRUE(certificate->names().empty());
  EXPECT_FALSE(certificate->covers("good.example"));
}

TEST(Certificate, ExpiredCertificateLoads) {
  CertificateSpec spec;
  spec.names = {"a.example"};
  spec.seconds_valid = -3600;

  EXPECT_TRUE(load(make_certificate(spec)));
}

TEST(Certificate, ChainMayFollowTheLeaf) {
  const PemPair leaf = certificate_for({"a.example"});
  const PemPair next = certificate_for({"ca.example"});

  EXPECT_TRUE(load({leaf.certificate + next.certificate, leaf.key}));
  EXPECT_THAT(error_of(next.certificate + leaf.certificate, leaf.key), HasSubstr("leaf must come first"));
}

TEST(Certificate, DamagedChainMemberIsNamed) {
  const PemPair leaf = certificate_for({"a.example"});
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

  EXPECT_THAT(error_of(leaf.certificate + broken, leaf.key), HasSubstr("certificate 2 of tls.crt is damaged"));
  EXPECT_THAT(error_of(broken, leaf.key), HasSubstr("certificate 1 of tls.crt is damaged"));
}

TEST(Certificate, ForeignKeyIsAnErrorThatShowsNoKey) {
  const PemPair one = certificate_for({"a.example"});
  const PemPair other = certificate_for({"a.example"});

  const std::string error = error_of(one.certificate, other.key);

  EXPECT_THAT(error, HasSubstr("does not belong to"));
  EXPECT_THAT(error, Not(HasSubstr(other.key.substr(40, 20))));
}

TEST(Certificate, EncryptedKeyIsRefusedWithoutAskingForAPassword) {
  const PemPair pair = certificate_for({"a.example"});

  EXPECT_THAT(error_of(pair.certificate, test::encrypted(pair.key)), HasSubstr("encrypted"));
}

TEST(Certificate, ShortRsaKeyIsRefused) {
  CertificateSpec spec;
  spec.key = "RSA1024";
  const PemPair pair = make_certificate(spec);

  EXPECT_THAT(error_of(pair.certificate, pair.key), HasSubstr("1024 bits is too short"));
}

TEST(Certificate, EmptyAndJunkAreClearErrors) {
  const PemPair pair = certificate_for({"a.example"});

  EXPECT_EQ(error_of("", pair.key), "tls.crt is empty");
  EXPECT_EQ(error_of(pair.certificate, ""), "tls.key is empty");
  EXPECT_EQ(error_of("junk", pair.key), "tls.crt holds no PEM certificate");
  EXPECT_EQ(error_of(pair.certificate, "junk"), "tls.key holds no PEM private key");
  EXPECT_EQ(error_of(pair.key, pair.key), "tls.crt holds no PEM certificate");
  EXPECT_EQ(error_of(pair.certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "tls.key holds a damaged private key");
}

TEST(Certificate, MegabyteOfJunkIsRefusedQuickly) {
  const PemPair pair = certificate_for({"a.example"});
  std::string junk(1 << 20, 'x');
  std::string many;
  while (many.size() < (1u << 20)) many += "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  std::string long_chain;
  while (long_chain.size() < (1u << 20)) long_chain += pair.certificate;
  const auto start = std::chrono::steady_clock::now();

  EXPECT_FALSE(load_certificate(junk, pair.key));
  EXPECT_FALSE(load_certificate(pair.certificate, junk));
  EXPECT_FALSE(load_certificate(pair.certificate, "-----BEGIN PRIVATE KEY-----\n" + junk));
  EXPECT_FALSE(load_certificate(pair.certificate, many));
  EXPECT_THAT(error_of(long_chain, pair.key), HasSubstr("more than 64 certificates"));

  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // sanitizers, busy machines
}

TEST(FakeCertificate, LooksAsTheOriginals) {
  const CertificatePtr certificate = generate_fake_certificate();

  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->key_algorithm(), "RSA");
  EXPECT_THAT(certificate->names(), ElementsAre("ingress.local"));
  EXPECT_EQ(certificate->issuer_organization(), "Acme Co");
  EXPECT_EQ(certificate->issuer_common_name(), "Kubernetes Ingress Controller Fake Certificate");
  EXPECT_NEAR(static_cast<double>(certificate->not_after()), static_cast<double>(std::time(nullptr) + 365L * 24 * 3600),
              60.0);
}

}  // namespace
}  // namespace weir::tls
