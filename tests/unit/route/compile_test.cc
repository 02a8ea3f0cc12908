// What the compiler keeps from table to table, and what it makes of the model.
#include "unit/route/fixture.h"

namespace weir::route::test {
namespace {

const Location& root_of(Router& router, std::string_view name) {
  return *router.match(name, "/").location;
}

TEST(Compiler, UnchangedHostsAreTheSameObjects) {
  Router router;
  router.compile(model_of({host("a.example", {prefix("/")}), host("b.example", {prefix("/")})}));
  const RoutingTablePtr before = router.table_ptr();

  model::PlainModel changed = model_of({host("a.example", {prefix("/")}), host("b.example", {prefix("/new")})});
  router.compile(changed);

  ASSERT_EQ(router.table().hosts().size(), 3u);
  EXPECT_EQ(before->hosts()[0], router.table().hosts()[0]);
  EXPECT_EQ(before->hosts()[1], router.table().hosts()[1]);
  EXPECT_NE(before->hosts()[2], router.table().hosts()[2]);
}

TEST(Compiler, HostsMayComeAndGoAnywhere) {
  Router router;
  router.compile(model_of({host("b", {prefix("/")}), host("d", {prefix("/")}), host("f", {prefix("/")})}));
  const auto kept = router.table().index;

  router.compile(model_of({host("a", {prefix("/")}), host("d", {prefix("/")}), host("g", {prefix("/")})}));

  for (const char* name : {"a", "d", "g"}) EXPECT_EQ(router.host_of(name), name);
  for (const char* name : {"b", "f"}) EXPECT_EQ(router.host_of(name), "_");
}

TEST(Compiler, OldTableStaysUsable) {
  Router router;
  router.compile(model_of({host("a.example", {prefix("/old")})}));
  const RoutingTablePtr old = router.table_ptr();
  router.compile(model_of({}));
  router.compile(model_of({host("b.example", {prefix("/new")})}));
  Lookup lookup;

  const Host& found = lookup.find_host(*old, "a.example");

  EXPECT_EQ(found.name, "a.example");
  EXPECT_EQ(lookup.find_location(found, "/old").location->path, "/old");
}

TEST(Compiler, IdsKeepTheirMeaningAndAreNeverReused) {
  Router router;
  router.compile(model_of({host("a.example", {prefix("/", "one")})}));
  const Location first = root_of(router, "a.example");
  const EndpointId endpoint = router.table().find_backend(first.backend)->endpoints[0].id;
  router.compile(model_of({host("b.example", {prefix("/", "two")})}));
  const Location second = root_of(router, "b.example");

  EXPECT_NE(first.id, second.id);
  EXPECT_NE(first.backend, second.backend);
  EXPECT_EQ(router.table().find_backend(first.backend), nullptr) << "gone for now";
  EXPECT_EQ(router.table().find_backend(second.backend)->endpoints[0].id, endpoint) << "same address";

  router.compile(model_of({host("a.example", {prefix("/", "one")})}));

  EXPECT_EQ(root_of(router, "a.example").id, first.id);
  EXPECT_EQ(root_of(router, "a.example").backend, first.backend);
}

TEST(Compiler, LocationIdDependsOnItsWholeIdentity) {
  Router router({host("a.example", {prefix("/p"), exact("/p"), prefix("/q"), prefix("/q", "other")}),
                 host("b.example", {prefix("/p")})});
  std::vector<LocationId> ids;
  for (const auto& entry : router.table().hosts()) {
    for (const Location& location : entry->locations) ids.push_back(location.id);
  }

  std::sort(ids.begin(), ids.end());

  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST(Compiler, HashDependsOnContentNotOnHistory) {
  const model::PlainModel one = model_of({host("a.example", {prefix("/", "one")})});
  const model::PlainModel two = model_of({host("a.example", {prefix("/", "two")})});
  Router fresh;
  const std::string expected = fresh.compile(two).hash;
  Router used;
  const std::string other = used.compile(one).hash;

  EXPECT_EQ(used.compile(two).hash, expected);
  EXPECT_EQ(to_text(used.table()), to_text(fresh.table()));
  EXPECT_NE(other, expected);
  EXPECT_EQ(used.compile(one).hash, other);
  EXPECT_EQ(expected.size(), 64u);
}

TEST(Compiler, HashSeesEndpointsAndSettings) {
  model::PlainModel model = model_of({host("a.example", {prefix("/")})});
  Router router;
  const std::string before = router.compile(model).hash;

  model.backends[0].endpoints.push_back({*base::parse_ip("10.0.0.2"), 8080});
  const std::string more = router.compile(model).hash;
  features::Settings settings;
  settings.http_redirect_code = 301;
  model.settings = std::make_shared<const features::Settings>(settings);
  const std::string redirect = router.compile(model).hash;

  EXPECT_NE(before, more);
  EXPECT_NE(more, redirect);
}

TEST(Compiler, EndpointOnlyChangeKeepsEveryHost) {
  model::PlainModel model = model_of({host("a.example", {prefix("/")})});
  Router router;
  router.compile(model);
  const RoutingTablePtr before = router.table_ptr();

  model.backends[0].endpoints.clear();
  router.compile(model);

  EXPECT_EQ(router.table().hosts(), before->hosts());
  EXPECT_TRUE(router.table().find_backend(root_of(router, "a.example").backend)->endpoints.empty());
}

TEST(Compiler, EndpointTextIsForTheLog) {
  model::PlainModel model = model_of({host("a.example", {prefix("/")})});
  model.backends[0].endpoints = {{*base::parse_ip("10.0.0.2"), 80}, {*base::parse_ip("fd00::1"), 8080}};
  Router router;
  router.compile(model);

  const Backend& backend = *router.table().find_backend(root_of(router, "a.example").backend);

  EXPECT_EQ(backend.endpoints[0].text, "10.0.0.2:80");
  EXPECT_EQ(backend.endpoints[1].text, "[fd00::1]:8080");
}

TEST(Compiler, LocationWithoutBackendInTheModelAnswers503Not404) {
  model::PlainModel model = model_of({host("a.example", {prefix("/")})});
  model.backends.clear();
  Router router;
  router.compile(model);

  const Backend* backend = router.table().find_backend(root_of(router, "a.example").backend);

  ASSERT_NE(backend, nullptr);
  EXPECT_TRUE(backend->endpoints.empty());
  EXPECT_EQ(backend->name, "default-web-80");
}

TEST(Compiler, LocationCarriesWhatWorkersNeed) {
  model::Location location = prefix("/app");
  location.policies.hsts.preload = true;
  CompileOptions options = without_tls();
  options.filter_mask = [](const features::Policies& policies) { return policies.hsts.preload ? 6u : 1u; };
  options.http_port = 8080;
  options.health_check_path = "/alive";
  Router router(options);
  router.compile(model_of({host("a.example", {location})}));

  const Location& built = *router.match("a.example", "/app").location;

  EXPECT_EQ(built.hsts_value, "max-age=31536000; includeSubDomains; preload");
  EXPECT_EQ(built.filters, 6u);
  EXPECT_EQ(root_of(router, "a.example").filters, 1u);
  EXPECT_EQ(built.ns + "/" + built.ingress + " " + built.service + ":" + built.service_port, "default/web web:80");
  EXPECT_EQ(root_of(router, "a.example").backend, kNoBackend);
  EXPECT_EQ(router.table().http_port, 8080);
  EXPECT_EQ(router.table().health_check_path, "/alive");
}

TEST(Compiler, HstsOffHasNoHeaderValue) {
  model::Location location = prefix("/");
  location.policies.hsts.enabled = false;
  Router router({host("a.example", {location})});

  EXPECT_EQ(root_of(router, "a.example").hsts_value, "");
}

features::Policies guarded_by(const std::string& url) {
  features::Policies policies;
  policies.external_auth.url = features::VariableText(url);
  return policies;
}

TEST(Compiler, LocationsWhoseServiceMayBeHttpsShareOneContextPerSetOfAuthorities) {
  std::vector<model::Host> hosts;
  const auto add = [&hosts](const std::string& name, features::Policies policies) {
    hosts.push_back(host(name, {prefix("/")}));
    hosts.back().locations[0].policies = std::move(policies);
  };
  add("a.example", guarded_by("https://auth.example/"));
  add("b.example", guarded_by("HTTPS://other.example/"));
  add("c.example", guarded_by("$scheme://$host/"));
  add("d.example", guarded_by("http://auth.example/?to=https://x"));
  features::Policies broken = guarded_by("https://auth.example/");
  broken.proxy_ssl.secret = "ns/ca";
  broken.proxy_ssl.material =
      std::make_shared<const features::TlsMaterial>(features::TlsMaterial{{}, {}, "nonsense", {}});
  add("e.example", broken);
  Router router(hosts);
  const auto context_of = [&router](const std::string& name) { return root_of(router, name).shared->auth_tls; };

  ASSERT_NE(context_of("a.example"), nullptr);
  EXPECT_EQ(context_of("a.example"), context_of("b.example"));
  EXPECT_EQ(context_of("a.example"), context_of("c.example"));
  EXPECT_EQ(context_of("d.example"), nullptr);
  EXPECT_EQ(context_of("e.example"), nullptr);
  EXPECT_EQ(root_of(router, "e.example").policies.deny.reason, "proxy-ssl-secret-broken");
}

TEST(Compiler, DefaultBackendIsKnownByName) {
  model::PlainModel model = model_of({host("a.example", {prefix("/", "fallback")})});
  model.default_backend = "default-fallback-80";
  Router router;

  router.compile(model);

  EXPECT_EQ(router.table().find_backend(router.table().default_backend)->name, "default-fallback-80");
}

TEST(Compiler, GenerationsCountUp) {
  Router router;
  const std::uint64_t first = router.compile(model_of({})).generation;

  EXPECT_EQ(router.compile(model_of({})).generation, first + 1);
}

TEST(Compiler, WithoutTlsThereAreNoCertificates) {
  Router router({host("a.example", {prefix("/")})});

  EXPECT_EQ(router.table().tls_context, nullptr);
  EXPECT_EQ(router.table().default_certificate, nullptr);
  EXPECT_EQ(router.table().find_certificate("a.example"), nullptr);
}

}  // namespace
}  // namespace weir::route::test
