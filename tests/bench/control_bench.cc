// The control path at scale: objects -> accepted -> model -> table, from nothing and change by change. Prints a table
// of times, the memory of the process and whether the order of arrival shows in the hash.
//
//   control_bench [INGRESSES]     default 10,000; with as many Services, twice as many EndpointSlices with five
//                                 endpoints each, and a TLS Secret for every fifth Ingress
#include "unit/tls/make_certificate.h"
#include "weir/base/diagnostic_book.h"
#include "weir/features/filter_order.h"
#include "weir/kube/changes.h"
#include "weir/model/accept.h"
#include "weir/model/build.h"
#include "weir/route/compile.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

class Pipeline {
 public:
  explicit Pipeline(const model::Options& options)
      : acceptor_(options), builder_(options), compiler_(compile_options()) {}

  route::RoutingTablePtr update(const kube::ClusterState& state, kube::Changes changes) {
    const auto start = Clock::now();
    const kube::Changes accepted = acceptor_.update(state, std::move(changes), book_);
    accept_ms = milliseconds_since(start);
    const auto built = Clock::now();
    builder_.update(acceptor_.set(), state, accepted, book_);
    build_ms = milliseconds_since(built);
    const auto compiled = Clock::now();
    route::RoutingTablePtr table = compiler_.compile(builder_.model()).table;
    compile_ms = milliseconds_since(compiled);
    total_ms = milliseconds_since(start);
    return table;
  }

  double accept_ms = 0;
  double build_ms = 0;
  double compile_ms = 0;
  double total_ms = 0;

 private:
  static route::CompileOptions compile_options() {
    route::CompileOptions options;
    options.filter_mask = features::filter_mask;
    return options;
  }

  base::DiagnosticBook book_;
  model::Acceptor acceptor_;
  model::Builder builder_;
  route::Compiler compiler_;
};

class World {
 public:
  explicit World(int ingresses) : count_(ingresses) {
    options.watch_ingress_without_class = true;
    const test::PemPair made = test::certificate_for({"*.apps.example.com"});
    for (int i = 0; i < count_; ++i) {
      put_ingress(i, "/");
      put_service(i);
      put_slice(i, 0, 0);
      put_slice(i, 1, 0);
      if (i % 5 == 0) put_secret(i, made);
    }
    changes = kube::Changes::all();
  }

  void put_ingress(int i, const std::string& path) {
    kube::Ingress object;
    name(object, i);
    object.meta.created = i % 1000;
    object.meta.annotations["nginx.ingress.kubernetes.io/proxy-body-size"] = std::to_string(1 + i % 8) + "m";
    object.meta.annotations["nginx.ingress.kubernetes.io/ssl-redirect"] = "false";
    kube::IngressRule rule;
    rule.host = host(i);
    rule.has_http = true;
    rule.paths.push_back({path, kube::PathType::prefix, {false, "app-" + std::to_string(i), {"", 80}}});
    rule.paths.push_back({"/api", kube::PathType::prefix, {false, "app-" + std::to_string(i), {"", 80}}});
    object.rules.push_back(std::move(rule));
    if (i % 5 == 0) object.tls.push_back({{host(i)}, "app-" + std::to_string(i)});
    put(std::move(object));
  }
  void put_slice(int i, int part, int version) {
    kube::EndpointSlice object;
    name(object, i);
    object.meta.name += "-" + std::to_string(part);
    object.service = "app-" + std::to_string(i);
    object.address_type = "IPv4";
    object.ports.push_back({"", 8080, "TCP"});
    for (int e = 0; e < 5; ++e) {
      kube::SliceEndpoint endpoint;
      const int number = (i * 10 + part * 5 + e) % 60000 + version;
      endpoint.addresses.push_back("10." + std::to_string(1 + i * 10 / 60000) + "." + std::to_string(number / 250) +
                                   "." + std::to_string(1 + number % 250));
      endpoint.ready = true;
      object.endpoints.push_back(std::move(endpoint));
    }
    put(std::move(object));
  }
  int count() const { return count_; }

  kube::ClusterState state;
  kube::Changes changes;
  model::Options options;

