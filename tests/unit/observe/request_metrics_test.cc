#include "weir/observe/request_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace weir::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RequestMetricsOptions on() {
  RequestMetricsOptions options;
  options.enabled = true;
  options.constant_labels = R"(controller_class="c",controller_namespace="n",controller_pod="p")";
  return options;
}

RequestSample request() {
  RequestSample s;
  s.location = 7;
  s.status = 200;
  s.method = "GET";
  s.host = "a.example";
  s.host_is_configured = true;
  s.path = "/x";
  s.ns = "default";
  s.ingress = "web";
  s.service = "svc";
  s.request_time = 5'000;
  s.connect_time = 400;
  s.header_time = 3'000;
  s.response_time = 4'000;
  s.request_length = 78;
  s.bytes_sent = 1234;
  return s;
}

std::string text(RequestMetrics& metrics) {
  std::string out;
  metrics.write(out);
  return out;
}

std::string line(const std::string& all, std::string_view name) {
  const std::size_t at = all.find(std::string("\n") + std::string(name) + "{");
  return at == std::string::npos ? "" : all.substr(at + 1, all.find('\n', at + 1) - at - 1);
}

constexpr const char* kLabels =
    R"(canary="",controller_class="c",controller_namespace="n",controller_pod="p",host="a.example",ingress="web",)"
    R"(method="GET",namespace="default",path="/x",service="svc",status="200")";

TEST(RequestMetrics, ExpositionHasTheOriginalsNamesLabelsAndBuckets) {
  RequestMetricsOptions options = on();
  options.excluded = {"bytes_sent",
                      "nginx_ingress_controller_connect_duration_seconds",
                      "header_duration_seconds",
                      "response_duration_seconds",
                      "request_size",
                      "response_size"};
  RequestMetrics metrics(options);

  metrics.make_shard().observe(request());

  const std::string labels = kLabels;
  const std::string p = "nginx_ingress_controller_";
  std::string expected =
      "# HELP " + p +
      "request_duration_seconds The request processing time in seconds, with the transfer to the client\n"
      "# TYPE " +
      p + "request_duration_seconds histogram\n";
  for (const char* le : {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}) {
    expected += p + "request_duration_seconds_bucket{" + labels + ",le=\"" + le + "\"} 1\n";
  }
  expected += p + "request_duration_seconds_sum{" + labels + "} 0.005\n" + p + "request_duration_seconds_count{" +
              labels + "} 1\n# HELP " + p + "requests The total number of client requests\n# TYPE " + p +
              "requests counter\n" + p + "requests{" + labels + "} 1\n";
  EXPECT_EQ(text(metrics), expected);
}

TEST(RequestMetrics, BucketsAreCumulativeAndBoundsInclusive) {
  RequestMetrics metrics(on());
  auto& shard = metrics.make_shard();
  for (const std::uint64_t size : {10u, 11u, 100u, 101u, 5'000'000u}) {
    RequestSample s = request();
    s.request_length = size;
    s.bytes_sent = size;
    shard.observe(s);
  }

  const std::string all = text(metrics);
  EXPECT_THAT(all, HasSubstr(std::string("request_size_bucket{") + kLabels + ",le=\"10\"} 1\n"));
  EXPECT_THAT(all, HasSubstr(std::string("request_size_bucket{") + kLabels + ",le=\"20\"} 2\n"));
  EXPECT_THAT(all, HasSubstr(std::string("request_size_bucket{") + kLabels + ",le=\"100\"} 3\n"));
  EXPECT_THAT(all, HasSubstr(std::string("request_size_bucket{") + kLabels + ",le=\"+Inf\"} 5\n"));
  EXPECT_THAT(all, HasSubstr(std::string("bytes_sent_bucket{") + kLabels + ",le=\"1000\"} 4\n"));
  EXPECT_THAT(all, HasSubstr(std::string("bytes_sent_bucket{") + kLabels + ",le=\"10000000\"} 5\n"));
  EXPECT_THAT(all, HasSubstr(std::string("response_size_sum{") + kLabels + "} 5000222\n"));
}

TEST(RequestMetrics, UpstreamTimesThatAreNotSingleNumbersAreNotObserved) {
  RequestMetrics metrics(on());
  RequestSample s = request();
  s.connect_time = s.header_time = s.response_time = -1;

  metrics.make_shard().observe(s);

  const std::string all = text(metrics);
  EXPECT_THAT(line(all, "nginx_ingress_controller_response_duration_seconds_count"), HasSubstr("} 0"));
  EXPECT_THAT(line(all, "nginx_ingress_controller_request_duration_seconds_count"), HasSubstr("} 1"));
}

TEST(RequestMetrics, SeveralWorkersAreSummed) {
  RequestMetrics metrics(on());
  auto& first = metrics.make_shard();
  auto& second = metrics.make_shard();

  first.observe(request());
  second.observe(request());
  second.observe(request());

  EXPECT_THAT(text(metrics), HasSubstr(std::string("controller_requests{") + kLabels + "} 3\n"));
}

TEST(RequestMetrics, DisabledCountsNothing) {
  RequestMetricsOptions options = on();
  options.enabled = false;
  RequestMetrics metrics(options);

  metrics.make_shard().observe(request());

  EXPECT_EQ(text(metrics), "");
  EXPECT_EQ(metrics.series(), 0u);
}

