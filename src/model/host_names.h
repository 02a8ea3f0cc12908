// Names that hosts answer to besides their own: aliases (spec 1.1) and the extra hosts of from-to-www-redirect (2.10).
#pragma once

#include "model/host_table.h"

#include <deque>
#include <vector>

namespace weir::model {

// The model's hosts, sorted by name, from all drafts.
std::vector<Host> finish_hosts(std::deque<HostDraft> drafts, base::Diagnostics& diagnostics);

}  // namespace weir::model
