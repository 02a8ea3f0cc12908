#include "weir/observe/metrics_registry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <ctime>

namespace weir::observe {
namespace {

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

TEST(MetricsRegistry, NumbersReadBack) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(0.005), "0.005");
  EXPECT_EQ(number(1e7), "10000000");
  EXPECT_EQ(number(-3), "-3");
  EXPECT_EQ(number(INFINITY), "+Inf");
  EXPECT_EQ(number(NAN), "NaN");
}

TEST(MetricsRegistry, ExpositionIsSortedAndEscaped) {
  MetricsRegistry registry;
  registry.set("nginx_ingress_controller_success", {}, 0);
  registry.add("nginx_ingress_controller_success", {});
  registry.replace("nginx_ingress_controller_orphan_ingress", {{{{"ingress", "b\"\\\n"}}, 1}, {{{"ingress", "a"}}, 0}});

  EXPECT_EQ(registry.scrape(),
            "# HELP nginx_ingress_controller_orphan_ingress Gauge reporting status of ingress orphanity, 1 indicates "
            "orphaned ingress\n"
            "# TYPE nginx_ingress_controller_orphan_ingress gauge\n"
            "nginx_ingress_controller_orphan_ingress{ingress=\"a\"} 0\n"
            "nginx_ingress_controller_orphan_ingress{ingress=\"b\\\"\\\\\\n\"} 1\n"
            "# HELP nginx_ingress_controller_success Cumulative number of configurations taken over\n"
            "# TYPE nginx_ingress_controller_success counter\n"
            "nginx_ingress_controller_success 1\n");
}

TEST(MetricsRegistry, ReplaceRemovesSeriesThatWentAway) {
  MetricsRegistry registry;
  registry.replace("nginx_ingress_controller_orphan_ingress", {{{{"ingress", "a"}}, 1}});

  registry.replace("nginx_ingress_controller_orphan_ingress", {});

  EXPECT_EQ(registry.scrape(), "");
}

TEST(MetricsRegistry, MomentsAreShownAsSecondsUntilThen) {
  MetricsRegistry registry;
  const std::string name = "nginx_ingress_controller_ssl_certificate_expiry_seconds";
  registry.set_moment(name, {{"host", "a"}}, static_cast<double>(std::time(nullptr) + 1000));

  const std::string text = registry.scrape();

  const double left = std::strtod(text.c_str() + text.rfind(' '), nullptr);
  EXPECT_GT(left, 990);
  EXPECT_LE(left, 1000);
}

TEST(MetricsRegistry, HistogramsAreCumulative) {
  MetricsRegistry registry;
  const std::vector<double> bounds{0.1, 1};
  for (const double value : {0.05, 0.1, 0.5, 7.0}) registry.observe("weir_config_build_seconds", bounds, value);

  EXPECT_EQ(registry.scrape(),
            "# HELP weir_config_build_seconds Time to turn the objects into a routing table\n"
            "# TYPE weir_config_build_seconds histogram\n"
            "weir_config_build_seconds_bucket{le=\"0.1\"} 2\n"
            "weir_config_build_seconds_bucket{le=\"1\"} 3\n"
            "weir_config_build_seconds_bucket{le=\"+Inf\"} 4\n"
            "weir_config_build_seconds_sum 7.65\n"
            "weir_config_build_seconds_count 4\n");
}

TEST(MetricDocs, NamesAreUniqueAndSorted) {
  const auto& docs = metric_docs();
  for (std::size_t i = 1; i < docs.size(); ++i) EXPECT_LT(docs[i - 1].name, docs[i].name);
  for (const MetricDoc& doc : docs) EXPECT_EQ(find_metric_doc(doc.name), &doc);
}

}  // namespace
}  // namespace weir::observe
