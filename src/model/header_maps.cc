#include "model/header_maps.h"

#include "model/report.h"
#include "weir/features/header_maps.h"

#include <algorithm>
#include <optional>

namespace weir::model {
namespace {

using base::Severity;

// "namespace/name"; nullopt when it is something else.
std::optional<kube::ObjectName> parse_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string::npos) {
    return std::nullopt;
  }
  return kube::ObjectName{text.substr(0, slash), text.substr(slash + 1)};
}

std::vector<features::HeaderText> read_texts(const char* key, const std::string& map, const kube::ClusterState& state,
                                             base::Diagnostics& diagnostics) {
  const auto warn = [&](const kube::ObjectName& name, std::string text) {
    diagnostics.push_back(
        diagnostic(Severity::warning, "header-map", ref_of<kube::ConfigMap>(name), key, std::move(text)));
  };
  const auto name = parse_name(map);
  if (!name) {
    warn({{}, map}, "is no namespace/name; no headers are set");
    return {};
  }
  const auto object = state.find<kube::ConfigMap>(*name);
  if (!object) {
    warn(*name, "does not exist; no headers are set");
    return {};
  }
  features::HeaderTextMap read = features::read_header_texts(object->data);
  for (const std::string& problem : read.problems) warn(*name, problem + "; it is left out");
  return std::move(read.fields);
}

}  // namespace

std::shared_ptr<const features::Settings> with_header_maps(std::shared_ptr<const features::Settings> settings,
                                                           const kube::ClusterState& state,
                                                           base::Diagnostics& diagnostics) {
  if (settings->add_headers_map.empty() && settings->proxy_set_headers_map.empty()) return settings;
  auto filled = std::make_shared<features::Settings>(*settings);
  if (!settings->add_headers_map.empty()) {
    filled->add_headers = read_texts("add-headers", settings->add_headers_map, state, diagnostics);
  }
  if (!settings->proxy_set_headers_map.empty()) {
    filled->proxy_set_headers = read_texts("proxy-set-headers", settings->proxy_set_headers_map, state, diagnostics);
  }
  return filled;
}

bool touches_header_maps(const AcceptedSet& accepted, const kube::Changes& changes) {
  if (changes.config_maps.empty()) return false;
  const auto changed = [&changes](const std::string& map) {
    const auto name = parse_name(map);
    return name && changes.config_maps.contains(*name);
  };
  if (accepted.settings) {
    const features::Settings& settings = accepted.settings->settings;
    if (changed(settings.add_headers_map) || changed(settings.proxy_set_headers_map)) return true;
  }
  return std::any_of(accepted.ingresses.begin(), accepted.ingresses.end(), [&changed](const auto& entry) {
    return changed(entry.second->policies.custom_headers.config_map) ||
           changed(entry.second->policies.external_auth.headers_map);
  });
}

template <class Read>
auto IngressHeaders::read_map(const AcceptedIngress& ingress, const char* annotation, const std::string& map, Read read,
                              std::string& denied) -> decltype(read({}).fields) {
  const std::string reason = std::string(annotation) + "-invalid";
  const auto deny = [&](Severity severity, const std::string& text) {
    diagnostics_.push_back(diagnostic(severity, "annotation-denies", ingress, annotation,
                                      text + "; all paths of the object answer 503 (" + reason + ")"));
    if (denied.empty()) denied = reason;
    return decltype(read({}).fields){};
  };
  const auto name = parse_name(map);
  if (!name) return deny(Severity::warning, "value \"" + map + "\" is no namespace/name");
  if (name->ns != ingress.object->meta.ns && !settings_.allow_cross_namespace) {
    return deny(Severity::warning, "ConfigMap " + map + " is in another namespace, which " +
                                       "allow-cross-namespace-resources does not allow");
  }
  const auto object = state_.find<kube::ConfigMap>(*name);
  if (!object) {
    return deny(severity_of_missing(state_.config_maps, name->ns), "ConfigMap " + map + " does not exist");
  }
  auto found = read(object->data);
  if (!found.problems.empty()) return deny(Severity::warning, "ConfigMap " + map + ": " + found.problems.front());
  return std::move(found.fields);
}

IngressHeaders::Resolved IngressHeaders::resolve(const AcceptedIngress& ingress) {
  using Data = std::map<std::string, std::string>;
  Resolved out;
  if (const std::string& map = ingress.policies.custom_headers.config_map; !map.empty()) {
    const auto read = [this](const Data& data) {
      return features::read_custom_headers(data, settings_.allowed_response_headers);
    };
    out.custom = read_map(ingress, "custom-headers", map, read, out.denied);
  }
  if (const std::string& map = ingress.policies.external_auth.headers_map; !map.empty()) {
    const auto read = [](const Data& data) { return features::read_header_texts(data); };
    out.of_auth = read_map(ingress, "auth-proxy-set-headers", map, read, out.denied);
  }
  return out;
}

void IngressHeaders::apply(const AcceptedIngress& ingress, features::Policies& policies) {
  if (policies.custom_headers.config_map.empty() && policies.external_auth.headers_map.empty()) return;
  const auto [found, is_new] = resolved_.try_emplace(&ingress);
  if (is_new) found->second = resolve(ingress);
  policies.custom_headers.fields = found->second.custom;
  policies.external_auth.headers = found->second.of_auth;
  if (!found->second.denied.empty() && !policies.deny.denied()) policies.deny.reason = found->second.denied;
}

}  // namespace weir::model
