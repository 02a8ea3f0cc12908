// The gates an Ingress passes before its annotations are read (spec 2.1, 0.3): namespace, class, catch-all, deep
// inspection. Pure.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/options.h"

#include <optional>
#include <string>
#include <string_view>

namespace weir::model {

// Why the object is not ours: another namespace, another class. nullopt: it is ours.
std::optional<base::Diagnostic> foreign_reason(const kube::Ingress& ingress, const kube::ClusterState& state,
                                               const Options& options);

// --deep-inspect: the part of the object that holds a forbidden pattern, as an operator's text; nullopt: clean.
std::optional<std::string> deep_inspect(const kube::Ingress& ingress);

// A rule host as the API server takes it: a DNS-1123 subdomain, not an IP address; "*." may stand in front.
bool is_rule_host(std::string_view host);
// Lower-case letters, digits, '-' and '.', no empty label, at most 253 bytes.
bool is_dns_subdomain(std::string_view name);

}  // namespace weir::model
