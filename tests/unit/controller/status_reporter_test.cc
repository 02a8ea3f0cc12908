// Against a fake API server that takes every write and notes it; what a real one does is tested in tests/apiserver.
#include "weir/controller/status_reporter.h"

#include "unit/controller/objects.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace weir::controller {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class StatusReporterWithAFakeServer : public testing::Test {
 protected:
  StatusReporterWithAFakeServer() {
    options.addresses = {"192.0.2.1"};
    options.pod = {"weir", "weir-1"};
    test::add_ingress(state, "web", "a.example", "web");
    accept();
  }

  watch::ApiCall call() {
    return [this](watch::ApiRequest request, watch::ApiDone done) {
      boost::asio::post(context, [this, request = std::move(request), done = std::move(done)] {
        const json body = json::parse(request.body, nullptr, false);
        if (request.method == "POST") {
          events.push_back(body["involvedObject"]["name"].get<std::string>() + " " + body["reason"].get<std::string>() +
                           ": " + body["message"].get<std::string>());
        }
        if (request.method == "PUT") {
          const json& entries = body["status"]["loadBalancer"];
          writes.push_back(request.path.substr(request.path.find("ingresses/") + 10) + " " + entries.dump());
        }
        done(watch::ApiAnswer{200, request.method == "GET" ? current : request.body, std::chrono::seconds(0)});
      });
    };
  }

  // What accept() would make of the Ingresses of `state`.
  void accept() {
    accepted.ingresses.clear();
    for (const auto& [name, object] : state.ingresses) {
      auto one = std::make_shared<model::AcceptedIngress>();
      one->object = object;
      accepted.ingresses[name] = one;
    }
  }
  kube::Ingress& change(const std::string& name) {
    auto copy = std::make_shared<kube::Ingress>(*state.ingresses.at({"default", name}));
    kube::Ingress& changed = *copy;
    state.ingresses[{"default", name}] = std::move(copy);
    return changed;
  }
  StatusReporter& reporter() {
    if (!made) made = std::make_unique<StatusReporter>(options, status, writer);
    return *made;
  }
  void turn(bool published = true) {
    reporter().after_turn({state, accepted, diagnostics, published, changes, true});
    run();
  }
  void run() {
    context.restart();
    context.poll();
  }

  boost::asio::io_context context;
  std::vector<std::string> events;
  std::vector<std::string> writes;
  std::string current = R"({"kind":"Ingress","status":{"loadBalancer":{"ingress":[{"ip":"old"}]}}})";
  StatusOptions options;
  kube::ClusterState state;
  model::AcceptedSet accepted;
  base::Diagnostics diagnostics;
  kube::Changes changes = kube::Changes::all();
  watch::StatusWriter status{context, call(), [](watch::StatusWriter::Outcome) {}};
  watch::EventWriter writer{context, "weir-1", call()};
  std::unique_ptr<StatusReporter> made;
};

const std::string kWritten = R"(web/status {"ingress":[{"ip":"192.0.2.1"}]})";

TEST_F(StatusReporterWithAFakeServer, TheLeaderWritesTheStatusAndTellsSync) {
  reporter().take_role(StatusReporter::Role::leader);
  turn();

  EXPECT_THAT(writes, ElementsAre(kWritten));
  EXPECT_THAT(events, ElementsAre("web Sync: Scheduled for sync"));
}

TEST_F(StatusReporterWithAFakeServer, OnlyWhatChangedIsLookedAt) {
  reporter().take_role(StatusReporter::Role::leader);
  test::add_ingress(state, "other", "b.example", "web");
  accept();
  turn();
  writes.clear();

  // Both are other than before; only one of them is named.
  change("web").meta.labels["version"] = "2";
  change("other").meta.labels["version"] = "2";
  accept();
  changes = {};
  changes.note<kube::Ingress>({"default", "web"});
  turn();
  EXPECT_THAT(writes, ElementsAre(kWritten));
}