TEST(RequestMetrics, UndefinedHostsAreCountedOnlyOnDemand) {
  RequestSample s = request();
  s.host = "b.wild.example";
  s.host_is_configured = false;
  RequestMetrics usual(on());
  RequestMetricsOptions options = on();
  options.per_undefined_host = true;
  RequestMetrics undefined(options);

  usual.make_shard().observe(s);
  undefined.make_shard().observe(s);

  EXPECT_EQ(text(usual), "");
  EXPECT_THAT(text(undefined), HasSubstr("host=\"b.wild.example\""));
}

TEST(RequestMetrics, WithoutPerHostThereIsNoHostLabelAndEveryHostCounts) {
  RequestMetricsOptions options = on();
  options.per_host = false;
  RequestMetrics metrics(options);
  auto& shard = metrics.make_shard();
  RequestSample s = request();
  shard.observe(s);
  s.host = "other.example";
  s.host_is_configured = false;
  shard.observe(s);

  const std::string all = text(metrics);
  EXPECT_THAT(all, Not(HasSubstr("host=")));
  EXPECT_THAT(line(all, "nginx_ingress_controller_requests"), HasSubstr("} 2"));
}

TEST(RequestMetrics, StatusClassesFoldCodes) {
  RequestMetricsOptions options = on();
  options.status_classes = true;
  RequestMetrics metrics(options);
  auto& shard = metrics.make_shard();
  RequestSample s = request();
  for (const int status : {200, 204, 404}) {
    s.status = status;
    shard.observe(s);
  }

  const std::string all = text(metrics);
  EXPECT_THAT(all, HasSubstr("status=\"2xx\"} 2\n"));
  EXPECT_THAT(all, HasSubstr("status=\"4xx\"} 1\n"));
}

TEST(RequestMetrics, LabelValuesAreEscaped) {
  RequestMetrics metrics(on());
  RequestSample s = request();
  s.path = "/a\"b\\c";

  metrics.make_shard().observe(s);

  EXPECT_THAT(text(metrics), HasSubstr(R"(path="/a\"b\\c")"));
}

TEST(RequestMetrics, SeriesOfVanishedIngressesAreRemovedAndStartAnew) {
  RequestMetrics metrics(on());
  auto& shard = metrics.make_shard();
  shard.observe(request());
  RequestSample fallback = request();  // untouched default server: empty labels
  fallback.location = 1;
  fallback.ns = fallback.ingress = fallback.service = {};
  shard.observe(fallback);
  shard.observe(request());

  metrics.set_live_ingresses({{"default", "other"}});
  EXPECT_THAT(text(metrics), Not(HasSubstr("ingress=\"web\"")));
  EXPECT_THAT(text(metrics), HasSubstr("ingress=\"\""));

  shard.observe(request());  // a request that ends after its Ingress went
  EXPECT_THAT(text(metrics), Not(HasSubstr("ingress=\"web\"")));

  metrics.set_live_ingresses({{"default", "web"}});
  shard.observe(request());
  EXPECT_THAT(text(metrics), HasSubstr(std::string("controller_requests{") + kLabels + "} 1\n"));
  EXPECT_LE(metrics.series(), 3u);
}

TEST(RequestMetrics, SeriesBeyondTheBudgetAreDroppedAndCounted) {
  RequestMetricsOptions options = on();
  options.max_series = 2;
  RequestMetrics metrics(options);
  auto& shard = metrics.make_shard();
  RequestSample s = request();
  for (const int status : {200, 201, 202, 200}) {
    s.status = status;
    shard.observe(s);
  }

  EXPECT_EQ(metrics.series(), 2u);
  EXPECT_EQ(metrics.dropped_samples(), 1u);
}

TEST(RequestMetrics, InventedMethodsCannotEatTheBudget) {
  RequestMetricsOptions options = on();
  options.max_unusual_methods = 3;
  RequestMetrics metrics(options);
  auto& shard = metrics.make_shard();
  RequestSample s = request();
  for (int i = 0; i < 1000; ++i) {
    const std::string method = "M" + std::to_string(i);
    s.method = method;
    shard.observe(s);
  }

  EXPECT_EQ(metrics.series(), 4u);
  EXPECT_THAT(text(metrics), HasSubstr("method=\"_OTHER\""));
}

TEST(RequestMetrics, ScrapesAndRemovalsWhileWorkersCount) {
  RequestMetrics metrics(on());
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  for (int w = 0; w < 2; ++w) {
    auto& shard = metrics.make_shard();
    workers.emplace_back([&shard, &stop] {
      RequestSample s = request();
      std::uint32_t i = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        s.location = i++ % 50;
        s.ingress = i % 2 ? "web" : "other";
        shard.observe(s);
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    metrics.set_live_ingresses(i % 2 ? std::set<std::pair<std::string, std::string>>{{"default", "web"}}
                                     : std::set<std::pair<std::string, std::string>>{{"default", "other"}});
    EXPECT_THAT(text(metrics), Not(HasSubstr(i % 2 ? "ingress=\"other\"" : "ingress=\"web\"")));
  }
  stop.store(true);
  for (auto& worker : workers) worker.join();
}

}  // namespace
}  // namespace weir::observe
