#include "weir/features/variables.h"

#include <gtest/gtest.h>

namespace weir::features {
namespace {

TEST(Variables, FixedNamesAndFamiliesAreKnown) {
  for (const char* name :
       {"host", "request_uri", "remote_addr", "uri", "args", "service_name", "http_x_forwarded_for", "arg_page",
        "cookie_session", "geoip2_city", "sent_http_server", "upstream_addr", "1", "9"}) {
    EXPECT_TRUE(is_known_variable(name)) << name;
  }
  for (const char* name : {"nosuch", "", "http_", "0", "10", "Host"}) EXPECT_FALSE(is_known_variable(name)) << name;
}

TEST(Variables, FindsTheFirstUnknownOne) {
  EXPECT_EQ(find_unknown_variable("https://$host$request_uri"), std::nullopt);
  EXPECT_EQ(find_unknown_variable("${host}x$nosuch$other"), "nosuch");
  EXPECT_EQ(find_unknown_variable("/$10/$2"), std::nullopt);
  EXPECT_EQ(find_unknown_variable("no variables"), std::nullopt);
}

TEST(Variables, ADollarThatStartsNothingIsUnknown) {
  EXPECT_EQ(find_unknown_variable("a$"), "");
  EXPECT_EQ(find_unknown_variable("$/x"), "");
  EXPECT_EQ(find_unknown_variable("${host"), "");
  EXPECT_EQ(find_unknown_variable("${}"), "");
}

}  // namespace
}  // namespace weir::features