 private:
  static std::string host(int i) { return "app-" + std::to_string(i) + ".apps.example.com"; }
  template <class T>
  static void name(T& object, int i) {
    object.meta.ns = "team-" + std::to_string(i % 50);
    object.meta.name = "app-" + std::to_string(i);
  }
  template <class T>
  void put(T object) {
    const kube::ObjectName key = object.meta.object_name();
    state.of<T>()[key] = std::make_shared<const T>(std::move(object));
    changes.note<T>(key);
  }
  void put_service(int i) {
    kube::Service object;
    name(object, i);
    object.cluster_ip = "10.96.0.1";
    object.ports.push_back({"", 80, "8080", "TCP"});
    put(std::move(object));
  }
  void put_secret(int i, const test::PemPair& pair) {
    kube::Secret object;
    name(object, i);
    object.type = "kubernetes.io/tls";
    object.data["tls.crt"] = pair.certificate;
    object.data["tls.key"] = pair.key;
    put(std::move(object));
  }

  int count_;
};

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

void print_changes(const char* what, World& world, Pipeline& pipeline, const std::function<void(int)>& change) {
  constexpr int kRounds = 300;
  std::vector<double> total, accept, build, compile;
  std::mt19937 random(3);
  route::RoutingTablePtr table;
  for (int round = 0; round < kRounds; ++round) {
    change(static_cast<int>(random() % static_cast<unsigned>(world.count())));
    table = pipeline.update(world.state, std::exchange(world.changes, {}));
    total.push_back(pipeline.total_ms);
    accept.push_back(pipeline.accept_ms);
    build.push_back(pipeline.build_ms);
    compile.push_back(pipeline.compile_ms);
  }
  std::printf("%-34s p50 %8.2f ms   p99 %8.2f ms   (accept %.2f, build %.2f, compile %.2f)\n", what,
              quantile(total, 0.5), quantile(total, 0.99), quantile(accept, 0.5), quantile(build, 0.5),
              quantile(compile, 0.5));
}

int run(int ingresses) {
  World world(ingresses);
  const double objects_mib = resident_mib();
  std::printf("%d Ingresses, %zu Services, %zu EndpointSlices, %zu Secrets: %.0f MiB\n", ingresses,
              world.state.services.size(), world.state.endpoint_slices.size(), world.state.secrets.size(), objects_mib);
  Pipeline pipeline(world.options);
  route::RoutingTablePtr table = pipeline.update(world.state, std::exchange(world.changes, {}));
  std::printf("%-34s %12.0f ms                   (accept %.0f, build %.0f, compile %.0f)\n",
              "first table, from nothing", pipeline.total_ms, pipeline.accept_ms, pipeline.build_ms,
              pipeline.compile_ms);
  std::printf("memory with objects, model, table  %12.0f MiB\n", resident_mib());

  int version = 0;
  print_changes("one Ingress changed", world, pipeline,
                [&](int i) { world.put_ingress(i, "/v" + std::to_string(++version)); });
  print_changes("one EndpointSlice changed", world, pipeline, [&](int i) { world.put_slice(i, 0, ++version % 50); });
  print_changes("50 EndpointSlices changed", world, pipeline, [&](int i) {
    for (int k = 0; k < 50; ++k) world.put_slice((i + k * 101) % world.count(), 0, ++version % 50);
  });
  std::printf("memory after the changes           %12.0f MiB\n", resident_mib());

  table = pipeline.update(world.state, kube::Changes::all());
  std::vector<kube::ObjectName> names;
  for (const auto& entry : world.state.ingresses) names.push_back(entry.first);
  std::mt19937 random(11);
  int equal = 0;
  constexpr int kOrders = 5;
  for (int order = 0; order < kOrders; ++order) {
    std::shuffle(names.begin(), names.end(), random);
    kube::ClusterState arriving = world.state;
    arriving.ingresses.clear();
    Pipeline other(world.options);
    route::RoutingTablePtr last = other.update(arriving, kube::Changes::all());
    for (std::size_t i = 0; i < names.size();) {
      kube::Changes changes;
      const std::size_t end = std::min(names.size(), i + 1 + random() % 3000);
      for (; i < end; ++i) {
        arriving.ingresses[names[i]] = world.state.ingresses.at(names[i]);
        changes.note<kube::Ingress>(names[i]);
      }
      last = other.update(arriving, std::move(changes));
    }
    equal += last->hash == table->hash;
  }
  std::printf("orders of arrival with equal hash  %8d of %d\n", equal, kOrders);
  return equal == kOrders ? 0 : 1;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const int ingresses = argc > 1 ? std::atoi(argv[1]) : 10'000;
  if (ingresses < 1) {
    std::fprintf(stderr, "usage: control_bench [INGRESSES]\n");
    return 2;
  }
  return weir::run(ingresses);
}
