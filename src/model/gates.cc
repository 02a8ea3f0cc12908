#include "model/gates.h"

#include "model/report.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr const char* kClassField = "spec.ingressClassName";
constexpr const char* kClassAnnotation = "kubernetes.io/ingress.class";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `directive`, and a ';' somewhere behind it.
bool holds_directive(std::string_view text, std::string_view directive) {
  const auto at = text.find(directive);
  return at != std::string_view::npos && text.find(';', at + directive.size()) != std::string_view::npos;
}

bool holds_etc_path(std::string_view text) {
  constexpr std::string_view kEtc = "/etc/";
  constexpr std::array<std::string_view, 5> kNames = {"passwd", "shadow", "group", "nginx", "ingress-controller"};
  for (auto at = text.find(kEtc); at != std::string_view::npos; at = text.find(kEtc, at + 1)) {
    const std::string_view rest = text.substr(at + kEtc.size());
    if (std::any_of(kNames.begin(), kNames.end(), [rest](std::string_view name) { return rest.starts_with(name); })) {
      return true;
    }
  }
  return false;
}

// The five patterns of spec 0.3.
bool is_forbidden(std::string_view text) {
  return holds_directive(text, "alias") || holds_directive(text, "root") || holds_etc_path(text) ||
         contains(text, "/var/run/secrets") || contains(text, "_by_lua");
}

std::string class_text(const kube::Ingress& ingress, const kube::ClusterState& state, const Options& options) {
  const auto found = state.find<kube::IngressClass>({"", *ingress.class_name});
  std::string text = "class \"" + *ingress.class_name + "\" ";
  if (!found) return text + "is no IngressClass that was read; create it with controller " + options.controller_class;
  return text + "belongs to the controller \"" + found->controller + "\", not to " + options.controller_class;
}

struct ForeignClass {
  std::string key;  // where the class is written
  std::string text;
};

// nullopt: the Ingress is of our class (spec 2.1, step 2).
std::optional<ForeignClass> foreign_class(const kube::Ingress& ingress, const kube::ClusterState& state,
                                          const Options& options) {
  if (ingress.class_name && options.class_api_readable) {
    const auto found = state.find<kube::IngressClass>({"", *ingress.class_name});
    if (!found && options.assume_own_class && *ingress.class_name == options.ingress_class) return std::nullopt;
    const bool ours = found && (found->controller == options.controller_class ||
                                (options.ingress_class_by_name && found->meta.name == options.ingress_class));
    if (ours) return std::nullopt;
    return ForeignClass{kClassField, class_text(ingress, state, options)};
  }
  const auto annotation = ingress.meta.annotations.find(kClassAnnotation);
  if (annotation != ingress.meta.annotations.end()) {
    if (annotation->second == options.ingress_class) return std::nullopt;
    return ForeignClass{kClassAnnotation, "is \"" + annotation->second + "\", not \"" + options.ingress_class + "\""};
  }
  if (options.watch_ingress_without_class) return std::nullopt;
  if (ingress.class_name) {
    return ForeignClass{kClassField,
                        "does not count, for IngressClasses cannot be read (RBAC): grant that, or name the "
                        "class by the annotation kubernetes.io/ingress.class"};
  }
  return ForeignClass{kClassField, "is missing: set it, or start with --watch-ingress-without-class"};
}

}  // namespace

std::optional<base::Diagnostic> foreign_reason(const kube::Ingress& ingress, const kube::ClusterState& state,
                                               const Options& options) {
  if (!options.watch_namespace.empty() && ingress.meta.ns != options.watch_namespace) {
    return diagnostic(Severity::info, "namespace-not-watched", ref_of(ingress), "metadata.namespace",
                      "only namespace " + options.watch_namespace + " is watched; not served");
  }
  if (auto foreign = foreign_class(ingress, state, options)) {
    return diagnostic(Severity::warning, "class-foreign", ref_of(ingress), std::move(foreign->key),
                      foreign->text + "; not served");
  }
  return std::nullopt;
}

std::optional<std::string> deep_inspect(const kube::Ingress& ingress) {
  const std::string object = "ingress " + kube::to_string(ingress.meta.object_name());
  for (const kube::IngressRule& rule : ingress.rules) {
    if (is_forbidden(rule.host)) return "invalid host in " + object + ": invalid value found: " + rule.host;
    for (const kube::IngressPath& path : rule.paths) {
      if (is_forbidden(path.path)) return "invalid rule in " + object + ": invalid value found: " + path.path;
    }
  }
  for (const kube::IngressTls& tls : ingress.tls) {
    if (is_forbidden(tls.secret)) return "invalid secret in " + object + ": invalid value found: " + tls.secret;
    for (const std::string& host : tls.hosts) {
      if (is_forbidden(host)) return "invalid host in the tls section of " + object + ": invalid value found: " + host;
    }
  }
  return std::nullopt;
}

bool is_dns_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  const auto is_label_end = [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c); };
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = name.substr(begin, end - begin);
    if (label.empty() || !is_label_end(label.front()) || !is_label_end(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [&](char c) { return is_label_end(c) || c == '-'; })) return false;
    if (end == name.size()) return true;
    begin = end + 1;
  }
}

bool is_rule_host(std::string_view host) {
  if (host.starts_with("*.")) return is_dns_subdomain(host.substr(2));
  return is_dns_subdomain(host) && !base::parse_ip(host);
}

}  // namespace weir::model
