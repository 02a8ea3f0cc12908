#include "watch/references.h"

#include "weir/base/ascii.h"

#include <array>
#include <optional>

namespace weir::watch {
namespace {

constexpr std::array<std::string_view, 4> kSecretKeys{"auth-secret", "auth-tls-secret", "proxy-ssl-secret",
                                                      "secure-verify-ca-secret"};
constexpr std::array<std::string_view, 3> kConfigMapKeys{"auth-proxy-set-headers", "custom-headers",
                                                         "fastcgi-params-configmap"};
constexpr std::size_t kMaxName = 253;

// "name" or "namespace/name"; nullopt: neither.
std::optional<kube::ObjectName> name_in(std::string_view value, const std::string& own_namespace) {
  const std::string_view text = base::trim(value);
  const std::size_t slash = text.find('/');
  kube::ObjectName name{own_namespace, std::string(text)};
  if (slash != std::string_view::npos) {
    name.ns = text.substr(0, slash);
    name.name = text.substr(slash + 1);
  }
  const bool usable = !name.ns.empty() && !name.name.empty() && name.ns.size() <= kMaxName &&
                      name.name.size() <= kMaxName && name.name.find('/') == std::string::npos;
  if (!usable) return std::nullopt;
  return name;
}

}  // namespace

std::span<const std::string_view> secret_annotations() {
  return kSecretKeys;
}

std::span<const std::string_view> config_map_annotations() {
  return kConfigMapKeys;
}

References references_of(const kube::Ingress& ingress, std::string_view annotations_prefix) {
  References all;
  for (const kube::IngressTls& tls : ingress.tls) {
    if (!tls.secret.empty()) all.insert({Reference::Kind::secret, {ingress.meta.ns, tls.secret}});
  }
  const auto add = [&](std::span<const std::string_view> keys, Reference::Kind kind) {
    for (const std::string_view key : keys) {
      const auto it = ingress.meta.annotations.find(std::string(annotations_prefix) + "/" + std::string(key));
      if (it == ingress.meta.annotations.end()) continue;
      if (auto name = name_in(it->second, ingress.meta.ns)) all.insert({kind, std::move(*name)});
    }
  };
  add(kSecretKeys, Reference::Kind::secret);
  add(kConfigMapKeys, Reference::Kind::config_map);
  return all;
}

References references_of(const kube::ConfigMap& settings) {
  References all;
  for (const auto& [key, value] : settings.data) {
    if (value.size() > 2 * kMaxName || value.find('/') == std::string::npos) continue;
    const auto name = name_in(value, "");
    if (!name) continue;
    all.insert({Reference::Kind::secret, *name});
    all.insert({Reference::Kind::config_map, *name});
  }
  return all;
}

}  // namespace weir::watch
