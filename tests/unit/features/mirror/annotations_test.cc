#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::outcome;
using testing::read;

MirrorPolicy mirror(const testing::Keys& keys) {
  return read(keys).policies.mirror;
}

TEST(MirrorAnnotations, FillThePolicy) {
  const MirrorPolicy policy =
      mirror({{"mirror-target", "http://h$request_uri"}, {"mirror-host", "of.$host"}, {"mirror-request-body", "off"}});

  EXPECT_TRUE(policy.on());
  EXPECT_EQ(policy.target.source(), "http://h$request_uri");
  EXPECT_EQ(policy.host.source(), "of.$host");
  EXPECT_FALSE(policy.body);
  EXPECT_FALSE(mirror({}).on());
  EXPECT_TRUE(mirror({}).body);
}

TEST(MirrorAnnotations, ATargetThatLeadsNowhereIsNoMirror) {
  for (const char* target : {"h/x", "ftp://h/", "http://", "http:///x", "http://:80/", "http://a..b/", "://h/"}) {
    EXPECT_EQ(outcome({{"mirror-target", target}}), "warning annotation-invalid mirror-target\n") << target;
    EXPECT_FALSE(mirror({{"mirror-target", target}}).on()) << target;
  }
  for (const char* target : {"http://h", "HTTPS://h/x", "$scheme://h", "http://$host", "http://[::1]:8080/"}) {
    EXPECT_EQ(outcome({{"mirror-target", target}}), "ok") << target;
    EXPECT_TRUE(mirror({{"mirror-target", target}}).on()) << target;
  }
}

TEST(MirrorAnnotations, AnUnknownVariableInTheTargetCloses) {
  EXPECT_EQ(outcome({{"mirror-target", "http://h/$nosuch"}}), "503 mirror-target-invalid");
}

TEST(MirrorAnnotations, AnUnknownVariableInTheHostLeavesTheTargets) {
  const testing::Keys keys{{"mirror-target", "http://h"}, {"mirror-host", "$nosuch"}};
  EXPECT_EQ(outcome(keys), "warning annotation-invalid mirror-host\n");
  EXPECT_TRUE(mirror(keys).host.empty());
}

TEST(MirrorAnnotations, BadValuesFallBack) {
  for (const auto& [key, value] :
       testing::Keys{{"mirror-target", "a b"}, {"mirror-host", "a b;"}, {"mirror-request-body", "x"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-invalid " + key + "\n");
  }
}

}  // namespace
}  // namespace weir::features
