#include "watch/api_json.h"

#include "watch/event_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::watch {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const LeaseRecord kRecord{"a", 30, "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:07.500000Z", 2};

TEST(ApiJson, TimesAreWrittenAsTheApiWantsThem) {
  EXPECT_EQ(rfc3339(1764326096s), "2025-11-28T10:34:56Z");
  EXPECT_EQ(rfc3339_micro(1764326096s + 42us), "2025-11-28T10:34:56.000042Z");
  EXPECT_EQ(rfc3339_micro(0us), "1970-01-01T00:00:00.000000Z");
}

TEST(ApiJson, ALeaseReadsBack) {
  const auto record = read_lease(new_lease({"n", "leader"}, kRecord));

  ASSERT_TRUE(record);
  EXPECT_EQ(*record, kRecord);
}

TEST(ApiJson, AChangedLeaseKeepsEverythingElse) {
  const std::string before = R"({"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"leader",
      "labels":{"a":"b"},"resourceVersion":"77"},"spec":{"holderIdentity":"z","strategy":"x"}})";
  const json after = json::parse(changed_lease(before, kRecord));

  EXPECT_EQ(after["metadata"], json::parse(before)["metadata"]);
  EXPECT_EQ(after["spec"]["holderIdentity"], "a");
  EXPECT_EQ(after["spec"]["leaseTransitions"], 2);
  EXPECT_EQ(after["spec"]["strategy"], "x");
}

TEST(ApiJson, ALeaseWithoutUsefulFieldsIsNobodys) {
  for (const char* text : {R"({"kind":"Lease"})", R"({"kind":"Lease","spec":null})",
                           R"({"kind":"Lease","spec":{"holderIdentity":7,"leaseDurationSeconds":"x"}})"}) {
    const auto record = read_lease(text);
    ASSERT_TRUE(record) << text;
    EXPECT_EQ(*record, LeaseRecord()) << text;
  }
  EXPECT_EQ(json::parse(changed_lease(R"({"kind":"Lease","spec":null})", kRecord))["spec"]["holderIdentity"], "a");
}

TEST(ApiJson, WhatIsNoLeaseIsRefused) {
  for (const char* text : {"", "{", "[]", "null", R"({"kind":"Status"})"}) EXPECT_FALSE(read_lease(text)) << text;
}

TEST(ApiJson, AChangedStatusChangesNothingElse) {
  const std::string before = R"({"kind":"Ingress","metadata":{"name":"web","annotations":{"a":"b"},
      "managedFields":[{"manager":"kubectl"}]},"spec":{"rules":[]},
      "status":{"loadBalancer":{"ingress":[{"ip":"9.9.9.9","ports":[{"port":80}]}]},"other":1}})";
  json expected = json::parse(before);
  expected["status"]["loadBalancer"]["ingress"] = json::parse(R"([{"ip":"1.2.3.4"},{"hostname":"lb.example"}])");

  EXPECT_EQ(json::parse(changed_status(before, {{"", "1.2.3.4"}, {"lb.example", ""}})), expected);
}

TEST(ApiJson, AStatusReadsBackAndMayBeEmptied) {
  const std::string ingress = R"({"kind":"Ingress","status":null})";
  const std::vector<kube::LoadBalancerAddress> addresses{{"a.example", ""}, {"", "1.2.3.4"}};

  EXPECT_EQ(*read_status(ingress), std::vector<kube::LoadBalancerAddress>());
  const std::string written = changed_status(ingress, addresses);
  EXPECT_EQ(*read_status(written), addresses);
  EXPECT_EQ(json::parse(changed_status(written, {}))["status"]["loadBalancer"], json::object());
}

TEST(ApiJson, WhatIsNoIngressHasNoStatus) {
  for (const char* text : {"", "{}", "[]", R"({"kind":"Service"})"}) EXPECT_FALSE(read_status(text)) << text;
}

TEST(ApiJson, MessagesOfAnswersAreBounded) {
  EXPECT_EQ(read_message(R"({"kind":"Status","message":"no such thing"})"), "no such thing");
  EXPECT_EQ(read_message("<html>"), "");
  EXPECT_EQ(read_message(R"({"message":")" + std::string(5000, 'x') + "\"}").size(), 300u);
}

TEST(ApiJson, AnEventNamesItsObject) {
  EventQueue::Write write;
  write.event = {{"Ingress", "n", "web"}, "uid", "5", true, "Rejected", "because"};
  write.count = 3;
  write.first_stamp = 60s;
  const json event = json::parse(new_event(write, "web.1", "pod-1", 90s));

  EXPECT_EQ(event["metadata"], json({{"name", "web.1"}, {"namespace", "n"}}));
  EXPECT_EQ(event["involvedObject"], json({{"kind", "Ingress"},
                                           {"apiVersion", "networking.k8s.io/v1"},
                                           {"namespace", "n"},
                                           {"name", "web"},
                                           {"uid", "uid"},
                                           {"resourceVersion", "5"}}));
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["source"]["component"], "nginx-ingress-controller");
  EXPECT_EQ(event["count"], 3);
  EXPECT_EQ(event["firstTimestamp"], "1970-01-01T00:01:00Z");
  EXPECT_EQ(event["lastTimestamp"], "1970-01-01T00:01:30Z");
}

TEST(ApiJson, NamesOfEventsAreShortEnoughAndDiffer) {
  const std::string long_name(253, 'x');

  EXPECT_LE(event_name(long_name, 1764326096s, 1).size(), 253u);
  EXPECT_NE(event_name("web", 1764326096s, 1), event_name("web", 1764326096s, 2));
  EXPECT_EQ(event_name("web", 1764326096s, 1).substr(0, 4), "web.");
}

}  // namespace
}  // namespace weir::watch
