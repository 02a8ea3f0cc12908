// What is kept up to date change by change is what would be made from nothing: objects -> accepted -> model -> table.
#include "unit/model/plain_model.h"
#include "unit/model/thicket.h"
#include "weir/kube/changes.h"
#include "weir/model/accept.h"
#include "weir/model/build.h"
#include "weir/route/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace weir::controller {
namespace {

route::CompileOptions without_tls() {
  route::CompileOptions options;
  options.tls = false;
  return options;
}

// The three stages as the loop runs them.
class Pipeline {
 public:
  explicit Pipeline(const model::Options& options) : acceptor_(options), builder_(options), compiler_(without_tls()) {}

  route::RoutingTablePtr update(const kube::ClusterState& state, kube::Changes changes) {
    const kube::Changes accepted = acceptor_.update(state, std::move(changes), book_);
    builder_.update(acceptor_.set(), state, accepted, book_);
    return compiler_.compile(builder_.model()).table;
  }
  const model::Model& model() const { return builder_.model(); }
  base::Diagnostics diagnostics() const { return book_.all(); }

 private:
  base::DiagnosticBook book_;
  model::Acceptor acceptor_;
  model::Builder builder_;
  route::Compiler compiler_;
};

// Objects that change at random; every change is noted.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    cluster.options.default_backend_service = kube::ObjectName{"n", "s3"};
    cluster.options.default_ssl_certificate = kube::ObjectName{"n", "cert"};
    cluster.settings({});
  }

  void step() {
    switch (pick(10)) {
      case 0:
      case 1:
      case 2:
        return put_ingress();
      case 3:
        return erase_any<kube::Ingress>();
      case 4:
        return put_service();
      case 5:
        return erase_any<kube::Service>();
      case 6:
        return put_slice();
      case 7:
        return erase_any<kube::EndpointSlice>();
      case 8:
        return pick(2) == 0 ? put_secret() : erase_any<kube::Secret>();
      default:
        return pick(4) == 0 ? change_rules_for_all() : put_slice();
    }
  }
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  model::Cluster cluster;
  kube::Changes changes;

 private:
  template <class T>
  void put(T object) {
    const kube::ObjectName name = object.meta.object_name();
    cluster.state.of<T>()[name] = std::make_shared<const T>(std::move(object));
    changes.note<T>(name);
  }
  template <class T>
  void erase_any() {
    auto& objects = cluster.state.of<T>();
    if (objects.empty()) return;
    const kube::ObjectName name = std::next(objects.begin(), pick(static_cast<int>(objects.size())))->first;
    objects.erase(name);
    changes.note<T>(name);
  }
  std::string ns() { return pick(2) == 0 ? "n" : "n-m"; }
  std::string service_name() { return "s" + std::to_string(pick(4)); }

  void put_ingress() {
    kube::Ingress object = model::thicket(static_cast<unsigned>(random_()), 1).front().object;
    object.meta.name = "i" + std::to_string(pick(14));
    object.meta.ns = ns();
    if (pick(12) == 0) object.class_name = "foreign";
    if (pick(12) == 0) object.meta.annotations["nginx.ingress.kubernetes.io/rewrite-target"] = "bad\nvalue";
    if (pick(6) == 0) object.meta.annotations["nginx.ingress.kubernetes.io/use-regex"] = "true";
    cluster.state.ingress_origins[object.meta.object_name()] = {"f.yaml", pick(3)};
    put(std::move(object));
  }
  void put_service() {
    kube::Service object;
    object.meta.ns = ns();
    object.meta.name = service_name();
    object.cluster_ip = "10.96.0.1";
    object.ports.push_back({"", 80, pick(2) == 0 ? "8080" : "8081", "TCP"});
    put(std::move(object));
  }
  void put_slice() {
    kube::EndpointSlice object =
        model::Cluster::slice("e" + std::to_string(pick(10)), service_name(), {}, {{"", 8080, "TCP"}}, ns());
    for (int i = pick(3); i > 0; --i) {
      kube::SliceEndpoint endpoint;
      endpoint.addresses = {"10.0.0." + std::to_string(pick(5))};
      if (pick(3) == 0) endpoint.ready = false;
      object.endpoints.push_back(std::move(endpoint));
    }
    put(std::move(object));
  }
  void put_secret() {
    kube::Secret object;
    object.meta.ns = ns();
    object.meta.name = "cert";
    object.type = "kubernetes.io/tls";
    put(std::move(object));
  }
  void change_rules_for_all() {
    if (pick(2) == 0) {
      kube::ConfigMap object;
      object.meta.ns = "weir";
      object.meta.name = "config";
      if (pick(2) == 0) object.data["proxy-body-size"] = std::to_string(pick(3)) + "m";
      return put(std::move(object));
    }
    kube::IngressClass object;
    object.meta.name = pick(2) == 0 ? "nginx" : "foreign";
    object.controller = pick(3) != 0 ? "k8s.io/ingress-nginx" : "example.com/other";
    put(std::move(object));
  }

  std::mt19937 random_;
};

std::string texts(const base::Diagnostics& diagnostics) {
  std::string lines;
  for (const base::Diagnostic& diagnostic : diagnostics) lines += base::to_string(diagnostic) + "\n";
  return lines;
}

