#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::outcome;
using testing::read;

ProxySslPolicy policy_of(const char* key, const char* value) {
  return read({{"proxy-ssl-secret", "ns/ca"}, {key, value}}).policies.proxy_ssl;
}

std::string outcome_of(const char* key, const char* value) {
  return outcome({{"proxy-ssl-secret", "ns/ca"}, {key, value}});
}

TEST(ProxySslAnnotations, ValuesFillThePolicy) {
  EXPECT_EQ(policy_of("proxy-ssl-verify", "on").secret, "ns/ca");
  EXPECT_TRUE(policy_of("proxy-ssl-verify", "on").verify);
  EXPECT_TRUE(policy_of("proxy-ssl-server-name", "on").server_name);
  EXPECT_EQ(policy_of("proxy-ssl-name", "web.internal").name, "web.internal");
  EXPECT_EQ(policy_of("proxy-ssl-ciphers", "HIGH:!aNULL").ciphers, "HIGH:!aNULL");
  EXPECT_EQ(policy_of("proxy-ssl-verify-depth", "3").verify_depth, 3);
  EXPECT_EQ(policy_of("proxy-ssl-verify-depth", "0").verify_depth, 1);
}

TEST(ProxySslAnnotations, ProtocolsAreASetAndTls12ByDefault) {
  const ProxySslPolicy none = policy_of("proxy-ssl-verify", "off");
  EXPECT_TRUE(none.tls12 && !none.tls13);
  const ProxySslPolicy both = policy_of("proxy-ssl-protocols", "TLSv1.3 TLSv1.2");
  EXPECT_TRUE(both.tls12 && both.tls13);
  const ProxySslPolicy newest = policy_of("proxy-ssl-protocols", "TLSv1.3");
  EXPECT_TRUE(!newest.tls12 && newest.tls13);
}

TEST(ProxySslAnnotations, BadValuesFallBack) {
  const std::pair<const char*, const char*> bad[] = {{"proxy-ssl-ciphers", "@"},      {"proxy-ssl-protocols", "SSLv3"},
                                                     {"proxy-ssl-name", "a b"},       {"proxy-ssl-verify", "true"},
                                                     {"proxy-ssl-verify-depth", "x"}, {"proxy-ssl-server-name", "x"}};
  for (const auto& [key, value] : bad) {
    EXPECT_EQ(outcome_of(key, value), std::string("warning annotation-invalid ") + key + "\n");
  }
}

TEST(ProxySslAnnotations, ValuesThatCannotBeHonouredClose) {
  EXPECT_EQ(outcome({{"proxy-ssl-secret", "name"}}), "503 proxy-ssl-secret-invalid");
  EXPECT_EQ(outcome({{"proxy-ssl-secret", "a/b/c"}}), "503 proxy-ssl-secret-invalid");
  EXPECT_EQ(outcome({{"proxy-ssl-secret", "a;b"}}), "ING");
  EXPECT_EQ(outcome_of("proxy-ssl-name", "$host"), "503 proxy-ssl-name-invalid");
  EXPECT_EQ(outcome_of("proxy-ssl-verify-depth", "-1"), "503 proxy-ssl-verify-depth-invalid");
}

}  // namespace
}  // namespace weir::features
