// The match entries that a host's rules stand for, before HostMatcher packs them.
#pragma once

#include "route/host_matcher.h"

#include <string>
#include <vector>

namespace weir::route {

struct PathEntry {
  std::string text;
  std::uint32_t location = 0;
  bool slash_redirect = false;
  std::int32_t parent = -1;
};

// Normal mode (spec 2.4, 2.6); both sorted by text, texts are unique.
struct PathEntries {
  std::vector<PathEntry> exact;
  std::vector<PathEntry> prefixes;
};
PathEntries path_entries(const std::vector<Location>& locations);

// Regex mode (spec 2.5), in order of trial. A path that does not compile goes to `bad` and stands for its own
// characters.
std::vector<HostMatcher::RegexEntry> regex_entries(const std::vector<Location>& locations, PatternCache& patterns,
                                                   std::vector<HostMatcher::BadPath>& bad);

bool is_root(const Location& location);  // Prefix "/"

}  // namespace weir::route
