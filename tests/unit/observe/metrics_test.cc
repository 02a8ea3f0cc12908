#include "weir/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace weir::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MetricsOptions options(bool enabled) {
  MetricsOptions o;
  o.requests.enabled = enabled;
  o.controller_namespace = "ns";
  o.controller_class = "k8s.io/ingress-nginx";
  o.controller_pod = "pod";
  o.version = "1.2.3";
  return o;
}

constexpr const char* kConstant =
    R"(controller_class="k8s.io/ingress-nginx",controller_namespace="ns",controller_pod="pod")";

TEST(Metrics, WithoutEnableMetricsOnlyTheProcessShows) {
  Metrics metrics(options(false));

  const std::string text = metrics.scrape();

  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, Not(HasSubstr("nginx_ingress_controller")));
  EXPECT_THAT(text, Not(HasSubstr("weir_")));
}

TEST(Metrics, ConnectionsAreSummedOverWorkers) {
  Metrics metrics(options(true));
  WorkerMetrics& a = metrics.make_worker();
  WorkerMetrics& b = metrics.make_worker();
  a.accepted.add(3);
  b.accepted.add(4);
  a.active.set(2);
  a.waiting.set(2);
  b.requests_total.add(9);

  const std::string text = metrics.scrape();

  const std::string p = "nginx_ingress_controller_nginx_process_";
  EXPECT_THAT(text, HasSubstr(p + "connections{" + kConstant + ",state=\"active\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(p + "connections{" + kConstant + ",state=\"waiting\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(p + "connections_total{" + kConstant + ",state=\"accepted\"} 7\n"));
  EXPECT_THAT(text, HasSubstr(p + "requests_total{" + kConstant + "} 9\n"));
}

TEST(Metrics, ReasonsAreCountedAndBounded) {
  Metrics metrics(options(true));
  WorkerMetrics& worker = metrics.make_worker();
  worker.count_reason("no-endpoints");
  worker.count_reason("no-endpoints");
  for (std::size_t i = 0; i < 2 * WorkerMetrics::kMaxReasons; ++i) worker.count_reason("r" + std::to_string(i));

  const std::string text = metrics.scrape();

  EXPECT_THAT(text,
              HasSubstr(std::string("weir_proxy_responses_total{") + kConstant + ",reason=\"no-endpoints\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(std::string("weir_proxy_responses_total{") + kConstant + ",reason=\"other\"} 258\n"));
}

TEST(Metrics, ControllerFamiliesExistFromTheStart) {
  Metrics metrics(options(true));

  const std::string text = metrics.scrape();

  for (const char* name :
       {"success", "errors", "config_hash", "config_last_reload_successful", "config_reload_success"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\nnginx_ingress_controller_") + name + "{" + kConstant + "} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("build_info{build=\"\","));
  EXPECT_THAT(text, HasSubstr("release=\"1.2.3\""));
}

TEST(Metrics, EveryFamilyHasItsTypeOnceAndIsDocumented) {
  Metrics metrics(options(true));
  WorkerMetrics& worker = metrics.make_worker();
  worker.count_reason("x");
  RequestSample sample;
  sample.host_is_configured = true;
  sample.method = "GET";
  worker.requests.observe(sample);

  const std::string text = metrics.scrape();

  std::set<std::string> seen;
  for (std::size_t at = text.find("# TYPE "); at != std::string::npos; at = text.find("# TYPE ", at + 1)) {
    const std::string name = text.substr(at + 7, text.find(' ', at + 7) - at - 7);
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_NE(find_metric_doc(name), nullptr) << name;
  }
  EXPECT_GT(seen.size(), 30u);
}

}  // namespace
}  // namespace weir::observe
