// Step 6 of life-of-a-request: clients that no host serves.
#include "route/client_blocks.h"

#include "route/lookup_impl.h"
#include "weir/base/ascii.h"

namespace weir::route {

BlockList::BlockList(const std::vector<std::string>& items, PatternCache& patterns) {
  for (const std::string& item : items) {
    if (item.front() != '~') {
      texts_.insert(base::to_lower(item));
      continue;
    }
    const bool caseless = item.size() > 1 && item[1] == '*';
    const std::string expression = item.substr(caseless ? 2 : 1);
    // Patterns of this module are caseless unless they say otherwise.
    auto compiled = patterns.get(caseless ? expression : "(?-i)" + expression);
    if (compiled && !expression.empty()) {
      patterns_.push_back(std::move(*compiled));
    } else if (problem_.empty()) {
      problem_ = "\"" + item + "\": " + (expression.empty() ? "is empty" : compiled.error().text());
    }
  }
}

bool BlockList::contains(std::string_view value, Matcher& matcher) const {
  if (value.empty()) return false;
  if (!texts_.empty() && texts_.contains(base::to_lower(value))) return true;
  for (const PathPatternPtr& pattern : patterns_) {
    if (matcher.match(*pattern, value) != Matcher::Result::no) return true;
  }
  return false;
}

std::string_view Lookup::find_block(const RoutingTable& table, std::string_view user_agent, std::string_view referer) {
  const ClientBlocks& blocks = *table.blocks;
  if (!blocks.user_agents().problem().empty()) return "block-user-agents-invalid";
  if (!blocks.referers().problem().empty()) return "block-referers-invalid";
  if (blocks.user_agents().contains(user_agent, impl_->matcher)) return "block-user-agents";
  if (blocks.referers().contains(referer, impl_->matcher)) return "block-referers";
  return {};
}

}  // namespace weir::route