TEST(Incremental, AnySequenceOfChangesEndsWhereStartingFromNothingDoes) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    World world(seed);
    Pipeline pipeline(world.cluster.options);
    model::AcceptedSet accepted;
    (void)pipeline.update(world.cluster.state, kube::Changes::all());
    accepted = model::accept(accepted, world.cluster.state, world.cluster.options);
    for (int turn = 0; turn < 60; ++turn) {
      for (int step = world.pick(4); step >= 0; --step) world.step();
      const auto table = pipeline.update(world.cluster.state, std::exchange(world.changes, {}));

      accepted = model::accept(accepted, world.cluster.state, world.cluster.options);
      const model::BuildResult built = model::build(accepted, world.cluster.state, world.cluster.options);
      route::Compiler compiler(without_tls());
      const auto expected = compiler.compile(built.model).table;
      base::Diagnostics diagnostics = accepted.diagnostics;
      diagnostics.insert(diagnostics.end(), built.diagnostics.begin(), built.diagnostics.end());
      std::sort(diagnostics.begin(), diagnostics.end());
      diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end()), diagnostics.end());

      SCOPED_TRACE("seed " + std::to_string(seed) + ", turn " + std::to_string(turn));
      ASSERT_EQ(model::values(pipeline.model().hosts), model::values(built.model.hosts));
      ASSERT_EQ(model::values(pipeline.model().backends), model::values(built.model.backends));
      ASSERT_EQ(pipeline.model().default_backend, built.model.default_backend);
      ASSERT_EQ(texts(pipeline.diagnostics()), texts(diagnostics));
      ASSERT_EQ(route::to_text(*table), route::to_text(*expected));
      ASSERT_EQ(table->hash, expected->hash);
    }
  }
}

TEST(Incremental, TheOrderOfArrivalDoesNotShowInTheHash) {
  World world(1);
  std::vector<model::IngressBuilder> objects = model::thicket(5, 300);
  world.cluster.service("s1", "10.0.0.1", "n").service("s2", "10.0.0.2", "n-m");
  const kube::ClusterState base = world.cluster.state;
  for (const auto& one : objects) world.cluster.add(one);
  Pipeline expected(world.cluster.options);
  const std::string hash = expected.update(world.cluster.state, kube::Changes::all())->hash;

  // In two parts, as a watch could deliver them: which objects come first is another choice each time.
  std::mt19937 random(7);
  for (int order = 0; order < 1000; ++order) {
    std::shuffle(objects.begin(), objects.end(), random);
    const std::size_t first_part = random() % objects.size();
    world.cluster.state = base;
    Pipeline pipeline(world.cluster.options);
    kube::Changes changes = kube::Changes::all();
    route::RoutingTablePtr table;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      world.cluster.add(objects[i]);
      changes.note<kube::Ingress>(objects[i].object.meta.object_name());
      if (i != first_part && i + 1 != objects.size()) continue;
      table = pipeline.update(world.cluster.state, std::exchange(changes, {}));
    }
    ASSERT_EQ(table->hash, hash) << "order " << order;
  }
}

TEST(Incremental, AChangeOfEndpointsLeavesHostsAndIndexesAsTheyAre) {
  model::Cluster cluster;
  cluster.add(model::ing("a").path("a.example", "/", "web")).service("web", "10.0.0.1");
  Pipeline pipeline(cluster.options);
  const auto before = pipeline.update(cluster.state, kube::Changes::all());

  cluster.service("web", "10.0.0.2");
  kube::Changes changes;
  changes.note<kube::EndpointSlice>({"default", "web-1"});
  const auto after = pipeline.update(cluster.state, changes);

  EXPECT_NE(after->hash, before->hash);
  EXPECT_EQ(after->host_list, before->host_list);
  EXPECT_EQ(after->index, before->index);
  EXPECT_EQ(after->certificate_index, before->certificate_index);
}

TEST(Incremental, AChangedIngressLeavesTheHostsOfOthersAsTheyAre) {
  model::Cluster cluster;
  cluster.add(model::ing("a").path("a.example", "/", "web")).add(model::ing("b").path("b.example", "/", "web"));
  cluster.service("web");
  Pipeline pipeline(cluster.options);
  (void)pipeline.update(cluster.state, kube::Changes::all());
  const model::HostPtr other = pipeline.model().hosts[2];

  cluster.add(model::ing("a").path("a.example", "/x", "web"));
  kube::Changes changes;
  changes.note<kube::Ingress>({"default", "a"});
  (void)pipeline.update(cluster.state, changes);

  ASSERT_EQ(pipeline.model().hosts[2]->name, "b.example");
  EXPECT_EQ(pipeline.model().hosts[2], other);
}

TEST(Incremental, AnUnchangedObjectOfANewReadChangesNothing) {
  model::Cluster cluster;
  cluster.add(model::ing("a").path("a.example", "/", "web")).service("web");
  Pipeline pipeline(cluster.options);
  const auto before = pipeline.update(cluster.state, kube::Changes::all());

  cluster.add(model::ing("a").path("a.example", "/", "web"));
  const auto after = pipeline.update(cluster.state, kube::Changes::all());

  EXPECT_EQ(after->hash, before->hash);
  EXPECT_EQ(after->host_list, before->host_list);
}

}  // namespace
}  // namespace weir::controller
