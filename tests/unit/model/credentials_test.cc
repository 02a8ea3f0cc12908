#include "weir/model/build.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::HasSubstr;

void add_secret(Cluster& cluster, const std::string& ns, const std::string& name,
                std::map<std::string, std::string> data) {
  kube::Secret secret;
  secret.meta.ns = ns;
  secret.meta.name = name;
  secret.data = std::move(data);
  cluster.state.secrets[{ns, name}] = std::make_shared<kube::Secret>(std::move(secret));
}

IngressBuilder guarded(const std::string& secret) {
  return ing("a").path("a.example", "/x", "web").annotation("auth-type", "basic").annotation("auth-secret", secret);
}

features::Policies policies_of(const Cluster& cluster, const std::string& path = "/x") {
  return find_location(cluster.built().model, "a.example", path)->policies;
}

TEST(Credentials, AnAuthFileSecretIsReadIntoThePolicy) {
  Cluster cluster;
  cluster.add(guarded("users"));
  add_secret(cluster, "default", "users", {{"auth", "bob:{PLAIN}x\n"}});
  const features::Policies policies = policies_of(cluster);

  EXPECT_FALSE(policies.deny.denied()) << policies.deny.reason;
  ASSERT_NE(policies.auth.users, nullptr);
  EXPECT_NE(policies.auth.users->find("bob"), nullptr);
}

TEST(Credentials, AnAuthMapSecretHasAKeyForEachUser) {
  Cluster cluster;
  cluster.add(guarded("default/users").annotation("auth-secret-type", "auth-map"));
  add_secret(cluster, "default", "users", {{"bob", "{PLAIN}x"}});

  ASSERT_NE(policies_of(cluster).auth.users, nullptr);
  EXPECT_NE(policies_of(cluster).auth.users->find("bob"), nullptr);
}

TEST(Credentials, AMissingSecretCloses) {
  Cluster cluster;
  cluster.add(guarded("users"));

  EXPECT_EQ(policies_of(cluster).deny.reason, "auth-secret-missing");
  EXPECT_EQ(policies_of(cluster, "/").deny.reason, "auth-secret-missing");
}

TEST(Credentials, ASecretWithoutTheKeyAuthCloses) {
  Cluster cluster;
  cluster.add(guarded("users"));
  add_secret(cluster, "default", "users", {{"htpasswd", "bob:{PLAIN}x"}});

  EXPECT_EQ(policies_of(cluster).deny.reason, "auth-secret-broken");
}

TEST(Credentials, ASecretOfAnotherNamespaceNeedsThePermission) {
  Cluster cluster;
  cluster.add(guarded("other/users"));
  add_secret(cluster, "other", "users", {{"auth", "bob:{PLAIN}x"}});
  EXPECT_EQ(policies_of(cluster).deny.reason, "auth-secret-foreign");

  cluster.settings({{"allow-cross-namespace-resources", "true"}});
  EXPECT_FALSE(policies_of(cluster).deny.denied());
  EXPECT_NE(policies_of(cluster).auth.users, nullptr);
}

TEST(Credentials, AnEmptyListLetsNobodyInAndStaysClosed) {
  Cluster cluster;
  cluster.add(guarded("users"));
  add_secret(cluster, "default", "users", {{"auth", ""}});
  const features::Policies policies = policies_of(cluster);

  EXPECT_TRUE(policies.auth.basic);
  ASSERT_NE(policies.auth.users, nullptr);
  EXPECT_TRUE(policies.auth.users->all.empty());
}

TEST(Credentials, UnusableEntriesAreToldWithoutTheirText) {
  Cluster cluster;
  cluster.add(guarded("users"));
  add_secret(cluster, "default", "users", {{"auth", "bob:s3cret\n"}});
  std::string text;
  for (const base::Diagnostic& one : cluster.built().diagnostics) text += one.code + " " + one.text + "\n";

  EXPECT_THAT(text, HasSubstr("credentials-unusable"));
  EXPECT_THAT(text, testing::Not(HasSubstr("s3cret")));
}

TEST(Credentials, DigestAuthenticationReadsTheLinesOfItsRealm) {
  Cluster cluster;
  cluster.add(ing("a")
                  .path("a.example", "/x", "web")
                  .annotation("auth-type", "digest")
                  .annotation("auth-secret", "users")
                  .annotation("auth-realm", "here"));
  add_secret(cluster, "default", "users",
             {{"auth", "bob:here:939E7578ED9E3C518A452ACEE763BCE9\neve:there:939e7578ed9e3c518a452acee763bce9\n"}});
  const features::Policies policies = policies_of(cluster);

  EXPECT_FALSE(policies.deny.denied());
  ASSERT_NE(policies.auth.users, nullptr);
  ASSERT_EQ(policies.auth.users->all.size(), 1u);
  EXPECT_EQ(policies.auth.users->all[0].name, "bob");
  EXPECT_EQ(policies.auth.users->all[0].hash, "939e7578ed9e3c518a452acee763bce9");
}

TEST(Credentials, PathsOfNoAuthLocationsAreOpen) {
  Cluster cluster;
  cluster.add(guarded("users").path("a.example", "/.well-known/acme-challenge/t", "web"));
  add_secret(cluster, "default", "users", {{"auth", "bob:{PLAIN}x"}});

  EXPECT_FALSE(policies_of(cluster, "/.well-known/acme-challenge/t").auth.basic);
  EXPECT_TRUE(policies_of(cluster).auth.basic);
}

}  // namespace
}  // namespace weir::model
