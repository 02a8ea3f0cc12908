// ApiSource against a fake API server that keeps objects, answers WatchLists and lists, and denies what it is told to.
#include "weir/watch/api_source.h"

#include "watch/fake_api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace weir::watch {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::string object_json(const std::string& kind, const std::string& api_version, const std::string& ns,
                        const std::string& name, const std::string& version, const std::string& rest) {
  return R"({"kind":")" + kind + R"(","apiVersion":")" + api_version + R"(","metadata":{"name":")" + name + "\"" +
         (ns.empty() ? "" : R"(,"namespace":")" + ns + "\"") + R"(,"resourceVersion":")" + version + "\"}" + rest + "}";
}

std::string ingress_json(const std::string& ns, const std::string& name, const std::string& version,
                         const std::string& secret, const std::string& service = "web") {
  return object_json("Ingress", "networking.k8s.io/v1", ns, name, version,
                     R"(,"spec":{"defaultBackend":{"service":{"name":")" + service +
                         R"(","port":{"number":80}}},)"
                         R"("tls":[{"hosts":["h"],"secretName":")" +
                         secret + R"("}]})");
}

std::string secret_json(const std::string& ns, const std::string& name, const std::string& version) {
  return object_json("Secret", "v1", ns, name, version, R"(,"type":"Opaque","data":{"k":"dg=="})");
}

std::string slice_json(const std::string& ns, const std::string& service, const std::string& version) {
  return R"({"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":")" + service +
         R"(-x","namespace":")" + ns + R"(","resourceVersion":")" + version +
         R"(","labels":{"kubernetes.io/service-name":")" + service +
         R"("}},"addressType":"IPv4","endpoints":[{"addresses":["198.18.0.1"]}],"ports":[{"port":8080}]})";
}

// What a collection of a real server does, as far as ApiSource asks for it.
struct Collection {
  std::string kind;
  std::map<std::string, std::string> objects;            // "ns/name" -> JSON
  std::vector<std::pair<std::string, std::string>> log;  // type, JSON; sent to every watch
};

class ApiSourceWithAFakeServer : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [plural, kind] : std::map<std::string, std::string>{{"ingresses", "Ingress"},
                                                                         {"ingressclasses", "IngressClass"},
                                                                         {"services", "Service"},
                                                                         {"endpointslices", "EndpointSlice"},
                                                                         {"endpoints", "Endpoints"},
                                                                         {"secrets", "Secret"},
                                                                         {"configmaps", "ConfigMap"},
                                                                         {"namespaces", "Namespace"},
                                                                         {"pods", "Pod"},
                                                                         {"nodes", "Node"}}) {
      collections[plural].kind = kind;
    }
    server = std::make_unique<FakeApiServer>(context, [this](FakeExchange& e) { return act(e); });
  }
  void TearDown() override {
    ended = true;
    source.reset();
    client.reset();
    server.reset();
    context.restart();
    context.run_for(50ms);
  }

  asio::awaitable<void> act(FakeExchange& e) {
    std::string plural = e.request.path.substr(e.request.path.rfind('/') + 1);
    Collection& collection = collections.at(plural);
    if (denied.contains(plural) || denied.contains(e.request.path)) {
      std::string body = status_body(403, "Forbidden");
      co_await e.answer(403, std::move(body), {});
      co_return;
    }
    const std::string selector = e.request.query.contains("fieldSelector") ? e.request.query.at("fieldSelector") : "";
    if (!e.request.query.contains("watch")) {
      ++fetches;
      while (hold_fetches && !ended) co_await e.pause(5ms);
      std::vector<std::string> items;
      for (const auto& [name, json] : collection.objects) {
        if (selector == "metadata.name=" + name.substr(name.find('/') + 1)) items.push_back(json);
      }
      std::string list = list_json(collection.kind + "List", "100", items);
      co_await e.answer(200, std::move(list), {});
      co_return;
    }
    std::size_t sent = collection.log.size();
    co_await e.begin();
    std::string lines;
    for (const auto& [name, json] : collection.objects) {
      const bool single = selector.starts_with("metadata.name=");
      if (!single || selector.substr(14) == name.substr(name.find('/') + 1)) lines += event_line("ADDED", json);
    }
    lines += bookmark_line(collection.kind, "100", true);
    co_await e.send(std::move(lines));
    while (!ended) {
      for (; sent < collection.log.size(); ++sent) {
        std::string line = event_line(collection.log[sent].first, collection.log[sent].second);
        co_await e.send(std::move(line));
      }
      co_await e.pause(2ms);
    }
  }
  void put(const std::string& plural, const std::string& name, const std::string& json, const char* type = "ADDED") {
    collections.at(plural).objects[name] = json;
    collections.at(plural).log.emplace_back(type, json);
  }

  void put_service(const std::string& name, const std::string& version) {
    put("services", "a/" + name,
        object_json("Service", "v1", "a", name, version, R"(,"spec":{"ports":[{"port":80,"targetPort":8080}]})"));
  }

  void start() {
    ApiConfig config;
    config.tls = false;
    config.host = "127.0.0.1";
    config.port = static_cast<std::uint16_t>(server->port());
    client = std::make_unique<ApiClient>(context, config);
    source = std::make_unique<ApiSource>(context, *client, options, [this] { ++changes; });
    source->start();
  }
  void run_until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!so() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(10ms);
    }
    EXPECT_TRUE(so()) << "not in time; missing: " << testing::PrintToString(source->missing());
  }
  void run_for(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }
  template <class T>
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, object] : source->state().of<T>()) all.push_back(kube::to_string(name));
    return all;
  }
  bool asked(const std::string& path) const {
    return std::any_of(server->requests.begin(), server->requests.end(),
                       [&](const FakeRequest& request) { return request.path == path; });
  }

  asio::io_context context;
  std::map<std::string, Collection> collections;
  std::set<std::string> denied;
  bool hold_fetches = false;
  bool ended = false;
  int fetches = 0;
  ApiSourceOptions options;
  std::unique_ptr<FakeApiServer> server;
  std::unique_ptr<ApiClient> client;
  std::unique_ptr<ApiSource> source;
  int changes = 0;
};

