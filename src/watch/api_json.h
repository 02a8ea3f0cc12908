// JSON of the objects that Weir writes itself: Leases, status of Ingresses, Events. Pure; nlohmann/json stays in
// api_json.cc. What the API server sent comes in as text and leaves as text; it may be anything.
#pragma once

#include "weir/base/result.h"
#include "weir/kube/objects.h"
#include "weir/watch/election.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

// "2026-11-24T10:00:00Z"
std::string rfc3339(std::chrono::microseconds since_1970);
// "2026-11-24T10:00:00.123456Z", a MicroTime
std::string rfc3339_micro(std::chrono::microseconds since_1970);

base::Result<LeaseRecord> read_lease(std::string_view object);
std::string new_lease(const kube::ObjectName& name, const LeaseRecord& record);
// `object` with another spec; labels, annotations and its resource version stay. REQUIRES: read_lease() accepted it.
std::string changed_lease(std::string_view object, const LeaseRecord& record);

base::Result<std::vector<kube::LoadBalancerAddress>> read_status(std::string_view ingress);
// `ingress` with these addresses and nothing else changed; kept `ports` would belong to other addresses.
std::string changed_status(std::string_view ingress, const std::vector<kube::LoadBalancerAddress>& addresses);

// metadata.uid, also of objects Weir does not read otherwise; empty when there is none.
std::string read_uid(std::string_view object);
// `message` of a Status answer, for the log; empty when the text is none. Never longer than 300 bytes.
std::string read_message(std::string_view status);

}  // namespace weir::watch
