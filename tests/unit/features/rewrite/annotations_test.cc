#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(RewriteAnnotations, FillThePolicy) {
  const RewritePolicy policy =
      read(
          {{"use-regex", "true"}, {"rewrite-target", "/$1/x"}, {"app-root", "/start"}, {"x-forwarded-prefix", "/p/$2"}})
          .policies.rewrite;

  EXPECT_EQ(policy, (RewritePolicy{true, "/$1/x", "/start", "/p/$2"}));
  EXPECT_EQ(read({}).policies.rewrite, RewritePolicy{});
}

TEST(RewriteAnnotations, BadCharactersFallBackOrRefuse) {
  EXPECT_EQ(outcome({{"use-regex", "yes"}}), "warning annotation-invalid use-regex\n");
  EXPECT_EQ(outcome({{"rewrite-target", "/a b"}}), "warning annotation-invalid rewrite-target\n");
  EXPECT_EQ(read({{"rewrite-target", "/a;b"}}).policies.rewrite.target, "");
  EXPECT_EQ(outcome({{"app-root", "/a?b"}}), "warning annotation-invalid app-root\n");
  EXPECT_EQ(outcome({{"x-forwarded-prefix", "/a?b"}}), "ING");
}

TEST(RewriteAnnotations, AppRootMustBeAnAbsolutePath) {
  for (const char* bad : {"http://x/y", "start"}) {
    const ReadResult result = read({{"app-root", bad}});

    EXPECT_EQ(result.policies.rewrite.app_root, "") << bad;
    EXPECT_EQ(lines(result), "warning annotation-invalid app-root\n") << bad;
    EXPECT_TRUE(result.used.empty()) << bad;
  }
}

TEST(RewriteAnnotations, AnUnknownVariableDeniesOnlyThisObject) {
  EXPECT_EQ(outcome({{"rewrite-target", "/$nosuch"}}), "503 rewrite-target-invalid");
  EXPECT_EQ(outcome({{"app-root", "/$nosuch"}}), "503 app-root-invalid");
  EXPECT_EQ(outcome({{"x-forwarded-prefix", "/$nosuch"}}), "503 x-forwarded-prefix-invalid");
  EXPECT_EQ(outcome({{"rewrite-target", "/$1$host"}}), "ok");
}

}  // namespace
}  // namespace weir::features
