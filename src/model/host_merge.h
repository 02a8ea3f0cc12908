// One host merged from the Ingresses that have rules for it (spec 2.2): implicit "/", taking over, first one wins. What
// depends on other hosts (names of backends, aliases, redirects) is left open. Pure.
#pragma once

#include "model/ingress_part.h"
#include "weir/features/settings.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace weir::model {

// Where a location leads.
struct TargetKeys {
  BackendKey backend;
  std::optional<BackendKey> errors;  // of default-backend (spec 4.7)
};

struct HostDraft {
  Host host;                        // Location::backend and error_backend are not filled; aliases as written
  std::vector<TargetKeys> targets;  // of host.locations
  std::vector<std::size_t> made;    // the locations in the order they were made
  AcceptedPtr alias_owner;          // whose server-alias counts
  AcceptedPtr www_owner;            // not null: from-to-www-redirect is on
  base::Diagnostics diagnostics;
};

struct MergeInput {
  const AcceptedSet& accepted;
  const kube::ClusterState& state;
  const Options& options;
  const features::Settings& settings;
};

// `ingresses`: in processing order. For "_" there may be none.
HostDraft merge_host(const std::string& name, const std::vector<AcceptedPtr>& ingresses, const MergeInput& input);

}  // namespace weir::model
