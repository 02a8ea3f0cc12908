// Certificates per host (spec 2.9) and "the host has a certificate" (spec 2.8).
#include "unit/route/fixture.h"
#include "unit/tls/make_certificate.h"

namespace weir::route::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::certificate_for;
using weir::test::PemPair;

std::shared_ptr<const kube::Secret> secret(const std::string& name, const PemPair& pair) {
  auto made = std::make_shared<kube::Secret>();
  made->meta.ns = "default";
  made->meta.name = name;
  made->type = "kubernetes.io/tls";
  made->data = {{"tls.crt", pair.certificate}, {"tls.key", pair.key}};
  return made;
}

model::TlsEntry entry(std::vector<std::string> hosts, const std::string& name,
                      std::shared_ptr<const kube::Secret> object) {
  return {std::move(hosts), {name.empty() ? "" : "default", name}, std::move(object)};
}

model::Host tls_host(const std::string& name, std::vector<model::TlsEntry> entries) {
  model::Host result = host(name, {prefix("/")});
  result.has_tls = true;
  result.tls = std::move(entries);
  return result;
}

class Certificates : public testing::Test {
 protected:
  Certificates() : router_(CompileOptions{}) {}

  // With a default certificate of its own: generating one takes a while.
  static model::PlainModel tls_model(std::vector<model::Host> hosts) {
    static const auto fallback = secret("default", certificate_for({"default.example"}));
    model::PlainModel model = model_of(std::move(hosts));
    model.default_certificate = fallback;
    return model;
  }
  void compile(std::vector<model::Host> hosts) { router_.compile(tls_model(std::move(hosts))); }
  // First name of the certificate for a server name; "default" for the default certificate.
  std::string served(std::string_view sni) {
    const tls::Certificate* certificate = router_.table().find_certificate(sni);
    if (!certificate) return "refused";
    if (certificate == router_.table().default_certificate.get()) return "default";
    return certificate->names()[0];
  }
  bool has(std::string_view name) { return router_.table().host_has_certificate(name); }

  Router router_;
  PemPair a_ = certificate_for({"a.example"});
  PemPair wild_ = certificate_for({"*.wild.example"});
};

TEST_F(Certificates, EntryThatListsTheHostDecides) {
  const PemPair both = certificate_for({"both.example", "a.example"});
  compile({tls_host("a.example",
                    {entry({"x"}, "one", secret("one", both)), entry({"a.example"}, "two", secret("two", a_))})});

  EXPECT_EQ(served("a.example"), "a.example");
  EXPECT_TRUE(router_.diagnostics().empty());
}

TEST_F(Certificates, OtherwiseTheFirstValidOneDecides) {
  const PemPair both = certificate_for({"both.example", "a.example"});
  compile({tls_host("a.example", {entry({}, "wild", secret("wild", wild_)), entry({}, "one", secret("one", both)),
                                  entry({}, "two", secret("two", a_))})});

  EXPECT_EQ(served("a.example"), "both.example");
}

TEST_F(Certificates, CertificateForOtherNamesIsNotServed) {
  compile({tls_host("b.example", {entry({"b.example"}, "one", secret("one", a_))})});

  EXPECT_EQ(served("b.example"), "default");
  EXPECT_TRUE(has("b.example")) << "the host still redirects";
  ASSERT_THAT(router_.codes(), ElementsAre("certificate-name-mismatch"));
  EXPECT_THAT(router_.diagnostics()[0].text, HasSubstr("a.example"));
}

TEST_F(Certificates, MissingAndUnnamedSecretsGiveTheDefault) {
  compile({tls_host("a.example", {entry({"a.example"}, "none", nullptr)}),
           tls_host("b.example", {entry({"b.example"}, "", nullptr)}),
           tls_host("c.example", {entry({"other"}, "", nullptr)})});

  for (const char* name : {"a.example", "b.example", "c.example"}) {
    EXPECT_EQ(served(name), "default");
    EXPECT_TRUE(has(name));
  }
}

TEST_F(Certificates, WildcardHostServesOneLabel) {
  compile({tls_host("*.wild.example", {entry({"*.wild.example"}, "wild", secret("wild", wild_))})});

  EXPECT_EQ(served("x.wild.example"), "*.wild.example");
  EXPECT_EQ(served("x.y.wild.example"), "default");
  EXPECT_EQ(served("wild.example"), "default");
  EXPECT_EQ(served(""), "default");
}

