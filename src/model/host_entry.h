// HostEntry: a host in the Builder's state, with what it was merged from. One thread.
#pragma once

#include "model/backend_table.h"
#include "model/ingress_part.h"

#include <cstddef>
#include <string>
#include <vector>

namespace weir::model {

// Where a location leads.
struct Targets {
  BackendEntry* backend = nullptr;
  BackendEntry* errors = nullptr;  // of default-backend; null: none
};

struct HostEntry {
  std::string name;
  std::vector<AcceptedPtr> ingresses;  // with rules for it, in processing order
  std::vector<Targets> targets;        // of the host's locations
  std::vector<std::size_t> made;       // the locations in the order they were made
  AcceptedPtr alias_owner;             // whose server-alias counts
  std::vector<std::string> aliases;    // as written
  AcceptedPtr www_owner;               // not null: from-to-www-redirect is on
  bool has_diagnostics = false;
  HostPtr host;  // null: not merged yet

  bool is_special() const { return www_owner != nullptr || !aliases.empty(); }
};

}  // namespace weir::model
