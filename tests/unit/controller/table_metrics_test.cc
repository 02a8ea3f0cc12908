#include "controller/table_metrics.h"

#include "unit/tls/make_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace weir::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TableMetricsOfATable : public testing::Test {
 protected:
  static observe::MetricsOptions options() {
    observe::MetricsOptions o;
    o.requests.enabled = true;
    return o;
  }

  // One host with one location of the Ingress `ingress`, and its backend.
  void add(const std::string& host, const std::string& ingress, tls::CertificatePtr certificate,
           model::BackendState state) {
    auto made = std::make_shared<route::Host>();
    made->name = host;
    made->certificate = std::move(certificate);
    made->locations.emplace_back(std::make_shared<const route::LocationPolicies>());
    made->locations.back().ns = "default";
    made->locations.back().ingress = ingress;
    hosts.push_back(made);
    auto source = std::make_shared<model::Host>();
    source->name = host;
    source->locations.emplace_back();
    source->locations.back().owner = {"default", ingress, "web", "80"};
    source->locations.back().backend = host;
    model.hosts.push_back(source);
    auto backend = std::make_shared<model::Backend>();
    backend->name = host;
    backend->state = state;
    model.backends.push_back(backend);
  }
  void clear() {
    hosts.clear();
    model = {};
  }
  std::string report() {
    route::RoutingTable table;
    auto list = std::make_shared<route::HostList>(hosts);
    table.host_list = list;
    shown.take_hosts(list);
    shown.report(model, table);
    // What these tests are about, so that a failure can be read.
    std::istringstream lines(metrics.scrape());
    std::string about;
    for (std::string line; std::getline(lines, line);) {
      const bool wanted = line.find("_ssl_") != std::string::npos || line.find("_orphan_") != std::string::npos ||
                          line.find("_controller_requests{") != std::string::npos;
      if (wanted && !line.starts_with('#')) about.append(line).append(1, '\n');
    }
    return about;
  }
  static tls::CertificatePtr certificate(const std::string& name) {
    const weir::test::PemPair pair = weir::test::certificate_for({name});
    return *tls::load_certificate(pair.certificate, pair.key);
  }

  observe::Metrics metrics{options()};
  TableMetrics shown{metrics};
  route::HostList hosts;
  model::Model model;
};

TEST_F(TableMetricsOfATable, OnlyALeaderTellsAboutCertificates) {
  add("a.example", "one", certificate("a.example"), model::BackendState::ready);
  EXPECT_THAT(report(), HasSubstr("ssl_expire_time_seconds{class=\"\",host=\"a.example\""));

  shown.take_lead(false);
  const std::string as_follower = report();
  EXPECT_THAT(as_follower, Not(HasSubstr("ssl_expire_time_seconds{")));
  EXPECT_THAT(as_follower, Not(HasSubstr("ssl_certificate_info{")));
  EXPECT_THAT(as_follower, Not(HasSubstr("ssl_certificate_expiry_seconds{")));

  shown.take_lead(true);
  EXPECT_THAT(report(), HasSubstr("ssl_certificate_info{class=\"\",host=\"a.example\""));
}

TEST_F(TableMetricsOfATable, ACertificateThatWentOrWasReplacedHasNoSeriesAnyMore) {
  add("a.example", "one", certificate("a.example"), model::BackendState::ready);
  add("b.example", "one", certificate("b.example"), model::BackendState::ready);
  report();

  clear();
  add("a.example", "one", certificate("a.example"), model::BackendState::ready);
  const std::string text = report();

  EXPECT_THAT(text, Not(HasSubstr("host=\"b.example\"")));
  EXPECT_THAT(text, HasSubstr("ssl_expire_time_seconds{class=\"\",host=\"a.example\""));
}

TEST_F(TableMetricsOfATable, OrphansComeGoAndChange) {
  add("a.example", "one", nullptr, model::BackendState::ready);
  add("b.example", "two", nullptr, model::BackendState::no_service);
  const std::string before = report();
  EXPECT_THAT(before, HasSubstr("ingress=\"one\",namespace=\"default\",type=\"no-service\"} 0"));
  EXPECT_THAT(before, HasSubstr("ingress=\"two\",namespace=\"default\",type=\"no-service\"} 1"));

  clear();
  add("a.example", "one", nullptr, model::BackendState::no_endpoints);
  add("c.example", "three", nullptr, model::BackendState::ready);
  const std::string after = report();

  EXPECT_THAT(after, HasSubstr("ingress=\"one\",namespace=\"default\",type=\"no-endpoint\"} 1"));
  EXPECT_THAT(after, HasSubstr("ingress=\"three\",namespace=\"default\",type=\"no-endpoint\"} 0"));
  EXPECT_THAT(after, Not(HasSubstr("ingress=\"two\"")));
}

// A request as a worker counts it.
void count(observe::RequestMetricsShard& shard, std::uint32_t location, const std::string& ingress) {
  observe::RequestSample sample;
  sample.location = location;
  sample.ns = "default";
  sample.ingress = ingress;
  sample.host = "a.example";
  sample.host_is_configured = true;
  sample.status = 200;
  shard.observe(sample);
}

TEST_F(TableMetricsOfATable, RequestsOfAnIngressAreShownAsLongAsAHostHasIt) {
  auto& shard = metrics.requests().make_shard();
  add("a.example", "one", nullptr, model::BackendState::ready);
  add("b.example", "one", nullptr, model::BackendState::ready);
  add("c.example", "two", nullptr, model::BackendState::ready);
  report();
  count(shard, 1, "one");
  count(shard, 2, "two");
  const auto requests = [](const std::string& ingress) { return "ingress=\"" + ingress + "\",method="; };
  const std::string both = report();
  EXPECT_THAT(both, HasSubstr(requests("one")));
  EXPECT_THAT(both, HasSubstr(requests("two")));

  clear();
  add("b.example", "one", nullptr, model::BackendState::ready);
  const std::string text = report();
  EXPECT_THAT(text, HasSubstr(requests("one")));
  EXPECT_THAT(text, Not(HasSubstr(requests("two"))));
}

TEST(TableMetrics, HashIsExactAsADouble) {
  EXPECT_EQ(hash_as_number("0000000000001ffff"), 1.0);
  EXPECT_EQ(hash_as_number("fffffffffffff"), 4503599627370495.0);
  EXPECT_EQ(hash_as_number(""), 0.0);
}

TEST(TableMetrics, EverySeverityHasASeries) {
  observe::MetricsOptions options;
  options.requests.enabled = true;
  observe::Metrics metrics(options);
  base::Diagnostic diagnostic;
  diagnostic.severity = base::Severity::warning;

  base::DiagnosticBook book;
  book.set("a", {diagnostic});
  diagnostic.text = "another";
  book.set("b", {diagnostic});
  report_diagnostics(book, metrics);

  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr("severity=\"warning\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("severity=\"error\"} 0\n"));
}

}  // namespace
}  // namespace weir::controller
