#include "model/port_services.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PortServicesTest : public testing::Test {
 protected:
  PortServicesTest() {
    cluster.options.tcp_services = kube::ObjectName{"weir", "tcp"};
    cluster.options.udp_services = kube::ObjectName{"weir", "udp"};
    kube::Service db;
    db.meta.name = "db";
    db.cluster_ip = "10.96.0.1";
    db.ports = {{"sql", 5432, "5433", "TCP"}, {"dns", 53, "5353", "UDP"}, {"web", 80, "sql", "TCP"}};
    cluster.add(db);
    cluster.add(Cluster::slice("db-1", "db", {"10.0.0.2", "10.0.0.1"},
                               {{"sql", 5433, "TCP"}, {"dns", 5353, "UDP"}, {"web", 8080, "TCP"}}));
    maps({}, {});
  }
  void map(const char* name, std::map<std::string, std::string> data) {
    kube::ConfigMap object;
    object.meta.ns = "weir";
    object.meta.name = name;
    object.data = std::move(data);
    cluster.state.config_maps[{"weir", name}] = std::make_shared<kube::ConfigMap>(std::move(object));
  }
  void maps(std::map<std::string, std::string> tcp, std::map<std::string, std::string> udp = {}) {
    map("tcp", std::move(tcp));
    map("udp", std::move(udp));
  }
  // "tcp 5432 in out tcp-default-db-5432 10.0.0.1 5433, ..."
  std::vector<std::string> served() {
    built = cluster.built();
    std::vector<std::string> lines;
    for (const PortService& service : built.model.port_services) {
      std::string line = (service.transport == Transport::udp ? "udp " : "tcp ") + std::to_string(service.port);
      if (service.proxy_in) line += " in";
      if (service.proxy_out) line += " out";
      line += " " + service.backend->name;
      for (const std::string& endpoint : texts(service.backend->endpoints)) line += ", " + endpoint;
      lines.push_back(line);
    }
    return lines;
  }
  std::vector<std::string> problems() {
    std::vector<std::string> lines;
    for (const base::Diagnostic& d : built.diagnostics) {
      if (d.object.kind == "ConfigMap") lines.push_back(d.code + " " + d.object.name + " " + d.key);
    }
    return lines;
  }
  std::vector<std::string> problems_of(const std::string& key, const std::string& value) {
    maps({{key, value}});
    EXPECT_THAT(served(), IsEmpty()) << key << " " << value;
    return problems();
  }

  Cluster cluster;
  BuildResult built;
};

TEST_F(PortServicesTest, ALineIsAPortAndItsServicesEndpoints) {
  maps({{"9000", "default/db:5432"}, {"80000", "default/db:5432"}, {"901", "default/db:web"}},
       {{"9000", "default/db:53"}});

  EXPECT_THAT(served(), ElementsAre("tcp 901 tcp-default-db-web, 10.0.0.1 8080, 10.0.0.2 8080",
                                    "tcp 9000 tcp-default-db-5432, 10.0.0.1 5433, 10.0.0.2 5433",
                                    "udp 9000 udp-default-db-53, 10.0.0.1 5353, 10.0.0.2 5353"));
  EXPECT_THAT(problems(), ElementsAre("stream-port-invalid tcp 80000"));
}

TEST_F(PortServicesTest, ANumberIsThePortOfTheServiceOnlyAndOfItsProtocol) {
  EXPECT_THAT(problems_of("9000", "default/db:5433"), ElementsAre("stream-no-endpoints tcp 9000"));
  EXPECT_THAT(summary(built.diagnostics), Contains("warning service-port-missing default/db"));
  EXPECT_THAT(problems_of("9000", "default/db:53"), ElementsAre("stream-no-endpoints tcp 9000"));
  EXPECT_THAT(problems_of("9000", "default/db:dns"), ElementsAre("stream-no-endpoints tcp 9000"));
}

TEST_F(PortServicesTest, EntriesThatCannotBeReadAreLeftOutWithTheReason) {
  for (const char* key : {"", "x", "0", "-1", "65536", "80 80", "99999999999999999999"}) {
    EXPECT_THAT(problems_of(key, "default/db:5432"), ElementsAre(HasSubstr("stream-port-invalid tcp "))) << key;
  }
  for (const char* value : {"", ":", "default/db", "db:5432", "/db:5432", "default/:5432", "a/b/c:5432",
                            "default/db:", "default/db::PROXY"}) {
    EXPECT_THAT(problems_of("9000", value), ElementsAre("stream-format tcp 9000")) << value;
  }
  EXPECT_THAT(problems_of("9000", "default/none:5432"), ElementsAre("stream-service-missing tcp 9000"));
  EXPECT_THAT(problems_of("9000", "other/db:5432"), ElementsAre("stream-service-missing tcp 9000"));
}

TEST_F(PortServicesTest, PortsOfTheControllerAreReserved) {
  cluster.options.http_port = 8000;
  for (const char* key : {"8000", "443", "10254", "442", "8181", "10245", "10246", "10247"}) {
    EXPECT_THAT(problems_of(key, "default/db:5432"), ElementsAre(std::string("stream-port-reserved tcp ") + key));
  }
  maps({{"80", "default/db:5432"}});
  EXPECT_EQ(served().size(), 1u);
}