TEST_F(StatusReporterWithAFakeServer, AFollowerWritesNothing) {
  diagnostics.push_back({base::Severity::error, "host-invalid", {"Ingress", "default", "web"}, "", "no", "", 0});
  turn();

  EXPECT_THAT(writes, IsEmpty());
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(StatusReporterWithAFakeServer, WhoTakesOverMakesUpForIt) {
  diagnostics.push_back({base::Severity::error, "host-invalid", {"Ingress", "default", "web"}, "", "no", "", 0});
  turn();
  reporter().take_role(StatusReporter::Role::leader);
  run();

  EXPECT_THAT(writes, ElementsAre(kWritten));
  EXPECT_THAT(events, UnorderedElementsAre("web Sync: Scheduled for sync", "web RouteProblem: no"));
}

TEST_F(StatusReporterWithAFakeServer, WhoLosesTheLeadWritesNoMore) {
  reporter().take_role(StatusReporter::Role::leader);
  reporter().after_turn({state, accepted, diagnostics, true, changes, true});
  reporter().take_role(StatusReporter::Role::follower);  // before anything was answered
  run();

  EXPECT_THAT(writes, IsEmpty());
}

TEST_F(StatusReporterWithAFakeServer, AStatusThatIsRightIsNotWritten) {
  change("web").load_balancer = {{"", "192.0.2.1"}};
  accept();
  reporter().take_role(StatusReporter::Role::leader);
  turn();

  EXPECT_THAT(writes, IsEmpty());
}

TEST_F(StatusReporterWithAFakeServer, ItsOwnWriteIsNoNewVersion) {
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  events.clear();
  kube::Ingress& after = change("web");
  after.load_balancer = {{"", "192.0.2.1"}};
  after.meta.resource_version = "2";
  accept();
  turn(false);

  EXPECT_THAT(events, IsEmpty());
  EXPECT_THAT(writes, ElementsAre(kWritten));
}

TEST_F(StatusReporterWithAFakeServer, WithoutKnownAddressesNothingIsWritten) {
  options.addresses.clear();
  options.service = kube::ObjectName{"weir", "gone"};
  reporter().take_role(StatusReporter::Role::leader);
  turn();

  EXPECT_THAT(writes, IsEmpty());
}

TEST_F(StatusReporterWithAFakeServer, UpdateStatusOffStillTellsEvents) {
  options.update_status = false;
  reporter().take_role(StatusReporter::Role::leader);
  turn();

  EXPECT_THAT(writes, IsEmpty());
  EXPECT_THAT(events, ElementsAre(StartsWith("web Sync")));
}

TEST_F(StatusReporterWithAFakeServer, WithoutAnElectionTheStatusIsNeverWritten) {
  reporter().take_role(StatusReporter::Role::events_only);
  turn();

  EXPECT_THAT(writes, IsEmpty());
  EXPECT_THAT(events, ElementsAre(StartsWith("web Sync")));
}

TEST_F(StatusReporterWithAFakeServer, SyncEventsCanBeSwitchedOff) {
  options.sync_events = false;
  reporter().take_role(StatusReporter::Role::leader);
  turn();

  EXPECT_THAT(events, IsEmpty());
}

TEST_F(StatusReporterWithAFakeServer, AStandingWarningIsToldOnce) {
  options.sync_events = false;
  diagnostics.push_back({base::Severity::warning, "certificate-broken", {"Secret", "default", "c"}, "", "bad", "", 0});
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  turn();
  reporter().check();
  run();

  EXPECT_THAT(events, ElementsAre("c CertificateProblem: bad"));
}

TEST_F(StatusReporterWithAFakeServer, ANewConfigurationIsToldOnTheOwnPod) {
  auto pod = std::make_shared<kube::Pod>();
  pod->meta.ns = "weir";
  pod->meta.name = "weir-1";
  state.pods[options.pod] = pod;
  turn();
  turn();  // nothing new

  EXPECT_THAT(events, ElementsAre("weir-1 RELOAD: NGINX reload triggered due to a change in configuration"));
}

TEST_F(StatusReporterWithAFakeServer, TheConfigMapIsToldWhenItComesAndChanges) {
  auto map = std::make_shared<kube::ConfigMap>();
  map->meta.ns = "weir";
  map->meta.name = "settings";
  accepted.config_map = map;
  options.sync_events = false;
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  auto changed = std::make_shared<kube::ConfigMap>(*map);
  changed->data["hsts"] = "false";
  accepted.config_map = changed;
  turn();

  EXPECT_THAT(events,
              ElementsAre("settings CREATE: ConfigMap weir/settings", "settings UPDATE: ConfigMap weir/settings"));
}

TEST_F(StatusReporterWithAFakeServer, TheConfigMapsOfTcpAndUdpServicesAreToldAsTheGlobalOne) {
  options.sync_events = false;
  options.port_maps = {{"weir", "tcp"}, {"weir", "udp"}};
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  auto map = std::make_shared<kube::ConfigMap>();
  map->meta.ns = "weir";
  map->meta.name = "tcp";
  state.config_maps[{"weir", "tcp"}] = map;
  turn();
  turn();
  auto changed = std::make_shared<kube::ConfigMap>(*map);
  changed->data["9000"] = "default/db:5432";
  state.config_maps[{"weir", "tcp"}] = changed;
  turn();

  EXPECT_THAT(events, ElementsAre("tcp CREATE: ConfigMap weir/tcp", "tcp UPDATE: ConfigMap weir/tcp"));
}

TEST_F(StatusReporterWithAFakeServer, TheLastOneEmptiesTheStatusAtItsEnd) {
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  bool done = false;
  reporter().shut_down([&done] { done = true; });
  run();

  EXPECT_TRUE(done);
  EXPECT_THAT(writes, ElementsAre(kWritten, "web/status {}"));
  turn();  // nothing is written afterwards
  EXPECT_EQ(writes.size(), 2u);
}

TEST_F(StatusReporterWithAFakeServer, OneOfSeveralLeavesItAtItsEnd) {
  for (const char* name : {"weir-1", "weir-2"}) {
    auto pod = std::make_shared<kube::Pod>();
    pod->meta.ns = "weir";
    pod->meta.name = name;
    pod->meta.labels["app"] = "weir";
    state.pods[pod->meta.object_name()] = pod;
  }
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  reporter().shut_down([] {});
  run();

  EXPECT_THAT(writes, ElementsAre(kWritten));
}

TEST_F(StatusReporterWithAFakeServer, TheStatusStaysAtTheEndWithoutTheFlagOrWithSeveralAddresses) {
  options.clear_on_shutdown = false;
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  reporter().shut_down([] {});
  run();
  EXPECT_THAT(writes, ElementsAre(kWritten));

  writes.clear();
  options.clear_on_shutdown = true;
  options.addresses = {"192.0.2.1", "192.0.2.2"};
  made.reset();
  reporter().take_role(StatusReporter::Role::leader);
  turn();
  reporter().shut_down([] {});
  run();
  EXPECT_EQ(writes.size(), 1u);
}

}  // namespace
}  // namespace weir::controller
