#include "watch/watch_event.h"

#include "watch/json_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::watch {
namespace {

std::string added(const std::string& object) {
  return R"({"type":"ADDED","object":)" + object + "}";
}

TEST(WatchEventReading, ManagedFieldsAndLastAppliedAreCutOutBeforeParsing) {
  const std::string object =
      R"({"kind":"Service","metadata":{"managedFields":[{"f":{"x}":"]"}}],"name":"a","annotations":{"k":"v",)"
      R"("kubectl.kubernetes.io/last-applied-configuration":"{\"a\":1}"}},"spec":{}})";

  EXPECT_EQ(without_baggage(object),
            R"({"kind":"Service","metadata":{"managedFields":null,"name":"a","annotations":{"k":"v",)"
            R"("kubectl.kubernetes.io/last-applied-configuration":""}},"spec":{}})");
}

TEST(WatchEventReading, AnObjectThatNobodyWantsIsKnownByNameAndVersionOnly) {
  const auto event = read_watch_event(
      added(R"({"kind":"Secret","metadata":{"name":"n","namespace":"s","resourceVersion":"4"},"data":{"k":"%%"}})"),
      kSecrets, [](const kube::ObjectName&) { return false; });

  ASSERT_TRUE(event);
  EXPECT_EQ(kube::to_string(event->item.name), "s/n");
  EXPECT_EQ(event->resource_version, "4");
  EXPECT_FALSE(event->item.decoded);
  EXPECT_TRUE(event->item.problem.empty());
}

TEST(WatchEventReading, AnObjectOfTheWrongShapeIsNamedAndHasAProblem) {
  const auto event = read_watch_event(
      added(R"({"kind":"Ingress","metadata":{"name":"n","namespace":"s"},"spec":{"rules":{}}})"), kIngresses, {});

  ASSERT_TRUE(event);
  EXPECT_EQ(event->item.name.name, "n");
  EXPECT_NE(event->item.problem.find("spec.rules"), std::string::npos);
  EXPECT_TRUE(event->item.objects.empty());
}

TEST(WatchEventReading, NullFieldsCountAsAbsent) {
  const auto event = read_watch_event(
      added(R"({"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","addressType":"IPv4","metadata":)"
            R"({"name":"n","namespace":"s","labels":null,"managedFields":null},"endpoints":null,"ports":null})"),
      kEndpointSlices, {});

  ASSERT_TRUE(event);
  EXPECT_EQ(event->item.problem, "");
  EXPECT_EQ(event->item.objects.size(), 1u);
}

TEST(WatchEventReading, HugeAndDeepObjectsHaveADefinedOutcome) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const auto nested = read_watch_event(
      added(R"({"kind":"Ingress","metadata":{"name":"n","namespace":"s"},"spec":)" + deep + "}"), kIngresses, {});
  ASSERT_TRUE(nested);
  EXPECT_NE(nested->item.problem, "");

  const auto annotated =
      read_watch_event(added(R"({"kind":"Ingress","metadata":{"name":"n","namespace":"s","annotations":{"a":")" +
                             std::string(1 << 20, 'x') + R"("}}})"),
                       kIngresses, {});
  ASSERT_TRUE(annotated);
  EXPECT_NE(annotated->item.problem.find("annotations"), std::string::npos);

  std::string rules;
  for (int i = 0; i < 10000; ++i)
    rules += (i == 0 ? "" : ",") + std::string(R"({"host":"h)") + std::to_string(i) + "\"}";
  const auto many = read_watch_event(
      added(R"({"kind":"Ingress","metadata":{"name":"n","namespace":"s"},"spec":{"rules":[)" + rules + "]}}"),
      kIngresses, {});
  ASSERT_TRUE(many);
  EXPECT_EQ(many->item.problem, "");
}

TEST(WatchEventReading, CutAndForeignLinesAreErrors) {
  for (const char* line :
       {"", "{", "null", R"({"type":"ADDED"})", R"({"type":"ADDED","object":3})",
        R"({"type":"ADDED","object":{"metadata":{}}})", R"({"type":"ADDED","object":{"kind":"Ing)"}) {
    EXPECT_FALSE(read_watch_event(line, kIngresses, {})) << line;
  }
}

TEST(WatchEventReading, ABookmarkSaysWhetherItEndsThePresentObjects) {
  const char* end = R"({"type":"BOOKMARK","object":{"kind":"Ingress","metadata":{"resourceVersion":"9","annotations":)"
                    R"({"k8s.io/initial-events-end":"true"}}}})";
  const char* plain = R"({"type":"BOOKMARK","object":{"kind":"Ingress","metadata":{"resourceVersion":"9"}}})";

  EXPECT_TRUE(read_watch_event(end, kIngresses, {})->initial_events_end);
  EXPECT_FALSE(read_watch_event(plain, kIngresses, {})->initial_events_end);
  EXPECT_EQ(read_watch_event(plain, kIngresses, {})->resource_version, "9");
}

TEST(ListReading, ItemsNeedNotSayTheirKindAndUnreadableOnesAreCounted) {
  const auto page = read_list_page(
      R"({"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"3","continue":"c"},"items":[)"
      R"({"metadata":{"name":"a","namespace":"s","resourceVersion":"1"},"spec":{}},{"metadata":{}},7,)"
      R"({"kind":"Pod","metadata":{"name":"p"}}]})",
      kServices, {});

  ASSERT_TRUE(page) << page.error().text();
  EXPECT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items.front().objects.size(), 1u);
  EXPECT_EQ(page->unreadable, 3u);
  EXPECT_EQ(page->continue_token, "c");
}

TEST(ListReading, AListOfAnotherKindOrWithoutAVersionIsAnError) {
  EXPECT_FALSE(read_list_page(R"({"kind":"PodList","metadata":{"resourceVersion":"3"},"items":[]})", kServices, {}));
  EXPECT_FALSE(read_list_page(R"({"kind":"ServiceList","metadata":{},"items":[]})", kServices, {}));
  EXPECT_FALSE(
      read_list_page(R"({"kind":"ServiceList","metadata":{"resourceVersion":"3"},"items":{}})", kServices, {}));
  EXPECT_TRUE(
      read_list_page(R"({"kind":"ServiceList","metadata":{"resourceVersion":"3"},"items":null})", kServices, {}));
}

TEST(JsonScan, FindsMembersOfAnyValueAndRefusesWhatIsCut) {
  std::string seen;
  const auto note = [&seen](std::string_view key, std::string_view value) {
    seen += std::string(key) + "=" + std::string(value) + ";";
  };
  EXPECT_TRUE(scan_members(R"( { "a" : "x\"}" , "b":[1,{"c":2}], "d": -1e3,"e":{} } )", note));
  EXPECT_EQ(seen, R"(a="x\"}";b=[1,{"c":2}];d=-1e3;e={};)");
  for (const char* cut : {"{", R"({"a)", R"({"a":)", R"({"a":1)", R"({"a":[})", R"({"a":1}x)", R"({a:1})", "[]", ""}) {
    EXPECT_FALSE(scan_members(cut, note)) << cut;
  }
}

}  // namespace
}  // namespace weir::watch
