#include "weir/controller/loop.h"

#include "unit/controller/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

namespace weir::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Workers that take a table over when told to.
class FakeWorkers : public proxy::Publisher {
 public:
  void publish(route::RoutingTablePtr table) override { tables.push_back(std::move(table)); }
  std::uint64_t generation_in_force() const override { return in_force; }
  std::vector<proxy::PortProblem> open_ports() override {
    ++port_tries;
    return problems;
  }

  std::vector<route::RoutingTablePtr> tables;
  std::uint64_t in_force = 0;
  std::vector<proxy::PortProblem> problems;
  int port_tries = 0;
};

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    observe::MetricsOptions options;
    options.requests.enabled = true;
    metrics = std::make_unique<observe::Metrics>(options);
    LoopOptions loop_options;
    loop_options.compile.tls = false;
    loop_options.port_retry = std::chrono::milliseconds(1);
    loop_options.model.udp_services = kube::ObjectName{"weir", "udp"};
    state.config_maps[{"weir", "udp"}] = std::make_shared<kube::ConfigMap>();
    loop_options.quiet = loop_options.max_delay = loop_options.min_interval = std::chrono::milliseconds(0);
    loop = std::make_unique<Loop>(
        context, loop_options,
        [this] {
          ++reads;
          input.state = &state;
          return input;
        },
        workers, *metrics,
        [this](const features::Settings& settings) {
          applied.push_back(settings);
          return base::Diagnostics{};
        });
  }

  // Runs what is due; timers of the loop that poll for workers included. In pieces, so that what one timer leads to
  // runs also when this thread does not get its share of a busy machine.
  void run() {
    for (int i = 0; i < 20; ++i) {
      context.restart();
      context.run_for(std::chrono::milliseconds(1));
      context.poll();
    }
  }

  boost::asio::io_context context;
  FakeWorkers workers;
  kube::ClusterState state;
  Input input;
  int reads = 0;
  std::vector<features::Settings> applied;
  std::unique_ptr<observe::Metrics> metrics;
  std::unique_ptr<Loop> loop;
};

TEST_F(LoopTest, FirstTurnPublishesAndIsReadyOnceTheWorkersServeIt) {
  test::add_service(state, "web", "10.0.0.1");
  test::add_ingress(state, "shop", "shop.example", "web");

  loop->run_now();
  run();
  ASSERT_EQ(workers.tables.size(), 1u);
  EXPECT_THAT(route::to_text(*workers.tables[0]), HasSubstr("shop.example"));
  EXPECT_FALSE(loop->ready());

  workers.in_force = workers.tables[0]->generation;
  run();
  EXPECT_TRUE(loop->ready());
  EXPECT_THAT(metrics->scrape(), HasSubstr("weir_config_change_to_live_seconds_count 1\n"));
}

TEST_F(LoopTest, AChangeWithoutEffectIsNotPublished) {
  test::add_service(state, "web", "10.0.0.1");
  test::add_ingress(state, "shop", "shop.example", "web");
  loop->run_now();

  test::add_service(state, "unused", "10.0.0.9");
  loop->changed();
  run();

  EXPECT_EQ(reads, 2);
  EXPECT_EQ(workers.tables.size(), 1u);
  EXPECT_EQ(loop->table(), workers.tables[0]);
}

TEST_F(LoopTest, PortsThatCannotBeOpenedAreToldAndTriedAgainWithoutAChange) {
  const auto told = [this] {
    std::string text;
    for (const base::Diagnostic& d : loop->diagnostics()) {
      if (d.code == "stream-port-closed") text += d.object.ns + "/" + d.object.name + " " + d.key + ": " + d.text;
    }
    return text;
  };
  workers.problems.push_back({true, 53, "bind: Permission denied"});
  loop->run_now();
  EXPECT_EQ(told(), "weir/udp 53: bind: Permission denied; it is tried again");

  run();
  EXPECT_GT(workers.port_tries, 1);
  EXPECT_EQ(workers.tables.size(), 1u);

  workers.problems.clear();
  run();
  EXPECT_EQ(told(), "");
  const int tries = workers.port_tries;
  run();
  EXPECT_EQ(workers.port_tries, tries);
}

TEST_F(LoopTest, EndpointChangesArePublished) {
  test::add_service(state, "web", "10.0.0.1");
  test::add_ingress(state, "shop", "shop.example", "web");
  loop->run_now();

  test::add_service(state, "web", "10.0.0.2");
  loop->changed();
  run();

  ASSERT_EQ(workers.tables.size(), 2u);
  EXPECT_THAT(route::to_text(*workers.tables[1]), HasSubstr("10.0.0.2:8080"));
}

TEST_F(LoopTest, ManyChangesInOneTurnOfTheEventLoopAreOneTable) {
  test::add_service(state, "web", "10.0.0.1");
  test::add_ingress(state, "shop", "shop.example", "web");

  for (int i = 0; i < 100; ++i) loop->changed();
  run();

  EXPECT_EQ(workers.tables.size(), 1u);
  EXPECT_LE(reads, 2);
}

TEST_F(LoopTest, SettingsAreAppliedWhenTheyChange) {
  loop->run_now();
  loop->run_now();
  EXPECT_EQ(applied.size(), 1u);
}

TEST_F(LoopTest, ReloadMetricsFollowSuccessAndFailure) {
  test::add_service(state, "web", "10.0.0.1");
  test::add_ingress(state, "shop", "shop.example", "web");
  loop->run_now();
  std::string text = metrics->scrape();
  EXPECT_THAT(
      text,
      HasSubstr(
          "config_last_reload_successful{controller_class=\"\",controller_namespace=\"\",controller_pod=\"\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("controller_success{controller_class=\"\",controller_namespace=\"\",controller_pod=\"\"} 1\n"));
  EXPECT_THAT(text,
              Not(HasSubstr("config_hash{controller_class=\"\",controller_namespace=\"\",controller_pod=\"\"} 0\n")));

  base::Diagnostic broken;
  broken.severity = base::Severity::error;
  broken.code = "unreadable-file";
  broken.text = "x";
  input.diagnostics.push_back(broken);
  loop->run_now();
  text = metrics->scrape();
  EXPECT_THAT(
      text,
      HasSubstr("config_reload_success{controller_class=\"\",controller_namespace=\"\",controller_pod=\"\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("controller_errors{controller_class=\"\",controller_namespace=\"\",controller_pod=\"\"} 1\n"));
  EXPECT_EQ(loop->diagnostics().front().code, "unreadable-file");
}

TEST_F(LoopTest, OrphansAndSeriesFollowTheTable) {
  test::add_service(state, "web", "");
  test::add_ingress(state, "shop", "shop.example", "web");
  test::add_ingress(state, "lost", "lost.example", "nowhere");
  auto& worker = metrics->make_worker();
  observe::RequestSample sample;
  sample.host_is_configured = true;
  sample.ns = "default";
  sample.ingress = "shop";
  sample.method = "GET";
  worker.requests.observe(sample);

  loop->run_now();
  std::string text = metrics->scrape();
  EXPECT_THAT(text, HasSubstr("ingress=\"shop\",namespace=\"default\",type=\"no-endpoint\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ingress=\"shop\",namespace=\"default\",type=\"no-service\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ingress=\"lost\",namespace=\"default\",type=\"no-service\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ingress=\"shop\",method=\"GET\""));

  state.ingresses.clear();
  loop->run_now();
  text = metrics->scrape();
  EXPECT_THAT(text, Not(HasSubstr("ingress=\"shop\"")));
}

}  // namespace
}  // namespace weir::controller