TEST_F(ApiSourceWithAFakeServer, HoldsOnlySecretsAndConfigMapsThatSomethingNames) {
  put("ingresses", "a/web", ingress_json("a", "web", "5", "cert"));
  put("secrets", "a/cert", secret_json("a", "cert", "6"));
  put("secrets", "a/other", secret_json("a", "other", "7"));
  put("configmaps", "w/conf", object_json("ConfigMap", "v1", "w", "conf", "8", R"(,"data":{"add-headers":"w/more"})"));
  put("configmaps", "w/more", object_json("ConfigMap", "v1", "w", "more", "9", R"(,"data":{})"));
  put("configmaps", "w/rest", object_json("ConfigMap", "v1", "w", "rest", "9", R"(,"data":{})"));
  options.config_map = kube::ObjectName{"w", "conf"};
  start();

  run_until([&] { return source->synced(); });

  EXPECT_THAT(names<kube::Ingress>(), ElementsAre("a/web"));
  EXPECT_THAT(names<kube::Secret>(), ElementsAre("a/cert"));
  EXPECT_THAT(names<kube::ConfigMap>(), ElementsAre("w/conf", "w/more"));
  EXPECT_EQ(source->state().find<kube::Secret>({"a", "cert"})->data.at("k"), "v");
}

TEST_F(ApiSourceWithAFakeServer, SaysNothingBeforeAllKindsAreKnown) {
  put("ingresses", "a/web", ingress_json("a", "web", "5", "cert"));
  denied.insert("services");
  start();

  run_until([&] { return asked("/api/v1/secrets"); });
  run_for(100ms);

  EXPECT_FALSE(source->synced());
  EXPECT_EQ(changes, 0);
  EXPECT_THAT(source->missing(), ElementsAre("services"));
}

TEST_F(ApiSourceWithAFakeServer, ASecretThatBecomesNamedIsThereBeforeTheIngressThatNamesIt) {
  put("ingresses", "a/web", ingress_json("a", "web", "5", "cert"));
  put("secrets", "a/cert", secret_json("a", "cert", "6"));
  put("secrets", "a/next", secret_json("a", "next", "7"));
  start();
  run_until([&] { return source->synced(); });
  hold_fetches = true;

  put("ingresses", "a/web", ingress_json("a", "web", "15", "next"), "MODIFIED");
  run_until([&] { return fetches == 1; });
  run_for(50ms);
  const std::string while_waiting = source->state().find<kube::Ingress>({"a", "web"})->tls.front().secret;
  hold_fetches = false;
  run_until([&] { return source->state().find<kube::Ingress>({"a", "web"})->tls.front().secret == "next"; });

  EXPECT_EQ(while_waiting, "cert");
  EXPECT_TRUE(source->state().find<kube::Secret>({"a", "next"}));
}

