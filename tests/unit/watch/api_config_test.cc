#include "weir/watch/api_config.h"

#include "unit/watch/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConfig = R"(apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {cluster: c, user: u, namespace: team}
- name: two
  context: {cluster: c, user: basic}
clusters:
- name: c
  cluster:
    server: https://api.example:6443/base/
    certificate-authority: pki/ca.crt
    tls-server-name: inner.example
users:
- name: u
  user: {token: abc}
- name: basic
  user: {username: me, password: secret}
)";

class ApiConfigTest : public testing::Test {
 protected:
  base::Result<ApiConfig> load(const ApiFlags& flags) {
    ApiEnvironment environment;
    environment.variable = [this](const char* name) -> std::optional<std::string> {
      const auto it = variables.find(name);
      return it == variables.end() ? std::nullopt : std::optional(it->second);
    };
    environment.service_account = folder.path();
    return load_api_config(flags, environment);
  }
  base::Result<ApiConfig> load_text(const std::string& text, bool allow_insecure = false) {
    folder.write("config", text);
    ApiFlags flags;
    flags.kubeconfig = folder / "config";
    flags.allow_insecure = allow_insecure;
    return load(flags);
  }
  std::string with_user(const std::string& user) {
    return "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
           "clusters: [{name: c, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: " +
           user + "}]\n";
  }
  std::string with_cluster(const std::string& cluster) {
    return "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: " +
           cluster + "}]\n";
  }
  std::string problem(const std::string& text) {
    const auto config = load_text(text);
    return config ? "no problem" : config.error().text();
  }

  TempFolder folder;
  std::map<std::string, std::string> variables;
};

TEST_F(ApiConfigTest, APodUsesItsServiceAccount) {
  folder.write("token", "t");
  folder.write("ca.crt", "c");
  folder.write("namespace", "web\n");
  variables = {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "6443"}, {"KUBECONFIG", "/none"}};

  const auto config = load({});

  ASSERT_TRUE(config) << config.error().text();
  EXPECT_TRUE(config->tls);
  EXPECT_EQ(authority_of(*config), "[fd00::1]:6443");
  EXPECT_EQ(config->token_file, folder / "token");
  EXPECT_EQ(config->ca_file, folder / "ca.crt");
  EXPECT_EQ(config->ns, "web");
}

TEST_F(ApiConfigTest, APodWithoutATokenIsToldWhy) {
  variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}};

  EXPECT_THAT(load({}).error().text(), HasSubstr("automountServiceAccountToken"));
}

TEST_F(ApiConfigTest, WithoutAnythingTheErrorNamesTheWays) {
  EXPECT_THAT(load({}).error().text(), HasSubstr("--manifests"));
}

TEST_F(ApiConfigTest, AKubeconfigGivesClusterUserAndNamespaceOfItsContext) {
  const auto config = load_text(kConfig);

  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->host, "api.example");
  EXPECT_EQ(config->port, 6443);
  EXPECT_EQ(config->base_path, "/base");
  EXPECT_EQ(config->server_name, "inner.example");
  EXPECT_EQ(config->ca_file, folder / "pki/ca.crt");
  EXPECT_EQ(config->token, "abc");
  EXPECT_EQ(config->ns, "team");
}

TEST_F(ApiConfigTest, AnotherContextCanBeNamed) {
  folder.write("config", kConfig);
  ApiFlags flags;
  flags.kubeconfig = folder / "config";
  flags.context = "two";
  EXPECT_EQ(load(flags)->username, "me");

  flags.context = "three";
  EXPECT_THAT(load(flags).error().text(), HasSubstr("no context \"three\""));
}

TEST_F(ApiConfigTest, SeveralFilesAreMergedTheFirstWins) {
  folder.write("a", "current-context: two\nusers: [{name: basic, user: {username: first, password: p}}]\n");
  folder.write("b", kConfig);
  variables["KUBECONFIG"] = (folder / "a") + ":" + (folder / "missing") + ":" + (folder / "b");

  const auto config = load({});

  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->username, "first");
  EXPECT_EQ(config->host, "api.example");
}

TEST_F(ApiConfigTest, ClientCertificatesComeAsDataOrFiles) {
  const auto data = load_text(with_user("{client-certificate-data: Q0VSVA==, client-key-data: S0VZ}"));
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ(data->client_cert, "CERT");
  EXPECT_EQ(data->client_key, "KEY");

  const auto files = load_text(with_user("{client-certificate: c.pem, client-key: /k.pem}"));
  ASSERT_TRUE(files);
  EXPECT_EQ(files->client_cert_file, folder / "c.pem");
  EXPECT_EQ(files->client_key_file, "/k.pem");

  EXPECT_THAT(problem(with_user("{client-certificate: c.pem}")), HasSubstr("needs its key"));
  EXPECT_THAT(problem(with_user("{client-certificate-data: '%%', client-key-data: S0VZ}")), HasSubstr("no base64"));
}

