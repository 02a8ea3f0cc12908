#include "kube/kinds.h"

#include "weir/base/ascii.h"

#include <utility>

namespace weir::kube {
namespace {

constexpr const char* kServiceNameLabel = "kubernetes.io/service-name";

std::string protocol_of(const Field& port) {
  std::string protocol = port["protocol"].text();
  return protocol.empty() ? "TCP" : protocol;
}

std::string family_of(const std::string& address) {
  return address.find(':') == std::string::npos ? "IPv4" : "IPv6";
}

ServicePort read_service_port(const Field& port) {
  const auto number = port["port"].port();
  if (!number) port["port"].fail("is missing");
  const Field target = port["targetPort"];
  std::string target_text = target.integer_or_text().value_or(std::string());
  if (target_text == "0") target_text.clear();                          // how Kubernetes writes "not set"
  if (target.is_number() && !target_text.empty()) (void)target.port();  // for its range check only
  return {port["name"].text(), *number, std::move(target_text), protocol_of(port)};
}

SlicePort read_slice_port(const Field& port) {
  return {port["name"].text(), port["port"].port(), protocol_of(port)};
}

SliceEndpoint read_slice_endpoint(const Field& endpoint) {
  SliceEndpoint result;
  endpoint["addresses"].each([&result](const Field& address) {
    if (address.text().empty()) address.fail("is empty");
    result.addresses.push_back(address.text());
  });
  const Field conditions = endpoint["conditions"];
  result.ready = conditions["ready"].flag();
  result.serving = conditions["serving"].flag();
  result.terminating = conditions["terminating"].flag();
  endpoint["hints"]["forZones"].each(
      [&result](const Field& zone) { result.zone_hints.push_back(zone["name"].text()); });
  return result;
}

void add_legacy_addresses(const Field& list, bool ready, EndpointSlice& slice) {
  list.each([&](const Field& address) {
    const std::string ip = address["ip"].text();
    if (ip.empty()) address["ip"].fail("is missing");
    SliceEndpoint endpoint;
    endpoint.addresses.push_back(ip);
    endpoint.ready = ready;
    slice.endpoints.push_back(std::move(endpoint));
    if (slice.address_type.empty()) slice.address_type = family_of(ip);
  });
}

}  // namespace

std::shared_ptr<const Service> read_service(const Field& root, Context& context) {
  auto service = std::make_shared<Service>();
  const Field spec = root["spec"];
  if (const auto type = spec["type"].optional_text(); type && !type->empty()) service->type = *type;
  service->cluster_ip = spec["clusterIP"].text();
  service->external_name = spec["externalName"].text();
  service->publish_not_ready = spec["publishNotReadyAddresses"].flag().value_or(false);
  service->traffic_distribution = spec["trafficDistribution"].text();
  spec["ports"].each([&](const Field& port) { service->ports.push_back(read_service_port(port)); });
  spec["externalIPs"].each([&](const Field& ip) { service->external_ips.push_back(ip.text()); });
  service->load_balancer = read_load_balancer(root["status"]);
  service->meta = std::move(context.meta);
  return service;
}

std::shared_ptr<const EndpointSlice> read_endpoint_slice(const Field& root, Context& context) {
  auto slice = std::make_shared<EndpointSlice>();
  slice->address_type = root["addressType"].text();
  root["endpoints"].each([&](const Field& endpoint) { slice->endpoints.push_back(read_slice_endpoint(endpoint)); });
  root["ports"].each([&](const Field& port) { slice->ports.push_back(read_slice_port(port)); });
  if (slice->address_type.empty() && !slice->endpoints.empty() && !slice->endpoints.front().addresses.empty()) {
    slice->address_type = family_of(slice->endpoints.front().addresses.front());
  }
  const auto label = context.meta.labels.find(kServiceNameLabel);
  if (label == context.meta.labels.end() || label->second.empty()) {
    context.warnings.push_back(
        {"metadata.labels", std::string("the slice belongs to no Service; add the label ") + kServiceNameLabel});
  } else {
    slice->service = label->second;
  }
  slice->meta = std::move(context.meta);
  return slice;
}

std::vector<std::shared_ptr<const EndpointSlice>> read_endpoints(const Field& root, Context& context) {
  std::vector<std::shared_ptr<const EndpointSlice>> slices;
  root["subsets"].each([&](const Field& subset) {
    auto slice = std::make_shared<EndpointSlice>();
    slice->meta = context.meta;
    slice->meta.name += "/endpoints/" + std::to_string(slices.size());
    slice->service = context.meta.name;
    slice->legacy = true;
    add_legacy_addresses(subset["addresses"], true, *slice);
    add_legacy_addresses(subset["notReadyAddresses"], false, *slice);
    subset["ports"].each([&](const Field& port) { slice->ports.push_back(read_slice_port(port)); });
    slices.push_back(std::move(slice));
  });
  return slices;
}

}  // namespace weir::kube
