#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

using Codes = std::vector<int>;

TEST(CustomErrorsAnnotations, ListsAreSortedAndUnique) {
  EXPECT_EQ(read({{"custom-http-errors", "503, 404 ,503"}}).policies.custom_errors.codes, (Codes{404, 503}));
  EXPECT_EQ(read({{"custom-http-errors", "404503"}}).policies.custom_errors.codes, (Codes{404, 503}));
  EXPECT_EQ(read({{"default-backend", "errors"}}).policies.custom_errors.default_backend, "errors");
  EXPECT_EQ(outcome({{"custom-http-errors", "404"}, {"default-backend", "errors"}}), "ok");
}

TEST(CustomErrorsAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"custom-http-errors", "404,302"}}), "ING");
  EXPECT_EQ(outcome({{"custom-http-errors", "40"}}), "ING");
  EXPECT_EQ(outcome({{"custom-http-errors", "404,499"}}), "503 custom-http-errors-invalid");
  EXPECT_EQ(outcome({{"default-backend", "Errors"}}), "ING");
  EXPECT_EQ(outcome({{"disable-proxy-intercept-errors", "x"}}),
            "warning annotation-invalid disable-proxy-intercept-errors\n");
}

TEST(CustomErrorsAnnotations, EachListHasItsOwnSwitch) {
  const Settings from = settings({{"custom-http-errors", "500,404"}, {"disable-proxy-intercept-errors", "true"}});
  EXPECT_EQ(from.defaults.custom_errors.codes, (Codes{404, 500}));

  EXPECT_TRUE(read({}, from).policies.custom_errors.only_own);
  EXPECT_TRUE(read({{"disable-proxy-intercept-errors", "false"}}, from).policies.custom_errors.only_own);
  const Policies own = read({{"custom-http-errors", "503"}}, from).policies;
  EXPECT_EQ(own.custom_errors.codes, (Codes{503}));
  EXPECT_FALSE(own.custom_errors.only_own);
  EXPECT_TRUE(read({{"custom-http-errors", "503"}, {"disable-proxy-intercept-errors", "true"}})
                  .policies.custom_errors.only_own);
  EXPECT_FALSE(read({{"disable-proxy-intercept-errors", "true"}}).policies.custom_errors.only_own);
}

TEST(CustomErrorsSettings, WrongItemsAreLeftOut) {
  const SettingsResult result = read_settings({{"custom-http-errors", "404,200,499,x,301"}}, testing::kConfigMap);

  EXPECT_EQ(result.settings.defaults.custom_errors.codes, (Codes{301, 404}));
  EXPECT_EQ(result.diagnostics.size(), 1u);
}

}  // namespace
}  // namespace weir::features
