#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(HttpsRedirectAnnotations, OverrideTheConfigMap) {
  const Settings from = settings({{"ssl-redirect", "false"}, {"force-ssl-redirect", "true"}});

  const HttpsRedirectPolicy inherited = read({}, from).policies.https_redirect;
  const HttpsRedirectPolicy own = read({{"ssl-redirect", "true"},
                                        {"force-ssl-redirect", "false"},
                                        {"preserve-trailing-slash", "true"},
                                        {"use-port-in-redirects", "true"}},
                                       from)
                                      .policies.https_redirect;

  EXPECT_EQ(inherited, (HttpsRedirectPolicy{false, true, false, false, false}));
  EXPECT_EQ(own, (HttpsRedirectPolicy{true, false, true, true, false}));
  EXPECT_EQ(read({}).policies.https_redirect, HttpsRedirectPolicy{});
}

TEST(HttpsRedirectAnnotations, BadValuesFallBackToTheConfigMap) {
  const Settings from = settings({{"force-ssl-redirect", "true"}});

  for (const char* key : {"ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash", "use-port-in-redirects"}) {
    const ReadResult result = read({{key, "yes"}}, from);

    EXPECT_EQ(result.policies.https_redirect, from.defaults.https_redirect) << key;
    EXPECT_EQ(lines(result), std::string("warning annotation-invalid ") + key + "\n");
  }
}

}  // namespace
}  // namespace weir::features
