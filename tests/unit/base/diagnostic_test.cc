#include "weir/base/diagnostic.h"

#include "weir/base/result.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(Diagnostic, IsOneReadableLine) {
  const Diagnostic diagnostic{Severity::error,
                              "annotation-invalid",
                              {"Ingress", "default", "web"},
                              "limit-rps",
                              "\"x\" is no number",
                              "a.yaml",
                              12};

  EXPECT_EQ(to_string(diagnostic), "error: Ingress default/web: annotation limit-rps: \"x\" is no number (a.yaml:12)");
}

TEST(Diagnostic, SaysWhatItKnowsOnly) {
  EXPECT_EQ(to_string(Diagnostic{Severity::warning, "unreadable-file", {}, "", "is empty", "a.yaml", 0}),
            "warning: is empty (a.yaml)");
  EXPECT_EQ(to_string(Diagnostic{Severity::info, "x", {"ConfigMap", "default", "c"}, "use-gzip", "t", "", 0}),
            "info: ConfigMap default/c: key use-gzip: t");
  EXPECT_EQ(to_string(Diagnostic{Severity::error, "x", {"Ingress", "d", "w"}, "spec.rules[0].host", "t", "", 0}),
            "error: Ingress d/w: spec.rules[0].host: t");
  EXPECT_EQ(to_string(Diagnostic{Severity::error, "x", {"Ingress", "d", "w"}, "apiVersion", "t", "", 0}),
            "error: Ingress d/w: apiVersion: t");
  EXPECT_EQ(to_string(Diagnostic{Severity::error, "x", {"Ingress", "d", "w"}, "spec-like-annotation", "t", "", 0}),
            "error: Ingress d/w: annotation spec-like-annotation: t");
}

TEST(ObjectRef, ClusterWideKindsHaveNoNamespace) {
  EXPECT_EQ(to_string(ObjectRef{"IngressClass", "", "nginx"}), "IngressClass nginx");
  EXPECT_EQ(to_string(ObjectRef{"Ingress", "default", "web"}), "Ingress default/web");
  EXPECT_EQ(to_string(ObjectRef{"Ingress", "default", ""}), "Ingress default/");
  EXPECT_EQ(to_string(ObjectRef{"Ingress", "", ""}), "Ingress");
  EXPECT_EQ(to_string(ObjectRef{}), "");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 7;
  const Result<int> bad = fail("open /x: no such file", 2);

  EXPECT_EQ(good.value(), 7);
  EXPECT_EQ(bad.error().text(), "open /x: no such file");
  EXPECT_EQ(bad.error().code(), 2);
  EXPECT_THROW((void)bad.value(), std::logic_error);
}

}  // namespace
}  // namespace weir::base
