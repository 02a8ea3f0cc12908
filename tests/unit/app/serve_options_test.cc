#include "app/serve_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace weir::app {
namespace {

using ::testing::HasSubstr;

// Applies "name=value"; the problem, or empty.
std::string set(ServeOptions& options, const std::string& name, std::string_view value) {
  for (const Flag& flag : serve_flags(options)) {
    if (flag.name != name) continue;
    if (const auto problem = check_flag_type(flag.type, value)) return *problem;
    return flag.apply ? flag.apply(value).value_or("") : "";
  }
  return "no such flag";
}

// Spec section 7, all of it.
constexpr const char* kSpecified[] = {"apiserver-host",
                                      "certificate-authority",
                                      "kubeconfig",
                                      "default-backend-service",
                                      "ingress-class",
                                      "controller-class",
                                      "ingress-class-by-name",
                                      "watch-ingress-without-class",
                                      "disable-catch-all",
                                      "watch-namespace",
                                      "watch-namespace-selector",
                                      "configmap",
                                      "tcp-services-configmap",
                                      "udp-services-configmap",
                                      "annotations-prefix",
                                      "enable-annotation-validation",
                                      "deep-inspect",
                                      "disable-svc-external-name",
                                      "enable-topology-aware-routing",
                                      "sync-period",
                                      "sync-rate-limit",
                                      "dynamic-configuration-retries",
                                      "disable-sync-events",
                                      "default-ssl-certificate",
                                      "enable-ssl-passthrough",
                                      "enable-ssl-chain-completion",
                                      "http-port",
                                      "https-port",
                                      "ssl-passthrough-proxy-port",
                                      "default-server-port",
                                      "healthz-port",
                                      "healthz-host",
                                      "health-check-path",
                                      "health-check-timeout",
                                      "status-port",
                                      "stream-port",
                                      "internal-logger-address",
                                      "profiling",
                                      "profiler-port",
                                      "profiler-address",
                                      "publish-service",
                                      "publish-status-address",
                                      "update-status",
                                      "update-status-on-shutdown",
                                      "status-update-interval",
                                      "report-node-internal-ip-address",
                                      "election-id",
                                      "election-ttl",
                                      "disable-leader-election",
                                      "validating-webhook",
                                      "validating-webhook-certificate",
                                      "validating-webhook-key",
                                      "disable-full-test",
                                      "enable-metrics",
                                      "metrics-per-host",
                                      "metrics-per-undefined-host",
                                      "report-status-classes",
                                      "time-buckets",
                                      "length-buckets",
                                      "size-buckets",
                                      "bucket-factor",
                                      "max-buckets",
                                      "exclude-socket-metrics",
                                      "monitor-max-batch-size",
                                      "shutdown-grace-period",
                                      "post-shutdown-grace-period",
                                      "maxmind-license-key",
                                      "maxmind-mirror",
                                      "maxmind-edition-ids",
                                      "maxmind-retries-count",
                                      "maxmind-retries-timeout",
                                      "version",
                                      "v",
                                      "vmodule",
                                      "logtostderr",
                                      "alsologtostderr",
                                      "stderrthreshold",
                                      "log-file",
                                      "log-dir",
                                      "log-backtrace-at",
                                      "skip-headers",
                                      "skip-log-headers",
                                      "add-dir-header",
                                      "one-output",
                                      "log-file-max-size"};

TEST(ServeOptions, EveryFlagOfTheOriginalIsThereOnce) {
  ServeOptions options;
  std::multiset<std::string> names;
  for (const Flag& flag : serve_flags(options)) names.insert(flag.name);

  for (const char* name : kSpecified) EXPECT_EQ(names.count(name), 1u) << name;
}

TEST(ServeOptions, EveryDefaultTextIsAcceptedByItsFlag) {
  ServeOptions options;
  for (const Flag& flag : serve_flags(options)) {
    if (flag.default_text.empty()) continue;
    EXPECT_EQ(set(options, flag.name, flag.default_text), "") << flag.name;
  }
  const ServeOptions fresh;
  EXPECT_EQ(options.model.http_port, fresh.model.http_port);
  EXPECT_EQ(options.model.https_port, fresh.model.https_port);
  EXPECT_EQ(options.healthz_port, fresh.healthz_port);
  EXPECT_EQ(options.metrics.time_buckets, fresh.metrics.time_buckets);
  EXPECT_EQ(options.metrics.length_buckets, fresh.metrics.length_buckets);
  EXPECT_EQ(options.metrics.size_buckets, fresh.metrics.size_buckets);
  EXPECT_EQ(options.metrics.per_host, fresh.metrics.per_host);
  EXPECT_EQ(options.post_shutdown_grace, fresh.post_shutdown_grace);
  EXPECT_EQ(options.model.ingress_class, fresh.model.ingress_class);
  EXPECT_EQ(options.model.enable_annotation_validation, fresh.model.enable_annotation_validation);
}

TEST(ServeOptions, FlagsWithEffectWriteTheirOption) {
  ServeOptions options;

  EXPECT_EQ(set(options, "http-port", "8080"), "");
  EXPECT_EQ(set(options, "configmap", "ns/name"), "");
  EXPECT_EQ(set(options, "watch-ingress-without-class", "true"), "");
  EXPECT_EQ(set(options, "time-buckets", "0.1,1,10"), "");
  EXPECT_EQ(set(options, "exclude-socket-metrics", "request_size, bytes_sent"), "");
  EXPECT_EQ(set(options, "v", "5"), "");

  EXPECT_EQ(options.model.http_port, 8080);
  EXPECT_EQ(options.model.config_map, (kube::ObjectName{"ns", "name"}));
  EXPECT_TRUE(options.model.watch_ingress_without_class);
  EXPECT_EQ(options.metrics.time_buckets, (std::vector<double>{0.1, 1, 10}));
  EXPECT_EQ(options.metrics.excluded, (std::vector<std::string>{"request_size", "bytes_sent"}));
  EXPECT_EQ(options.log_level, observe::LogLevel::debug);
  EXPECT_EQ(set(options, "table-interval", "0"), "");
  EXPECT_EQ(options.table_interval.count(), 0);
}

TEST(ServeOptions, BadValuesAreRefused) {
  ServeOptions options;

  EXPECT_THAT(set(options, "http-port", "70000"), HasSubstr("must be a port number"));
  EXPECT_THAT(set(options, "configmap", "name"), HasSubstr("namespace/name"));
  EXPECT_THAT(set(options, "configmap", "a/b/c"), HasSubstr("namespace/name"));
  EXPECT_THAT(set(options, "time-buckets", "1,0.5"), HasSubstr("increasing"));
  EXPECT_THAT(set(options, "post-shutdown-grace-period", "-1"), HasSubstr("seconds"));
  EXPECT_THAT(set(options, "election-ttl", "30"), HasSubstr("duration"));
  EXPECT_THAT(set(options, "table-interval", "60001"), HasSubstr("milliseconds"));
  EXPECT_THAT(set(options, "table-interval", "-1"), HasSubstr("milliseconds"));
  EXPECT_THAT(set(options, "logging-format", "xml"), HasSubstr("text or json"));
}

TEST(ServeOptions, CombinationsThatCannotWorkEndTheStart) {
  ServeOptions options;
  EXPECT_FALSE(check_combination(options));
  options.metrics.per_undefined_host = true;
  EXPECT_FALSE(check_combination(options));
  options.metrics.per_host = false;
  EXPECT_EQ(check_combination(options), "--metrics-per-undefined-host needs --metrics-per-host");

  ServeOptions ports;
  ports.model.http_port = 443;
  EXPECT_EQ(check_combination(ports), "--http-port and --https-port are both 443");

  ServeOptions publish;
  publish.status.service = kube::ObjectName{"a", "b"};
  publish.status.addresses = {"1.2.3.4"};
  EXPECT_THAT(check_combination(publish).value_or(""), HasSubstr("exclude each other"));
}

}  // namespace
}  // namespace weir::app
