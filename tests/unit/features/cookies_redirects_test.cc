#include "features/cookies_redirects/edits.h"
#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(EditRedirect, ReplacesTheBeginning) {
  EXPECT_EQ(edit_redirect("http://in.example/a/b", "http://in.example/", "https://a.example/x/"),
            "https://a.example/x/a/b");
  EXPECT_EQ(edit_redirect("http://other/", "http://in.example/", "/"), std::nullopt);
  EXPECT_EQ(edit_redirect("HTTP://in.example/", "http://in.example/", "/"), std::nullopt);
  EXPECT_EQ(edit_redirect("", "http://in.example/", "/"), std::nullopt);
}

TEST(EditRefresh, ReplacesTheAddressBehindUrl) {
  EXPECT_EQ(edit_refresh("5; URL=http://in.example/a", "http://in.example", "https://a.example"),
            "5; URL=https://a.example/a");
  EXPECT_EQ(edit_refresh("5", "http://in.example", "/"), std::nullopt);
  EXPECT_EQ(edit_refresh("5; url=", "http://in.example", "/"), std::nullopt);
}

TEST(EditCookie, ADomainIsComparedAsAWhole) {
  EXPECT_EQ(edit_cookie("a=b; Domain=IN.example; Secure", "in.example out.example", "off"),
            "a=b; Domain=out.example; Secure");
  EXPECT_EQ(edit_cookie("a=b; domain=.in.example", ".in.example out.example", "off"), "a=b; domain=.out.example");
  EXPECT_EQ(edit_cookie("a=b; Domain=x.in.example", "in.example out.example", "off"), std::nullopt);
  EXPECT_EQ(edit_cookie("domain=in.example", "in.example out.example", "off"), std::nullopt) << "the cookie's own name";
}

TEST(EditCookie, OfAPathTheBeginningIsReplaced) {
  EXPECT_EQ(edit_cookie("a=b; Path=/in/deep; HttpOnly", "off", "/in /out"), "a=b; Path=/out/deep; HttpOnly");
  EXPECT_EQ(edit_cookie("a=b; Path=/other", "off", "/in /out"), std::nullopt);
  EXPECT_EQ(edit_cookie("a=b;path=/in;Domain=in.example", "in.example o.example", "/in /"),
            "a=b;path=/;Domain=o.example");
  EXPECT_EQ(edit_cookie("a=b; Path", "off", "/in /out"), std::nullopt);
  EXPECT_EQ(edit_cookie("a=b", "off", "/in /out"), std::nullopt);
  EXPECT_EQ(edit_cookie("", "off", "/in /out"), std::nullopt);
}

TEST(CookiesRedirectsAnnotations, OverrideTheConfigMap) {
  const Settings config =
      settings({{"proxy-cookie-path", "/a /b"}, {"proxy-redirect-from", "http://in/"}, {"proxy-redirect-to", "/"}});
  EXPECT_EQ(read({}, config).policies.cookies_redirects.cookie_path, "/a /b");
  EXPECT_TRUE(read({}, config).policies.cookies_redirects.edits_redirects()) << "freezes the original";
  EXPECT_EQ(read({{"proxy-cookie-path", "off"}}, config).policies.cookies_redirects.cookie_path, "off");
  EXPECT_FALSE(read({{"proxy-redirect-from", "off"}}, config).policies.cookies_redirects.edits_redirects());
}

TEST(CookiesRedirectsAnnotations, AFromWithoutAToChangesNothing) {
  EXPECT_FALSE(read({{"proxy-redirect-from", "http://in/"}}).policies.cookies_redirects.any());
  EXPECT_FALSE(read({{"proxy-redirect-from", "default"}, {"proxy-redirect-to", "/"}}).policies.cookies_redirects.any());
}

TEST(CookiesRedirectsAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"proxy-cookie-path", "/a"}}), "503 proxy-cookie-path-invalid");
  EXPECT_EQ(outcome({{"proxy-cookie-path", "/a /b /c"}}), "503 proxy-cookie-path-invalid");
  EXPECT_EQ(outcome({{"proxy-cookie-domain", "a"}}), "warning annotation-invalid proxy-cookie-domain\n");
  EXPECT_EQ(outcome({{"proxy-cookie-path", "/a ;"}}), "warning annotation-invalid proxy-cookie-path\n");
  EXPECT_EQ(outcome({{"proxy-redirect-from", "$x"}}), "warning annotation-invalid proxy-redirect-from\n");
  EXPECT_EQ(outcome({{"proxy-redirect-from", "~x"}}), "warning annotation-invalid proxy-redirect-from\n");
  EXPECT_EQ(outcome({{"proxy-redirect-to", "$x"}}), "warning annotation-invalid proxy-redirect-to\n");
  EXPECT_EQ(lines(read_settings({{"proxy-cookie-path", "/a"}, {"proxy-redirect-from", "~x"}}, testing::kConfigMap)),
            "warning setting-invalid proxy-cookie-path\nwarning setting-invalid proxy-redirect-from\n");
}

}  // namespace
}  // namespace weir::features
