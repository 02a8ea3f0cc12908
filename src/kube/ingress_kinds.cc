#include "kube/kinds.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <utility>

namespace weir::kube {
namespace {

PortRef read_port_ref(const Field& port) {
  PortRef ref;
  ref.name = port["name"].text();
  if (port["number"].integer() == 0) return ref;  // 0 is how Kubernetes writes "not set"
  ref.number = port["number"].port().value_or(0);
  return ref;
}

// servicePort of v1beta1: a number, or a string that is a name or a number.
PortRef read_old_port_ref(const Field& port) {
  PortRef ref;
  if (port.is_number()) {
    ref.number = port.port().value_or(0);
    return ref;
  }
  ref.name = port.text();
  const auto number = base::parse_int(ref.name);
  if (number && *number >= 1 && *number <= 65535) {
    ref.name.clear();
    ref.number = static_cast<int>(*number);
  }
  return ref;
}

IngressBackend read_backend(const Field& backend, IngressVersion version) {
  IngressBackend result;
  result.is_resource = backend["resource"].present();
  const Field service = backend["service"];
  Field port = service["port"];
  if (service.present()) {
    result.service = service["name"].text();
    result.port = read_port_ref(port);
  } else if (version == IngressVersion::v1beta1) {
    port = backend["servicePort"];
    result.service = backend["serviceName"].text();
    result.port = read_old_port_ref(port);
  }

  if (result.is_resource) {
    if (!result.service.empty()) backend.fail("names a service and a resource; keep one of them");
    return result;
  }
  if (result.service.empty()) {
    const bool old = backend["serviceName"].present();
    backend.fail(old && version == IngressVersion::v1
                     ? "serviceName and servicePort belong to v1beta1; write service.name and service.port"
                     : "names no service");
  }
  if (result.port.name.empty() && result.port.number == 0) port.fail("the port is missing; give its number or name");
  if (!result.port.name.empty() && result.port.number != 0) port.fail("has a number and a name; keep one of them");
  return result;
}

// Without one an API server refuses a path of v1 and takes one of v1beta1 for ImplementationSpecific. A manifest has
// not met an API server: its path is served as the original serves a path without a type (spec 2.1).
std::optional<PathType> read_path_type(const Field& field, IngressVersion version, Context& context) {
  const auto text = field.optional_text();
  if (!text || text->empty()) {
    if (version == IngressVersion::v1beta1) return PathType::implementation_specific;
    context.warnings.push_back(
        {field.path(), "is missing and read as Prefix; an API server wants Exact, Prefix or ImplementationSpecific"});
    return std::nullopt;
  }
  for (PathType type : {PathType::exact, PathType::prefix, PathType::implementation_specific}) {
    if (*text == to_string(type)) return type;
  }
  field.fail("is none of Exact, Prefix, ImplementationSpecific (capital letters count)");
}

IngressRule read_rule(const Field& rule, IngressVersion version, Context& context) {
  IngressRule result;
  result.host = rule["host"].text();
  const Field http = rule["http"];
  result.has_http = http.present();
  http["paths"].each([&](const Field& path) {
    result.paths.push_back({path["path"].text(), read_path_type(path["pathType"], version, context),
                            read_backend(path["backend"], version)});
  });
  return result;
}

}  // namespace

std::shared_ptr<const Ingress> read_ingress(const Field& root, Context& context, IngressVersion version) {
  auto ingress = std::make_shared<Ingress>();
  const Field spec = root["spec"];
  ingress->class_name = spec["ingressClassName"].optional_text();
  Field backend = spec["defaultBackend"];
  if (!backend.present() && version == IngressVersion::v1beta1) backend = spec["backend"];
  if (backend.present()) ingress->default_backend = read_backend(backend, version);
  spec["tls"].each([&](const Field& entry) {
    IngressTls tls;
    tls.secret = entry["secretName"].text();
    entry["hosts"].each([&tls](const Field& host) { tls.hosts.push_back(host.text()); });
    ingress->tls.push_back(std::move(tls));
  });
  spec["rules"].each([&](const Field& rule) { ingress->rules.push_back(read_rule(rule, version, context)); });
  if (!ingress->default_backend && ingress->rules.empty()) {
    spec.fail("has neither rules nor a default backend");
  }
  ingress->load_balancer = read_load_balancer(root["status"]);
  ingress->meta = std::move(context.meta);
  return ingress;
}

std::shared_ptr<const IngressClass> read_ingress_class(const Field& root, Context& context) {
  auto ingress_class = std::make_shared<IngressClass>();
  ingress_class->controller = root["spec"]["controller"].text();
  ingress_class->has_parameters = root["spec"]["parameters"].present();
  ingress_class->meta = std::move(context.meta);
  return ingress_class;
}

}  // namespace weir::kube
