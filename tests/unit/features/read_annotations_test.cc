#include "unit/features/reading.h"

#include <gmock/gmock.h>

namespace weir::features {
namespace {

using ::testing::HasSubstr;
using testing::Keys;
using testing::kIngress;
using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(ReadAnnotations, NothingGivesTheDefaultsOfTheConfigMap) {
  const Settings from = settings({{"proxy-body-size", "2m"}, {"ssl-redirect", "false"}});

  const ReadResult result = read({}, from);

  EXPECT_EQ(result.policies, from.defaults);
  EXPECT_EQ(result.policies.proxy.body_size, 2u * 1024 * 1024);
  EXPECT_FALSE(result.policies.https_redirect.ssl_redirect);
  EXPECT_TRUE(result.used.empty());
  EXPECT_TRUE(result.diagnostics.empty());
}

TEST(ReadAnnotations, UnknownKeysAreNamedWithTheNearest) {
  const ReadResult result = read({{"rewrite-targt", "/"}, {"session-cookie-hash", "sha1"}});

  ASSERT_EQ(result.diagnostics.size(), 2u);
  EXPECT_EQ(lines(result),
            "warning annotation-unknown rewrite-targt\nwarning annotation-unknown session-cookie-hash\n");
  EXPECT_THAT(result.diagnostics[0].text, HasSubstr("did you mean rewrite-target?"));
  EXPECT_EQ(result.diagnostics[0].object, kIngress);
  EXPECT_FALSE(result.refused);
}

TEST(ReadAnnotations, OtherPrefixesAreNotRead) {
  const std::map<std::string, std::string> annotations = {
      {"kubernetes.io/ingress.class", "nginx"}, {"cert-manager.io/issuer", "x"}, {"nginx.org/rewrite-target", "/"}};

  const ReadResult result = read_annotations(annotations, kIngress, settings(), {});

  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.policies, settings().defaults);
}

TEST(ReadAnnotations, ACustomPrefixIsReadAndTheUsualOneIsAnError) {
  ReadOptions options;
  options.prefix = "my.prefix";
  const std::map<std::string, std::string> annotations = {{"my.prefix/use-regex", "true"},
                                                          {"nginx.ingress.kubernetes.io/use-regex", "false"}};

  const ReadResult result = read_annotations(annotations, kIngress, settings(), options);

  EXPECT_TRUE(result.policies.rewrite.use_regex);
  EXPECT_EQ(lines(result), "error annotation-prefix nginx.ingress.kubernetes.io/use-regex\n");
  EXPECT_FALSE(result.refused);
}

TEST(ReadAnnotations, UsedHoldsTheValueAsWritten) {
  const ReadResult result =
      read({{"proxy-next-upstream", "error timeout"}, {"hsts", "bad"}, {"fastcgi-index", "index.php"}});

  EXPECT_EQ(result.used, (Keys{{"proxy-next-upstream", "error timeout"}}));
}

TEST(ReadAnnotations, RefusalNamesTheAnnotationWithItsPrefix) {
  const ReadResult result = read({{"permanent-redirect", "http://x/$request_uri"}});

  EXPECT_TRUE(result.refused);
  EXPECT_EQ(result.refused_text, "annotation nginx.ingress.kubernetes.io/permanent-redirect contains invalid value");
  EXPECT_EQ(lines(result), "error annotation-refused permanent-redirect\n");
}

TEST(ReadAnnotations, ARefusedObjectNamesItsOtherMistakesToo) {
  const ReadResult result = read({{"upstream-vhost", "a;b"}, {"use-regex", "yes"}, {"limit-rps", "many"}});

  EXPECT_TRUE(result.refused);
  EXPECT_EQ(lines(result),
            "error annotation-refused limit-rps\nerror annotation-refused upstream-vhost\n"
            "warning annotation-invalid use-regex\n");
}

TEST(ReadAnnotations, ValidatorsSeeTheValueAsWritten) {
  EXPECT_EQ(outcome({{"app-root", " /z"}}), "warning annotation-invalid app-root\n");
  EXPECT_EQ(outcome({{"permanent-redirect", "  http://x/y  "}}), "ING");
  EXPECT_EQ(outcome({{"upstream-vhost", "a\r\nX-Evil: 1"}}), "ING");
  EXPECT_EQ(outcome({{"rewrite-target", "/a\n"}}), "warning annotation-invalid rewrite-target\n");
}

TEST(ReadAnnotations, EmptyAfterTrimmingIsReportedAndTreatedAsAbsent) {
  const ReadResult result = read({{"upstream-vhost", " \n\t"}, {"use-regex", ""}});

  EXPECT_FALSE(result.refused);
  EXPECT_EQ(result.policies, settings().defaults);
  EXPECT_EQ(lines(result), "warning annotation-empty upstream-vhost\nwarning annotation-empty use-regex\n");
}

TEST(ReadAnnotations, WithoutValidationTypesAreStillNeeded) {
  ReadOptions options;
  options.validate = false;

  const ReadResult result =
      read({{"limit-rps", "many"}, {"proxy-read-timeout", "1h"}, {"use-regex", "yes"}}, settings(), options);

  EXPECT_FALSE(result.refused);
  EXPECT_EQ(result.policies, settings().defaults);
  EXPECT_EQ(lines(result),
            "warning annotation-invalid limit-rps\nwarning annotation-invalid proxy-read-timeout\n"
            "warning annotation-invalid use-regex\n");
}

TEST(ReadAnnotations, WithoutValidationCharactersAreFreeButControlCharactersAreNot) {
  ReadOptions options;
  options.validate = false;

  const ReadResult free = read({{"permanent-redirect", "http://x/#a"}, {"upstream-vhost", "a;b"}}, settings(), options);
  const ReadResult injected = read({{"upstream-vhost", "a\nX-Evil: 1"}}, settings(), options);

  EXPECT_EQ(free.policies.redirect.url, "http://x/#a");
  EXPECT_EQ(free.policies.upstream_host.value, "a;b");
  EXPECT_EQ(injected.policies.deny.reason, "upstream-vhost-invalid");
  EXPECT_EQ(read({{"permanent-redirect", "http://x/\r\nX-Evil: 1"}}, settings(), options).policies.redirect.url, "");
}

TEST(ReadAnnotations, TheRiskGateRefusesTheObject) {
  const ReadResult critical = read({{"configuration-snippet", "return 403;"}});
  const ReadResult low = read({{"rewrite-target", "/"}}, settings({{"annotations-risk-level", "Low"}}));
  const ReadResult medium = read({{"rewrite-target", "/"}}, settings({{"annotations-risk-level", "Medium"}}));

  EXPECT_TRUE(critical.refused);
  EXPECT_EQ(critical.refused_text,
            "annotation group ConfigurationSnippet contains risky annotation based on ingress configuration");
  EXPECT_EQ(lines(critical),
            "error annotation-risky configuration-snippet\nerror annotation-snippet configuration-snippet\n");
  EXPECT_EQ(low.refused_text, "annotation group Rewrite contains risky annotation based on ingress configuration");
  EXPECT_FALSE(medium.refused);
}

TEST(ReadAnnotations, TheRiskGateSeesAliasesAndEmptyValues) {
  const Settings low = settings({{"annotations-risk-level", "Low"}});

  EXPECT_TRUE(read({{"whitelist-source-range", "10.0.0.0/8"}}, low).refused);
  EXPECT_TRUE(read({{"app-root", ""}}, low).refused);
}

TEST(ReadAnnotations, TheFirstDenialGivesTheReason) {
  EXPECT_EQ(outcome({{"enable-modsecurity", "true"}, {"proxy-buffers-number", "1"}}), "503 enable-modsecurity-planned");
}

TEST(ReadAnnotations, DeprecatedNamesAreWarnings) {
  const ReadResult result = read({{"enable-influxdb", "true"}, {"secure-verify-ca-secret", "x"}});

  EXPECT_EQ(lines(result),
            "warning annotation-deprecated enable-influxdb\nwarning annotation-deprecated secure-verify-ca-secret\n");
  EXPECT_EQ(result.diagnostics[0].text, "annotation enable-influxdb is deprecated");
}

TEST(ReadAnnotations, NoOpsAreToldAsInformation) {
  EXPECT_EQ(outcome({{"http2-push-preload", "true"}}), "info annotation-noop http2-push-preload\n");
  EXPECT_EQ(outcome({{"http2-push-preload", "false"}}), "ok");
  EXPECT_EQ(outcome({{"http2-push-preload", "maybe"}}), "ING");
}

TEST(ReadAnnotations, AnyBytesGiveADefinedOutcome) {
  const std::string bytes("\0\xff\x80${|}\"'`\\;\r\n", 14);
  for (const AnnotationRow& row : annotation_table()) {
    const ReadResult result = read({{std::string(row.key), bytes}});

    EXPECT_FALSE(result.diagnostics.empty()) << row.key;
  }
}

TEST(ReadAnnotations, BlockedWordsAreFoundInOurAnnotationsOnly) {
  const Settings from = settings({{"annotation-value-word-blocklist", "load_module, lua_package"}});
  const std::map<std::string, std::string> ours = {{"nginx.ingress.kubernetes.io/auth-url", "x lua_package y"}};
  const std::map<std::string, std::string> foreign = {{"example.com/auth-url", "load_module"}};

  const auto found = find_blocked_word(ours, from, "nginx.ingress.kubernetes.io");

  ASSERT_TRUE(found);
  EXPECT_EQ(found->text(), "nginx.ingress.kubernetes.io/auth-url annotation contains invalid word lua_package");
  EXPECT_FALSE(find_blocked_word(foreign, from, "nginx.ingress.kubernetes.io"));
  EXPECT_FALSE(find_blocked_word(ours, settings(), "nginx.ingress.kubernetes.io"));
}

}  // namespace
}  // namespace weir::features
