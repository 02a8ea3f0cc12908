#include "unit/route/fixture.h"

namespace weir::route::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TableText, ShowsHostsLocationsAndBackends) {
  model::Location app = rewritten("/app(/|$)(.*)", "/$2");
  app.policies.proxy.body_size = 7;
  model::Host a = host("a.example", {app});
  a.aliases = {"b.example"};
  Router router({a});

  EXPECT_EQ(to_text(router.table()),
            "ports: http 80, https 443\n"
            "health check: /healthz\n"
            "default backend: built-in 404\n"
            "settings\n"
            "host: _\n"
            "  location: prefix /\n"
            "    origin: built-in\n"
            "    backend: built-in 404\n"
            "host: a.example\n"
            "  aliases: b.example\n"
            "  paths: regular expressions\n"
            "  location: prefix /app(/|$)(.*)\n"
            "    ingress: default/web\n"
            "    service: web:80\n"
            "    backend: default-web-80\n"
            "    regex: ^/app(/|$)(.*)\n"
            "    proxy-body-size: 7\n"
            "    rewrite-target: /$2\n"
            "  location: prefix /\n"
            "    origin: implicit\n"
            "    ingress: default/web\n"
            "    service: web:80\n"
            "    backend: built-in 404\n"
            "    regex: ^/\n"
            "backend: default-web-80\n"
            "  service: default/web:80\n"
            "  endpoint: 10.0.0.1:8080\n");
}

TEST(TableText, DenialsAndBrokenExpressionsShow) {
  Router router({host("a.example", {regex("/a(")})});

  EXPECT_THAT(to_text(router.table()), HasSubstr("    denied: path-regex-invalid\n"));
  EXPECT_THAT(to_text(router.table()), HasSubstr("    regex that does not compile: ^/a(\n"));
}

TEST(TableText, ControlCharactersCannotForgeLines) {
  Router router({host("a.example", {prefix("/x\nhost: evil")})});

  EXPECT_THAT(to_text(router.table()), HasSubstr("location: prefix /x\\x0ahost: evil\n"));
}

TEST(TableText, SettingsThatDifferShowAndSecretsDoNot) {
  model::PlainModel model = model_of({});
  features::Settings settings;
  settings.http_redirect_code = 301;
  settings.ssl_session_tickets = true;
  settings.ssl_session_ticket_key = std::string(48, 'S');
  model.settings = std::make_shared<const features::Settings>(settings);
  Router router;
  const std::string hash = router.compile(model).hash;

  EXPECT_THAT(to_text(router.table()), HasSubstr("  http-redirect-code: 301\n"));
  EXPECT_THAT(to_text(router.table()), Not(HasSubstr("SSSS")));
  settings.ssl_session_ticket_key = std::string(48, 'T');
  model.settings = std::make_shared<const features::Settings>(settings);
  EXPECT_NE(router.compile(model).hash, hash) << "a new key is a new table";
}

// A policy that the text does not show would make two different tables look equal.
TEST(TableText, EveryPolicyThatActsChangesTheText) {
  using features::Policies;
  using Change = void (*)(Policies&);
  const std::pair<const char*, Change> changes[] = {
      {"deny", [](Policies& p) { p.deny.reason = "x"; }},
      {"target", [](Policies& p) { p.rewrite.target = "/"; }},
      {"use_regex", [](Policies& p) { p.rewrite.use_regex = true; }},
      {"forwarded_prefix", [](Policies& p) { p.rewrite.forwarded_prefix = "/x"; }},
      {"temporal url", [](Policies& p) { p.redirect.url = "http://x", p.redirect.temporal = true; }},
      {"permanent url", [](Policies& p) { p.redirect.url = "http://x"; }},
      {"redirect code", [](Policies& p) { p.redirect.url = "http://x", p.redirect.code = 308; }},
      {"relative", [](Policies& p) { p.redirect.relative = true; }},
      {"ssl_redirect", [](Policies& p) { p.https_redirect.ssl_redirect = false; }},
      {"force", [](Policies& p) { p.https_redirect.force = true; }},
      {"preserve", [](Policies& p) { p.https_redirect.preserve_trailing_slash = true; }},
      {"use_port", [](Policies& p) { p.https_redirect.use_port = true; }},
      {"exempt", [](Policies& p) { p.https_redirect.exempt = true; }},
      {"hsts", [](Policies& p) { p.hsts.enabled = false; }},
      {"hsts subdomains", [](Policies& p) { p.hsts.include_subdomains = false; }},
      {"hsts preload", [](Policies& p) { p.hsts.preload = true; }},
      {"hsts max age", [](Policies& p) { p.hsts.max_age = "1"; }},
      {"upstream host", [](Policies& p) { p.upstream_host.value = "x"; }},
      {"connect", [](Policies& p) { p.proxy.connect_timeout = std::chrono::seconds(1); }},
      {"send", [](Policies& p) { p.proxy.send_timeout = std::chrono::seconds(1); }},
      {"read", [](Policies& p) { p.proxy.read_timeout = std::chrono::seconds(1); }},
      {"next", [](Policies& p) { p.proxy.next_upstream = features::kRetryOff; }},
      {"next timeout", [](Policies& p) { p.proxy.next_upstream_timeout = std::chrono::seconds(1); }},
      {"next tries", [](Policies& p) { p.proxy.next_upstream_tries = 9; }},
      {"body size", [](Policies& p) { p.proxy.body_size = 1; }},
      {"client body buffer", [](Policies& p) { p.proxy.client_body_buffer_size = 1; }},
      {"request buffering", [](Policies& p) { p.proxy.request_buffering = false; }},
      {"buffering", [](Policies& p) { p.proxy.buffering = true; }},
      {"buffers number", [](Policies& p) { p.proxy.buffers_number = 9; }},
      {"buffer size", [](Policies& p) { p.proxy.buffer_size = 8192; }},
      {"temp file", [](Policies& p) { p.proxy.max_temp_file_size = 0; }},
      {"http 1.0", [](Policies& p) { p.proxy.http_1_0 = true; }},
      {"connection close", [](Policies& p) { p.proxy.connection_close = true; }},
      {"access log", [](Policies& p) { p.access_log.enabled = false; }},
  };
  const std::string before = to_text(Router({host("a.example", {prefix("/p")})}).table());
  for (const auto& [name, change] : changes) {
    model::Location location = prefix("/p");
    change(location.policies);
    model::Host changed = host("a.example", {location});
    changed.regex_mode = false;

    EXPECT_NE(to_text(Router({changed}).table()), before) << name;
  }
}

}  // namespace
}  // namespace weir::route::test