TEST_F(PortServicesTest, OnePortHasOneService) {
  maps({{"09000", "default/db:5432"}, {"9000", "default/db:web"}});

  EXPECT_THAT(served(), ElementsAre(testing::StartsWith("tcp 9000 tcp-default-db-5432,")));
  EXPECT_THAT(problems(), ElementsAre("stream-port-taken tcp 9000"));
}

TEST_F(PortServicesTest, FieldsThreeAndFourAreTheProxyProtocolInAndOut) {
  const auto flags_of = [&](const std::string& more) {
    maps({{"9000", "default/db:5432" + more}});
    const std::string line = served().at(0);
    return line.substr(9, line.find("tcp-") - 9);
  };
  EXPECT_EQ(flags_of(""), "");
  EXPECT_EQ(flags_of(":PROXY"), "in ");
  EXPECT_EQ(flags_of(":proxy:Proxy"), "in out ");
  EXPECT_EQ(flags_of("::PROXY"), "out ");
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(flags_of(":PROXY:PROXY:PROXY"), "in ");
  EXPECT_THAT(problems(), ElementsAre("stream-proxy-ignored tcp 9000"));
  EXPECT_EQ(flags_of(":PROXY:"), "in ");
  EXPECT_EQ(flags_of(":yes:PROXY"), "out ");
  EXPECT_THAT(problems(), ElementsAre("stream-proxy-ignored tcp 9000"));
}

TEST_F(PortServicesTest, UdpKnowsNoProxyProtocol) {
  maps({}, {{"9000", "default/db:53:PROXY:PROXY"}});

  EXPECT_THAT(served(), ElementsAre(testing::StartsWith("udp 9000 udp-default-db-53,")));
  EXPECT_THAT(problems(), ElementsAre("stream-proxy-ignored udp 9000"));
}

TEST_F(PortServicesTest, WithoutReadyEndpointsAPortStaysClosed) {
  kube::EndpointSlice slice = Cluster::slice("db-1", "db", {"10.0.0.1"}, {{"sql", 5433, "TCP"}});
  slice.endpoints.front().ready = false;
  cluster.add(slice);

  EXPECT_THAT(problems_of("9000", "default/db:5432"), ElementsAre("stream-no-endpoints tcp 9000"));
}

TEST_F(PortServicesTest, AMissingConfigMapIsNamedAndHasNoServices) {
  cluster.state.config_maps.clear();

  EXPECT_THAT(served(), IsEmpty());
  EXPECT_THAT(problems(), ElementsAre("stream-map-missing tcp ", "stream-map-missing udp "));
  cluster.options.tcp_services = cluster.options.udp_services = std::nullopt;
  EXPECT_THAT(served(), IsEmpty());
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(PortServicesTest, AnExternalNameIsTakenWithThePortOfItsService) {
  kube::Service object;
  object.meta.name = "far";
  object.type = "ExternalName";
  object.external_name = "db.example";
  object.ports = {{"sql", 5432, "", "TCP"}};
  cluster.add(object);
  maps({{"9000", "default/far:sql"}});

  EXPECT_THAT(served(), ElementsAre("tcp 9000 tcp-default-far-sql"));
  EXPECT_EQ(built.model.port_services.front().backend->external_name, "db.example");
  EXPECT_EQ(built.model.port_services.front().backend->external_port, 5432);
}

// What an update makes is what starting from nothing makes.
TEST_F(PortServicesTest, ChangesOfTheMapOfServicesAndOfSlicesAreFollowed) {
  base::DiagnosticBook book;
  Builder builder(cluster.options);
  const AcceptedSet accepted = cluster.accepted();
  const auto update = [&](const kube::Changes& changes) {
    (void)builder.update(accepted, cluster.state, changes, book);
    return builder.model().port_services == cluster.built().model.port_services;
  };
  EXPECT_TRUE(update(kube::Changes::all()));

  kube::Changes map_changed;
  map_changed.config_maps.insert({"weir", "tcp"});
  maps({{"9000", "default/db:5432"}, {"9001", "default/late:1"}});
  EXPECT_TRUE(update(map_changed));
  EXPECT_EQ(builder.model().port_services.size(), 1u);

  kube::Changes slice_changed;
  slice_changed.endpoint_slices.insert({"default", "db-1"});
  cluster.add(Cluster::slice("db-1", "db", {"10.0.0.9"}, {{"sql", 1, "TCP"}}));
  EXPECT_TRUE(update(slice_changed));
  EXPECT_THAT(texts(builder.model().port_services.at(0).backend->endpoints), ElementsAre("10.0.0.9 1"));

  kube::Changes service_came;
  service_came.services.insert({"default", "late"});
  service_came.endpoint_slices.insert({"default", "late-1"});
  kube::Service late;
  late.meta.name = "late";
  late.ports = {{"", 1, "", "TCP"}};
  cluster.add(late);
  cluster.add(Cluster::slice("late-1", "late", {"10.0.0.8"}, {{"", 1, "TCP"}}));
  EXPECT_TRUE(update(service_came));
  EXPECT_EQ(builder.model().port_services.size(), 2u);

  maps({});
  EXPECT_TRUE(update(map_changed));
  EXPECT_TRUE(builder.model().port_services.empty());
}

}  // namespace
}  // namespace weir::model