TEST_F(Certificates, PlainHostUnderATlsWildcardRedirectsAndUsesItsCertificate) {
  compile({tls_host("*.wild.example", {entry({"*.wild.example"}, "wild", secret("wild", wild_))}),
           host("a.wild.example", {prefix("/")}), host("b.example", {prefix("/")})});

  EXPECT_EQ(served("a.wild.example"), "*.wild.example");
  EXPECT_TRUE(has("a.wild.example"));
  EXPECT_TRUE(router_.host("a.wild.example").has_certificate);
  EXPECT_FALSE(router_.host("b.example").has_certificate);
  EXPECT_FALSE(has("b.example"));
  EXPECT_FALSE(has(""));
}

TEST_F(Certificates, TlsOfTheWildcardMayComeAndGo) {
  compile({host("*.wild.example", {prefix("/")}), host("a.wild.example", {prefix("/")})});
  EXPECT_FALSE(router_.host("a.wild.example").has_certificate);

  compile({tls_host("*.wild.example", {entry({}, "", nullptr)}), host("a.wild.example", {prefix("/")})});
  EXPECT_TRUE(router_.host("a.wild.example").has_certificate);

  compile({host("*.wild.example", {prefix("/")}), host("a.wild.example", {prefix("/")})});
  EXPECT_FALSE(router_.host("a.wild.example").has_certificate);
}

TEST_F(Certificates, CatchAllNeverHasACertificate) {
  model::Host catch_all = tls_host("_", {entry({"a.example"}, "one", secret("one", a_))});
  compile({catch_all});

  EXPECT_EQ(served("a.example"), "default");
  EXPECT_FALSE(router_.host("").has_certificate);
  EXPECT_FALSE(has("_"));
}

TEST_F(Certificates, AliasCountsOnlyIfTheCertificateListsIt) {
  const PemPair pair = certificate_for({"a.example", "alias.example", "*.more.example"});
  model::Host with_alias = tls_host("a.example", {entry({"a.example"}, "one", secret("one", pair))});
  with_alias.aliases = {"alias.example", "other.example", "x.more.example"};
  compile({with_alias});

  EXPECT_EQ(served("alias.example"), "a.example");
  EXPECT_EQ(served("x.more.example"), "a.example");
  EXPECT_EQ(served("other.example"), "default");
  EXPECT_TRUE(has("alias.example"));
  EXPECT_FALSE(has("other.example"));
}

TEST_F(Certificates, BrokenSecretKeepsTheLastGoodCertificate) {
  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", a_))})});
  PemPair broken = a_;
  broken.key = certificate_for({"a.example"}).key;
  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", broken))})});

  EXPECT_EQ(served("a.example"), "a.example");
  ASSERT_THAT(router_.codes(), ElementsAre("certificate-broken"));
  EXPECT_EQ(to_string(router_.diagnostics()[0].object), "Secret default/one");
  EXPECT_THAT(router_.diagnostics()[0].text, HasSubstr("last good"));

  const PemPair renewed = certificate_for({"a.example"});
  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", renewed))})});
  EXPECT_EQ(router_.table().find_certificate("a.example")->fingerprint(),
            (*tls::load_certificate(renewed.certificate, renewed.key))->fingerprint());
  EXPECT_TRUE(router_.diagnostics().empty());
}

TEST_F(Certificates, HostThatMovesToABrokenSecretKeepsItsCertificate) {
  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", a_))})});
  compile({tls_host("a.example", {entry({"a.example"}, "two", secret("two", {"junk", "junk"}))})});
  EXPECT_EQ(served("a.example"), "a.example");

  compile({tls_host("a.example", {entry({"a.example"}, "two", secret("two", {"junk", "other junk"}))})});
  EXPECT_EQ(served("a.example"), "a.example") << "still, after another broken version";
}

TEST_F(Certificates, BrokenFromTheStartGivesTheDefaultAndIsReportedEachTime) {
  const auto broken = secret("one", {"junk", "junk"});
  for (int round = 0; round < 2; ++round) {
    compile({tls_host("a.example", {entry({"a.example"}, "one", broken)})});
    EXPECT_EQ(served("a.example"), "default");
    EXPECT_THAT(router_.codes(), ElementsAre("certificate-broken"));
  }
}

TEST_F(Certificates, DeletedSecretTakesItsCertificateAlong) {
  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", a_))})});
  compile({tls_host("a.example", {entry({"a.example"}, "one", nullptr)})});
  EXPECT_EQ(served("a.example"), "default");

  compile({tls_host("a.example", {entry({"a.example"}, "one", secret("one", {"junk", "junk"}))})});
  EXPECT_EQ(served("a.example"), "default") << "nothing good is remembered";
}

