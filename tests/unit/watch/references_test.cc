#include "watch/reference_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::watch {
namespace {

using Kind = Reference::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(References, AnIngressNamesSecretsAndConfigMapsByTlsAndAnnotations) {
  kube::Ingress ingress;
  ingress.meta.ns = "a";
  ingress.tls = {{{"h"}, "cert"}, {{"i"}, ""}};
  ingress.meta.annotations = {{"p/auth-secret", " users "},
                              {"p/auth-tls-secret", "b/ca"},
                              {"p/custom-headers", "c/h"},
                              {"p/proxy-ssl-secret", "b/c/d"},
                              {"other/auth-secret", "x"}};

  EXPECT_THAT(references_of(ingress, "p"),
              ElementsAre(Reference{Kind::secret, {"a", "cert"}}, Reference{Kind::secret, {"a", "users"}},
                          Reference{Kind::secret, {"b", "ca"}}, Reference{Kind::config_map, {"c", "h"}}));
}

TEST(References, TheGlobalConfigMapNamesWhateverLooksLikeAName) {
  kube::ConfigMap settings;
  settings.data = {{"add-headers", "n/h"}, {"x", "no"}, {"y", "/n"}, {"z", "https://a/b"}};

  EXPECT_THAT(references_of(settings),
              ElementsAre(Reference{Kind::secret, {"n", "h"}}, Reference{Kind::config_map, {"n", "h"}}));
}

TEST(ReferenceBook, WhatSeveralNameIsUnusedWhenTheLastOneForgetsIt) {
  ReferenceBook book;
  const Reference cert{Kind::secret, {"a", "cert"}};
  book.set({"Ingress", {"a", "x"}}, {cert});
  book.set({"Ingress", {"a", "y"}}, {cert});

  EXPECT_THAT(book.forget({"Ingress", {"a", "x"}}), IsEmpty());
  EXPECT_TRUE(book.has(cert));
  EXPECT_THAT(book.forget({"Ingress", {"a", "y"}}), ElementsAre(cert));
  EXPECT_FALSE(book.has(cert));
}

TEST(ReferenceBook, WhatAnEarlierVersionNamedIsKeptUpToALimit) {
  ReferenceBook book;
  const ReferenceBook::Owner owner{"Ingress", {"a", "x"}};
  for (std::size_t i = 0; i < ReferenceBook::kMaxKept; ++i) {
    EXPECT_THAT(book.set(owner, {{Kind::secret, {"a", std::to_string(i)}}}), IsEmpty());
  }

  const References unused = book.set(owner, {{Kind::secret, {"a", "last"}}});

  EXPECT_EQ(unused.size(), ReferenceBook::kMaxKept);
  EXPECT_TRUE(book.has({Kind::secret, {"a", "last"}}));
}

}  // namespace
}  // namespace weir::watch
