// Which location of a host takes its TLS connections unread (spec 4.13). Pure.
#pragma once

#include "model/host_merge.h"

#include <vector>

namespace weir::model {

// Decides host.passthrough. A "/" that authentication guards is closed instead: nobody can ask for it on a connection
// that is not read. `askers`: the Ingresses of the host that say ssl-passthrough, oldest first. REQUIRES: the locations
// are complete and in order.
void decide_passthrough(HostDraft& draft, const std::vector<AcceptedPtr>& askers, const MergeInput& input);

}  // namespace weir::model
