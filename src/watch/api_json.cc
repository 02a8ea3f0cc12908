#include "watch/api_json.h"

#include "watch/json_member.h"

#include <cstdio>
#include <ctime>
#include <utility>

namespace weir::watch {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxMessage = 300;

// A discarded value when the text is no JSON object.
json parse(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  return value.is_object() ? value : json(json::value_t::discarded);
}

int int_of(const json& value) {
  return value.is_number_integer() ? value.get<int>() : 0;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string format(std::chrono::microseconds since_1970, bool with_fraction) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_1970);
  const std::time_t seconds = whole.count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string result(text, length);
  if (with_fraction) {
    result += '.';
    const std::string digits = std::to_string((since_1970 - whole).count());
    result.append(6 - std::min<std::size_t>(6, digits.size()), '0').append(digits);
  }
  return result + 'Z';
}

json spec_of(const LeaseRecord& record) {
  return {{"holderIdentity", record.holder},
          {"leaseDurationSeconds", record.duration_seconds},
          {"acquireTime", record.acquired},
          {"renewTime", record.renewed},
          {"leaseTransitions", record.transitions}};
}

}  // namespace

std::string rfc3339(std::chrono::microseconds since_1970) {
  return format(since_1970, false);
}

std::string rfc3339_micro(std::chrono::microseconds since_1970) {
  return format(since_1970, true);
}

base::Result<LeaseRecord> read_lease(std::string_view object) {
  const json lease = parse(object);
  if (lease.is_discarded() || text_of(member(lease, "kind")) != "Lease") return base::fail("the answer is no Lease");
  const json& spec = member(lease, "spec");
  LeaseRecord record;
  record.holder = text_of(member(spec, "holderIdentity"));
  record.duration_seconds = int_of(member(spec, "leaseDurationSeconds"));
  record.acquired = text_of(member(spec, "acquireTime"));
  record.renewed = text_of(member(spec, "renewTime"));
  record.transitions = int_of(member(spec, "leaseTransitions"));
  return record;
}

std::string new_lease(const kube::ObjectName& name, const LeaseRecord& record) {
  return dump({{"apiVersion", "coordination.k8s.io/v1"},
               {"kind", "Lease"},
               {"metadata", {{"name", name.name}, {"namespace", name.ns}}},
               {"spec", spec_of(record)}});
}

std::string changed_lease(std::string_view object, const LeaseRecord& record) {
  json lease = parse(object);
  const json changed = spec_of(record);
  json& spec = lease["spec"];
  if (!spec.is_object()) spec = json::object();
  spec.update(changed);  // fields of newer servers stay
  return dump(lease);
}

base::Result<std::vector<kube::LoadBalancerAddress>> read_status(std::string_view ingress) {
  const json object = parse(ingress);
  if (object.is_discarded() || text_of(member(object, "kind")) != kube::Ingress::kKind) {
    return base::fail("the answer is no Ingress");
  }
  std::vector<kube::LoadBalancerAddress> addresses;
  const json& entries = member(member(member(object, "status"), "loadBalancer"), "ingress");
  if (!entries.is_array()) return addresses;
  for (const json& entry : entries) {
    addresses.push_back({text_of(member(entry, "hostname")), text_of(member(entry, "ip"))});
  }
  return addresses;
}

std::string changed_status(std::string_view ingress, const std::vector<kube::LoadBalancerAddress>& addresses) {
  json object = parse(ingress);
  json entries = json::array();
  for (const kube::LoadBalancerAddress& address : addresses) {
    json entry = json::object();
    if (!address.hostname.empty()) entry["hostname"] = address.hostname;
    if (!address.ip.empty()) entry["ip"] = address.ip;
    entries.push_back(std::move(entry));
  }
  json& status = object["status"];
  if (!status.is_object()) status = json::object();
  status["loadBalancer"] = addresses.empty() ? json::object() : json{{"ingress", std::move(entries)}};
  return dump(object);
}

std::string read_uid(std::string_view object) {
  return text_of(member(member(parse(object), "metadata"), "uid"));
}

std::string read_message(std::string_view status) {
  return text_of(member(parse(status), "message")).substr(0, kMaxMessage);
}

}  // namespace weir::watch
