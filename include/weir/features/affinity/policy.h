// Sticky sessions by a cookie (spec 3.3). Upstream scope: the first Ingress with a type or mode decides about these,
// the cookie's details are those of the last one that asks for affinity (model/backend_table.cc). Consumed by
// upstream/sticky.cc; whether a location hands out the cookie is decided by its own Ingress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace weir::features {

struct AffinityPolicy {
  bool cookie = false;
  std::string mode;           // "balanced", "persistent"; empty: balanced
  bool canary_sticky = true;  // of a canary's Ingress: its sessions stick too; false: legacy

  // --- the cookie
  std::string name = "INGRESSCOOKIE";
  std::string path;  // empty: the rule's path
  std::string domain;
  std::string same_site;                // as written; only "None", "Lax" and "Strict" are sent
  std::optional<std::int64_t> expires;  // seconds from now
  std::optional<std::int64_t> max_age;  // seconds
  bool conditional_same_site_none = false;
  bool secure = false;             // Secure on plain HTTP too
  bool change_on_failure = false;  // a failed try chooses another endpoint, and a new cookie

  bool persistent() const { return mode == "persistent"; }
  bool operator==(const AffinityPolicy&) const = default;
};

}  // namespace weir::features