TEST_F(Certificates, HostsOfOneSecretShareOneCertificateObject) {
  const PemPair pair = certificate_for({"a.example", "b.example"});
  const auto shared = secret("one", pair);
  compile({tls_host("a.example", {entry({"a.example"}, "one", shared)}),
           tls_host("b.example", {entry({"b.example"}, "one", shared)})});

  EXPECT_EQ(router_.table().find_certificate("a.example"), router_.table().find_certificate("b.example"));
}

TEST_F(Certificates, WwwRedirectUsesTheTargetsCertificateIfItCoversTheName) {
  const PemPair both = certificate_for({"a.example", "www.a.example"});
  model::Host covered;
  covered.name = "www.a.example";
  covered.www_redirect_to = "a.example";
  model::Host uncovered;
  uncovered.name = "www.b.example";
  uncovered.www_redirect_to = "b.example";
  compile({covered, uncovered, tls_host("a.example", {entry({"a.example"}, "one", secret("one", both))}),
           tls_host("b.example", {entry({"b.example"}, "two", secret("two", certificate_for({"b.example"})))})});

  EXPECT_EQ(served("www.a.example"), "a.example");
  EXPECT_EQ(served("www.b.example"), "default");
}

TEST_F(Certificates, DefaultCertificateIsTheFlagsOrAGeneratedOne) {
  router_.compile(model_of({}));
  const tls::CertificatePtr generated = router_.table().default_certificate;
  ASSERT_TRUE(generated);
  EXPECT_TRUE(router_.table().default_certificate_generated);
  EXPECT_THAT(generated->names(), ElementsAre("ingress.local"));
  router_.compile(model_of({}));
  EXPECT_EQ(router_.table().default_certificate, generated) << "made once";

  model::PlainModel model = model_of({});
  model.default_certificate = secret("fallback", a_);
  router_.compile(model);
  EXPECT_THAT(router_.table().default_certificate->names(), ElementsAre("a.example"));
  EXPECT_FALSE(router_.table().default_certificate_generated);

  model.default_certificate = secret("fallback", {"junk", "junk"});
  router_.compile(model);
  EXPECT_THAT(router_.table().default_certificate->names(), ElementsAre("a.example"));
  EXPECT_THAT(router_.codes(), ElementsAre("certificate-broken"));
}

TEST_F(Certificates, RejectHandshakeRefusesNamesWithoutAHost) {
  model::PlainModel model = tls_model({tls_host("a.example", {entry({"a.example"}, "one", secret("one", a_))}),
                                       host("plain.example", {prefix("/")}), host("*.w.example", {prefix("/")})});
  model.hosts[0].aliases.clear();
  features::Settings settings;
  settings.ssl_reject_handshake = true;
  model.settings = std::make_shared<const features::Settings>(settings);
  router_.compile(model);

  EXPECT_EQ(served("a.example"), "a.example");
  EXPECT_EQ(served("plain.example"), "default");
  EXPECT_EQ(served("x.w.example"), "default");
  EXPECT_EQ(served("unknown.example"), "refused");
  EXPECT_EQ(served(""), "refused");
}

TEST_F(Certificates, ContextStaysWhileTlsSettingsStay) {
  compile({});
  const tls::ServerContextPtr context = router_.table().tls_context;
  ASSERT_TRUE(context);
  model::PlainModel model = tls_model({});
  features::Settings settings;
  settings.http_redirect_code = 301;
  model.settings = std::make_shared<const features::Settings>(settings);
  router_.compile(model);
  EXPECT_EQ(router_.table().tls_context, context);

  settings.ssl_protocols = "TLSv1.3";
  model.settings = std::make_shared<const features::Settings>(settings);
  router_.compile(model);
  EXPECT_NE(router_.table().tls_context, context);
}

TEST_F(Certificates, UnusableTlsSettingsFallBackOneByOneAndAreReported) {
  model::PlainModel model = tls_model({});
  features::Settings settings;
  settings.ssl_protocols = "TLSv7";
  settings.ssl_ciphers = "NONE-SUCH";
  settings.ssl_ecdh_curve = "P-256";
  model.settings = std::make_shared<const features::Settings>(settings);
  for (int round = 0; round < 2; ++round) {
    router_.compile(model);

    EXPECT_TRUE(router_.table().tls_context);
    ASSERT_THAT(router_.codes(), ElementsAre("setting-invalid", "setting-invalid"));
    EXPECT_EQ(router_.diagnostics()[0].key, "ssl-protocols");
    EXPECT_EQ(router_.diagnostics()[1].key, "ssl-ciphers");
    EXPECT_EQ(router_.diagnostics()[1].text, "\"NONE-SUCH\" names no cipher that is available; the default is used");
  }
}

}  // namespace
}  // namespace weir::route::test