TEST_F(ApiSourceWithAFakeServer, AnIngressDoesNotWaitForEverForWhatItNames) {
  options.reference_wait = 100ms;
  put("secrets", "a/next", secret_json("a", "next", "7"));
  start();
  run_until([&] { return source->synced(); });
  hold_fetches = true;

  put("ingresses", "a/web", ingress_json("a", "web", "15", "next"));
  run_until([&] { return source->state().find<kube::Ingress>({"a", "web"}) != nullptr; });

  EXPECT_FALSE(source->state().find<kube::Secret>({"a", "next"}));
}

TEST_F(ApiSourceWithAFakeServer, AnIngressThatNamesASecretThatDoesNotExistAppearsAtOnce) {
  options.reference_wait = 1h;
  put_service("web", "1");
  put("endpointslices", "a/web-x", slice_json("a", "web", "2"));
  start();
  run_until([&] { return source->synced(); });

  put("ingresses", "a/web", ingress_json("a", "web", "15", "none"));
  run_until([&] { return source->state().find<kube::Ingress>({"a", "web"}) != nullptr; });
  EXPECT_EQ(fetches, 0);

  put("secrets", "a/none", secret_json("a", "none", "16"));
  run_until([&] { return source->state().find<kube::Secret>({"a", "none"}) != nullptr; });
  EXPECT_EQ(fetches, 0) << "the watch brings it";
}

TEST_F(ApiSourceWithAFakeServer, ANewIngressAppearsTogetherWithLateEndpointsOfItsService) {
  options.reference_wait = 1h;
  start();
  run_until([&] { return source->synced(); });

  put("ingresses", "a/web", ingress_json("a", "web", "15", ""));
  run_for(50ms);
  EXPECT_THAT(names<kube::Ingress>(), IsEmpty());
  put_service("web", "16");
  run_until([&] { return !names<kube::Service>().empty(); });
  run_for(50ms);
  EXPECT_THAT(names<kube::Ingress>(), IsEmpty());
  put("endpointslices", "a/web-x", slice_json("a", "web", "17"));
  run_until([&] { return !names<kube::EndpointSlice>().empty(); });

  EXPECT_THAT(names<kube::Ingress>(), ElementsAre("a/web")) << "in the same change";
}

TEST_F(ApiSourceWithAFakeServer, AnIngressSwitchedToANewServiceKeepsTheOldOneUntilLateEndpointsArrive) {
  options.reference_wait = 1h;
  put_service("web", "1");
  put("endpointslices", "a/web-x", slice_json("a", "web", "2"));
  put("ingresses", "a/web", ingress_json("a", "web", "3", ""));
  start();
  run_until([&] { return source->synced(); });
  const auto served = [&] { return source->state().find<kube::Ingress>({"a", "web"})->default_backend->service; };

  put("ingresses", "a/web", ingress_json("a", "web", "15", "", "green"), "MODIFIED");
  put_service("green", "16");
  run_until([&] { return names<kube::Service>().size() == 2; });
  run_for(50ms);
  EXPECT_EQ(served(), "web");
  put("endpointslices", "a/green-x", slice_json("a", "green", "17"));
  run_until([&] { return names<kube::EndpointSlice>().size() == 2; });

  EXPECT_EQ(served(), "green") << "in the same change";
}

TEST_F(ApiSourceWithAFakeServer, AnIngressDoesNotWaitForEverForEndpoints) {
  options.reference_wait = 100ms;
  start();
  run_until([&] { return source->synced(); });

  put("ingresses", "a/web", ingress_json("a", "web", "15", ""));
  run_until([&] { return source->state().find<kube::Ingress>({"a", "web"}) != nullptr; });

  EXPECT_THAT(names<kube::EndpointSlice>(), IsEmpty());
}

TEST_F(ApiSourceWithAFakeServer, AnEditThatNamesNoNewServiceWaitsForNoEndpoints) {
  options.reference_wait = 1h;
  put("ingresses", "a/web", ingress_json("a", "web", "3", "one"));
  start();
  run_until([&] { return source->synced(); });
  ASSERT_THAT(names<kube::Ingress>(), ElementsAre("a/web")) << "what is there at start does not wait";

  put("ingresses", "a/web", ingress_json("a", "web", "15", "two"), "MODIFIED");

  run_until([&] { return source->state().find<kube::Ingress>({"a", "web"})->tls.front().secret == "two"; });
}

