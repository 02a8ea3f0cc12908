// Looking up and compiling routing tables. The goals: a lookup among 100,000 hosts in random order takes at most 200
// ns, 10,000 Ingresses compile within a second, one changed among them within tens of milliseconds.
#include "weir/route/compile.h"
#include "weir/route/lookup.h"

#include "unit/model/plain_model.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

namespace weir::route {
namespace {

model::Location location_of(const std::string& host, const std::string& path, bool implicit) {
  model::Location location;
  location.path = path;
  location.implicit = implicit;
  location.owner = {"default", host, "web", "80"};
  if (!implicit) location.backend = "default-web-80";
  return location;
}

model::Host host_of(const std::string& name) {
  model::Host host;
  host.name = name;
  host.locations = {location_of(name, "/app", false), location_of(name, "/", true)};
  return host;
}

std::string name_of(std::size_t number) {
  return "service-" + std::to_string(number) + ".apps.example.com";
}

model::PlainModel model_of(std::size_t hosts) {
  model::PlainModel model;
  model.settings = std::make_shared<const features::Settings>();
  for (std::size_t i = 0; i < hosts; ++i) model.hosts.push_back(host_of(name_of(i)));
  model.hosts.push_back(host_of(model::kCatchAll));
  std::sort(model.hosts.begin(), model.hosts.end(),
            [](const model::Host& a, const model::Host& b) { return a.name < b.name; });
  model::Backend backend;
  backend.name = "default-web-80";
  backend.endpoints = {{*base::parse_ip("10.0.0.1"), 8080}};
  model.backends = {backend};
  return model;
}

CompileOptions options() {
  CompileOptions result;
  result.tls = false;
  return result;
}

// Requests for random hosts; the names lie in one flat buffer, as they would in receive buffers.
class Requests {
 public:
  explicit Requests(std::size_t hosts) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::string name = name_of(random() % hosts);
      places_.emplace_back(static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(name.size()));
      names_ += name;
    }
  }
  std::string_view next() {
    const auto [offset, size] = places_[at_++ % kCount];
    return std::string_view(names_).substr(offset, size);
  }

 private:
  static constexpr std::size_t kCount = 1 << 16;
  std::string names_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places_;
  std::size_t at_ = 0;
};

void BM_FindHost(benchmark::State& state) {
  const auto hosts = static_cast<std::size_t>(state.range(0));
  Compiler compiler(options());
  const RoutingTablePtr table = compiler.compile(model_of(hosts)).table;
  Requests requests(hosts);
  Lookup lookup;
  for (auto _ : state) benchmark::DoNotOptimize(&lookup.find_host(*table, requests.next()));
}
BENCHMARK(BM_FindHost)->Arg(10)->Arg(10'000)->Arg(100'000);

// Host and location, and the first fields of the location.
void BM_Lookup(benchmark::State& state) {
  const auto hosts = static_cast<std::size_t>(state.range(0));
  Compiler compiler(options());
  const RoutingTablePtr table = compiler.compile(model_of(hosts)).table;
  Requests requests(hosts);
  Lookup lookup;
  for (auto _ : state) {
    const Host& host = lookup.find_host(*table, requests.next());
    benchmark::DoNotOptimize(lookup.find_location(host, "/app/x").location->backend);
  }
}
BENCHMARK(BM_Lookup)->Arg(10)->Arg(10'000)->Arg(100'000);

void BM_Paths(benchmark::State& state) {
  model::PlainModel model = model_of(1);
  for (model::Host& host : model.hosts) {
    for (int i = 0; i < state.range(0); ++i) {
      host.locations.push_back(location_of(host.name, "/v1/team-" + std::to_string(i) + "/thing", false));
    }
  }
  Compiler compiler(options());
  const RoutingTablePtr table = compiler.compile(model).table;
  Lookup lookup;
  const Host& host = lookup.find_host(*table, name_of(0));
  std::vector<std::string> paths;
  std::mt19937 random(1);
  for (int i = 0; i < 1024; ++i) {
    paths.push_back("/v1/team-" + std::to_string(random() % static_cast<unsigned>(state.range(0))) + "/thing/17");
  }
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(lookup.find_location(host, paths[at++ & 1023]).location);
}
BENCHMARK(BM_Paths)->Arg(1)->Arg(10)->Arg(1'000);

void BM_RegexRewrite(benchmark::State& state) {
  model::PlainModel model = model_of(1);
  for (model::Host& host : model.hosts) {
    host.regex_mode = true;
    host.locations[0].path = "/api/v[0-9]+(/|$)(.*)";
    host.locations[0].policies.rewrite.target = "/$2";
  }
  Compiler compiler(options());
  const RoutingTablePtr table = compiler.compile(model).table;
  Lookup lookup;
  const Host& host = lookup.find_host(*table, name_of(0));
  std::string out;
  for (auto _ : state) {
    constexpr std::string_view kPath = "/api/v2/users/17";
    out = "/";
    if (lookup.match_captures(*lookup.find_location(host, kPath).location, kPath)) out += lookup.capture(2, kPath);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(BM_RegexRewrite);

void BM_CompileCold(benchmark::State& state) {
  const model::PlainModel model = model_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Compiler compiler(options());
    benchmark::DoNotOptimize(compiler.compile(model).table);
  }
}
BENCHMARK(BM_CompileCold)->Arg(10'000)->Unit(benchmark::kMillisecond);

// Two models that differ in one host, taken in turn.
void BM_CompileOneChanged(benchmark::State& state) {
  const model::PlainModel one = model_of(static_cast<std::size_t>(state.range(0)));
  model::PlainModel other = one;
  other.hosts[one.hosts.size() / 2].locations[0].path = "/other";
  Compiler compiler(options());
  compiler.compile(one);
  RoutingTablePtr table;
  bool first = false;
  for (auto _ : state) {
    table = compiler.compile(first ? one : other).table;
    first = !first;
  }
}
BENCHMARK(BM_CompileOneChanged)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::route
