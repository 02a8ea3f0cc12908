#include "model/port_services.h"

#include "model/endpoints.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr std::size_t kLongestQuoted = 120;

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t colon = text.find(':');
    fields.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return fields;
    text.remove_prefix(colon + 1);
  }
}

bool is_reserved(int port, const Options& options) {
  const ReservedPorts& r = options.reserved_ports;
  const std::array<std::uint16_t, 8> reserved{options.http_port, options.https_port, r.healthz, r.ssl_passthrough,
                                              r.default_server,  r.profiler,         r.status,  r.stream};
  return std::find(reserved.begin(), reserved.end(), port) != reserved.end();
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, kLongestQuoted)) + (text.size() > kLongestQuoted ? "...\"" : "\"");
}

// The entries of one ConfigMap.
class Reader {
 public:
  Reader(Transport transport, const kube::ObjectName& map, const kube::ClusterState& state, const SliceIndex& slices,
         const Options& options, PortServices& out)
      : transport_(transport), map_(map), state_(state), slices_(slices), options_(options), out_(out) {}

  void read();

 private:
  const char* protocol() const { return transport_ == Transport::tcp ? "TCP" : "UDP"; }
  void say(Severity severity, const char* code, const std::string& key, std::string text) {
    out_.diagnostics.push_back(diagnostic(severity, code, ref_of<kube::ConfigMap>(map_), key, std::move(text)));
  }
  void leave_out(const char* code, const std::string& key, const std::string& text) {
    say(Severity::warning, code, key, text + "; the entry is left out");
  }
  void read_entry(const std::string& key, const std::string& value);
  void read_proxy(const std::string& key, const std::vector<std::string_view>& fields, PortService& service);
  BackendPtr resolve(const std::string& key, const kube::ObjectName& name, const std::string& port);

  const Transport transport_;
  const kube::ObjectName& map_;
  const kube::ClusterState& state_;
  const SliceIndex& slices_;
  const Options& options_;
  PortServices& out_;
};

void Reader::read() {
  const auto object = state_.find<kube::ConfigMap>(map_);
  if (!object) {
    return say(Severity::warning, "stream-map-missing", "",
               "does not exist: there are no " + std::string(protocol()) + " services");
  }
  for (const auto& [key, value] : object->data) read_entry(key, value);
}

void Reader::read_entry(const std::string& key, const std::string& value) {
  const auto number = base::parse_int(key);
  if (!number || *number < 1 || *number > 65535) {
    return leave_out("stream-port-invalid", key, "the key is no port number from 1 to 65535");
  }
  if (is_reserved(static_cast<int>(*number), options_)) {
    return leave_out("stream-port-reserved", key, "the port is reserved for the controller itself");
  }
  const std::vector<std::string_view> fields = fields_of(value);
  const std::size_t slash = fields[0].find('/');
  const bool is_name = slash != std::string_view::npos && slash > 0 && slash + 1 < fields[0].size() &&
                       fields[0].find('/', slash + 1) == std::string_view::npos;
  if (fields.size() < 2 || !is_name || fields[1].empty()) {
    return leave_out("stream-format", key, quoted(value) + " is no namespace/service:port");
  }
  // Keys are texts: "080" and "80" are one port. The first in the order of keys has it.
  PortService service;
  service.transport = transport_;
  service.port = static_cast<std::uint16_t>(*number);
  const bool is_taken = std::any_of(out_.all.begin(), out_.all.end(), [&service](const PortService& other) {
    return other.transport == service.transport && other.port == service.port;
  });
  if (is_taken) return leave_out("stream-port-taken", key, "another entry has this port");
  read_proxy(key, fields, service);
  const kube::ObjectName name{std::string(fields[0].substr(0, slash)), std::string(fields[0].substr(slash + 1))};
  service.backend = resolve(key, name, std::string(fields[1]));
  if (service.backend) out_.all.push_back(std::move(service));
}

// Field 3: accepted from clients. Field 4: sent to endpoints, and only where there is no fifth field.
void Reader::read_proxy(const std::string& key, const std::vector<std::string_view>& fields, PortService& service) {
  const auto is_proxy = [](std::string_view field) { return base::iequals(field, "PROXY"); };
  std::string ignored;
  for (std::size_t i = 2; i < fields.size(); ++i) {
    const bool known = is_proxy(fields[i]) || (fields[i].empty() && i == 2);
    if (!known || i > 3 || transport_ == Transport::udp) ignored += (ignored.empty() ? "" : ", ") + quoted(fields[i]);
  }
  if (transport_ == Transport::tcp) {
    service.proxy_in = fields.size() >= 3 && is_proxy(fields[2]);
    service.proxy_out = fields.size() == 4 && is_proxy(fields[3]);
  }
  if (ignored.empty()) return;
  if (fields.size() > 4 && is_proxy(fields[3])) ignored += "; with more than four fields nothing is sent upstream";
  say(Severity::warning, "stream-proxy-ignored", key,
      transport_ == Transport::udp ? "UDP knows no PROXY protocol; ignored: " + ignored
                                   : "fields 3 and 4 are PROXY or nothing; ignored: " + ignored);
}

// Null: the entry is left out.
BackendPtr Reader::resolve(const std::string& key, const kube::ObjectName& name, const std::string& port) {
  out_.services.insert(name);
  const auto service = state_.find<kube::Service>(name);
  if (!service) {
    leave_out("stream-service-missing", key, "Service " + kube::to_string(name) + " does not exist");
    return nullptr;
  }
  auto backend = std::make_shared<Backend>();
  backend->ns = name.ns;
  backend->service = name.name;
  backend->port = port;
  backend->name = (transport_ == Transport::tcp ? "tcp-" : "udp-") + backend_name(name.ns, name.name, port);
  resolve_port(*service, slices_.of(name.ns, name.name), port, protocol(), options_, *backend, out_.diagnostics);
  if (backend->state != BackendState::ready) {
    leave_out("stream-no-endpoints", key,
              "Service " + kube::to_string(name) + " has no ready endpoint for its " + protocol() + " port " + port);
    return nullptr;
  }
  return backend;
}

}  // namespace

PortServices port_services(const kube::ClusterState& state, const SliceIndex& slices, const Options& options) {
  PortServices out;
  const std::pair<Transport, const std::optional<kube::ObjectName>*> maps[] = {{Transport::tcp, &options.tcp_services},
                                                                               {Transport::udp, &options.udp_services}};
  for (const auto& [transport, map] : maps) {
    if (*map) Reader(transport, **map, state, slices, options, out).read();
  }
  std::sort(out.all.begin(), out.all.end(), [](const PortService& a, const PortService& b) {
    return std::pair(a.transport, a.port) < std::pair(b.transport, b.port);
  });
  return out;
}

}  // namespace weir::model
