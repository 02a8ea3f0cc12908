#include "watch/event_json.h"

#include "watch/api_json.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace weir::watch {
namespace {

using nlohmann::json;

// Tools filter Events by the original's component name.
constexpr const char* kComponent = "nginx-ingress-controller";
constexpr std::size_t kMaxName = 253;

std::string api_version_of(const std::string& kind) {
  if (kind == "Ingress" || kind == "IngressClass") return "networking.k8s.io/v1";
  if (kind == "EndpointSlice") return "discovery.k8s.io/v1";
  if (kind == "Lease") return "coordination.k8s.io/v1";
  return "v1";
}

}  // namespace

std::string event_name(const std::string& object, std::chrono::microseconds stamp, std::uint64_t serial) {
  char suffix[20];
  const auto number = static_cast<unsigned long long>(stamp.count()) * 1000 + serial % 1000;
  std::snprintf(suffix, sizeof suffix, ".%016llx", number);
  std::string name = object.substr(0, kMaxName - 17);
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
  return name + suffix;
}

std::string new_event(const EventQueue::Write& write, const std::string& name, const std::string& instance,
                      std::chrono::microseconds stamp) {
  const Event& event = write.event;
  json involved{{"kind", event.object.kind},
                {"apiVersion", api_version_of(event.object.kind)},
                {"namespace", event.object.ns},
                {"name", event.object.name}};
  if (!event.uid.empty()) involved["uid"] = event.uid;
  if (!event.resource_version.empty()) involved["resourceVersion"] = event.resource_version;
  const json object{{"apiVersion", "v1"},
                    {"kind", "Event"},
                    {"metadata", {{"name", name}, {"namespace", event.object.ns}}},
                    {"involvedObject", std::move(involved)},
                    {"type", event.warning ? "Warning" : "Normal"},
                    {"reason", event.reason},
                    {"message", event.message},
                    {"source", {{"component", kComponent}}},
                    {"reportingComponent", kComponent},
                    {"reportingInstance", instance},
                    {"firstTimestamp", rfc3339(write.first_stamp)},
                    {"lastTimestamp", rfc3339(stamp)},
                    {"count", write.count}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string changed_event(const EventQueue::Write& write, std::chrono::microseconds stamp) {
  return json{{"count", write.count}, {"lastTimestamp", rfc3339(stamp)}}.dump();
}

}  // namespace weir::watch