TEST_F(ApiSourceWithAFakeServer, ASecretThatNobodyNamesAnyMoreIsForgotten) {
  put("ingresses", "a/web", ingress_json("a", "web", "5", "cert"));
  put("secrets", "a/cert", secret_json("a", "cert", "6"));
  start();
  run_until([&] { return source->synced(); });

  put("ingresses", "a/web", ingress_json("a", "web", "15", "cert"), "DELETED");
  run_until([&] { return names<kube::Ingress>().empty(); });

  EXPECT_THAT(names<kube::Secret>(), IsEmpty());
}

TEST_F(ApiSourceWithAFakeServer, WithOneNamespaceNothingElseIsAskedForAndForbiddenClassesAreDoneWithout) {
  options.watch_namespace = "a";
  options.config_map = kube::ObjectName{"w", "conf"};
  denied = {"ingressclasses", "/api/v1/namespaces/w/configmaps"};
  put("ingresses", "a/web", ingress_json("a", "web", "5", "cert"));
  put("secrets", "a/cert", secret_json("a", "cert", "6"));
  start();

  run_until([&] { return source->synced(); });

  EXPECT_FALSE(source->classes_readable());
  EXPECT_THAT(names<kube::Secret>(), ElementsAre("a/cert"));
  for (const FakeRequest& request : server->requests) {
    EXPECT_TRUE(request.path.find("/namespaces/") != std::string::npos || request.path.ends_with("/ingressclasses"))
        << request.path;
  }
}

TEST_F(ApiSourceWithAFakeServer, EndpointsStandInForSlicesThatCannotBeRead) {
  denied = {"endpointslices"};
  put("endpoints", "a/web",
      object_json("Endpoints", "v1", "a", "web", "5",
                  R"(,"subsets":[{"addresses":[{"ip":"198.18.0.1"}],"ports":[{"port":80}]}])"));
  start();

  run_until([&] { return source->synced(); });

  ASSERT_EQ(source->state().endpoint_slices.size(), 1u);
  EXPECT_TRUE(source->state().endpoint_slices.begin()->second->legacy);
}

TEST_F(ApiSourceWithAFakeServer, OnlyIngressesOfSelectedNamespacesAppearAndComeAndGoWithTheirNamespace) {
  options.namespace_selector = "team=x";
  put("namespaces", "/a", object_json("Namespace", "v1", "", "a", "3", ""));
  put("ingresses", "a/web", ingress_json("a", "web", "5", ""));
  put("ingresses", "b/web", ingress_json("b", "web", "5", ""));
  start();
  run_until([&] { return source->synced(); });
  EXPECT_THAT(names<kube::Ingress>(), ElementsAre("a/web"));

  put("namespaces", "/b", object_json("Namespace", "v1", "", "b", "20", ""));
  run_until([&] { return names<kube::Ingress>().size() == 2; });
  put("namespaces", "/a", object_json("Namespace", "v1", "", "a", "21", ""), "DELETED");
  run_until([&] { return names<kube::Ingress>().size() == 1; });

  EXPECT_THAT(names<kube::Ingress>(), ElementsAre("b/web"));
  for (const FakeRequest& request : server->requests) {
    if (!request.path.ends_with("/namespaces")) continue;
    EXPECT_EQ(request.query.at("labelSelector"), "team=x");
  }
}

TEST_F(ApiSourceWithAFakeServer, ChangesNameWhatChangedAndOnlyThat) {
  put("ingresses", "a/web", ingress_json("a", "web", "5", ""));
  put("services", "default/s", service_json("s", "4"));
  start();
  run_until([&] { return source->synced(); });
  EXPECT_TRUE(source->take_changes().everything);

  put("services", "default/s", service_json("s", "14", 81), "MODIFIED");
  run_until([&] { return source->state().find<kube::Service>({"default", "s"})->ports.front().number == 81; });
  const kube::Changes changed = source->take_changes();

  EXPECT_FALSE(changed.everything);
  EXPECT_THAT(changed.services, ElementsAre(kube::ObjectName{"default", "s"}));
  EXPECT_THAT(changed.ingresses, IsEmpty());
}

}  // namespace
}  // namespace weir::watch