TEST_F(ApiConfigTest, ACredentialPluginIsReadWithItsArguments) {
  const auto config =
      load_text(with_user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/get, args: [a, b], "
                          "env: [{name: K, value: v}], interactiveMode: Never, provideClusterInfo: true}}"));

  ASSERT_TRUE(config) << config.error().text();
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, folder / "bin/get");
  EXPECT_THAT(config->exec->arguments, ElementsAre("a", "b"));
  EXPECT_TRUE(config->exec->provide_cluster_info);
}

TEST_F(ApiConfigTest, WhatCannotBeHonouredIsRefused) {
  EXPECT_THAT(problem(with_cluster("{server: 'https://h', proxy-url: 'http://p'}")), HasSubstr("proxy-url"));
  EXPECT_THAT(problem(with_user("{auth-provider: {name: gcp}}")), HasSubstr("auth-provider"));
  EXPECT_THAT(problem(with_user("{as: root}")), HasSubstr("impersonation"));
  EXPECT_THAT(problem(with_user("{exec: {apiVersion: v0, command: x}}")), HasSubstr("exec.apiVersion"));
  EXPECT_THAT(problem(with_user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
                                "interactiveMode: Always}}")),
              HasSubstr("terminal"));
  EXPECT_THAT(problem(with_user("{token: t, username: u}")), HasSubstr("not both"));
}

TEST_F(ApiConfigTest, AnUnverifiedServerNeedsAFlagOfItsOwn) {
  const std::string text = with_cluster("{server: 'https://h', insecure-skip-tls-verify: true}");

  EXPECT_THAT(problem(text), HasSubstr("--allow-insecure-kubeconfig"));
  EXPECT_TRUE(load_text(text, true)->insecure);
}

TEST_F(ApiConfigTest, BrokenFilesAreErrorsThatNameThem) {
  EXPECT_THAT(problem("a: [\n"), HasSubstr(folder / "config"));
  EXPECT_THAT(problem("- a\n"), HasSubstr("no kubeconfig"));
  EXPECT_THAT(problem("kind: Pod\n"), HasSubstr("kind is Pod"));
  EXPECT_THAT(problem(""), HasSubstr("current-context"));
  EXPECT_THAT(problem("current-context: x\n"), HasSubstr("no context"));
  EXPECT_THAT(problem("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"), HasSubstr("no cluster"));
  ApiFlags flags;
  flags.kubeconfig = folder / "missing";
  EXPECT_THAT(load(flags).error().text(), HasSubstr("missing"));
}

TEST_F(ApiConfigTest, AddressesAreReadWithAndWithoutSchemeAndPort) {
  const auto at = [this](const std::string& address) {
    ApiFlags flags;
    flags.apiserver_host = address;
    const auto config = load(flags);
    if (!config) return "error: " + config.error().text();
    return std::string(config->tls ? "https " : "http ") + authority_of(*config) + config->base_path;
  };
  EXPECT_EQ(at("https://10.0.0.1:6443"), "https 10.0.0.1:6443");
  EXPECT_EQ(at("http://127.0.0.1:8001"), "http 127.0.0.1:8001");
  EXPECT_EQ(at("HTTPS://h/p/"), "https h/p");
  EXPECT_EQ(at("10.0.0.1:8080"), "http 10.0.0.1:8080");
  EXPECT_EQ(at("https://[::1]:443"), "https [::1]");
  for (const char* bad : {"ftp://h", "https://", "https://h:0", "https://h:99999", "https://h:x", "https://u@h",
                          "https://[::1", "https://h/a?b", "https://h\n"}) {
    EXPECT_THAT(at(bad), HasSubstr("error: --apiserver-host")) << bad;
  }
}

TEST_F(ApiConfigTest, AnAuthorityNeedsAnAddressOverTls) {
  ApiFlags flags;
  flags.certificate_authority = folder / "ca";
  EXPECT_THAT(load(flags).error().text(), HasSubstr("needs --apiserver-host"));
  flags.apiserver_host = "http://h";
  EXPECT_THAT(load(flags).error().text(), HasSubstr("https://"));
  flags.apiserver_host = "https://h";
  EXPECT_THAT(load(flags).error().text(), HasSubstr("open"));
  folder.write("ca", "pem");
  EXPECT_EQ(load(flags)->ca_file, folder / "ca");
}

}  // namespace
}  // namespace weir::watch
