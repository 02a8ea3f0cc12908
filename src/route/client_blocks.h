// ClientBlocks: block-user-agents and block-referers of the ConfigMap, compiled (spec 4.6). Immutable; any thread, each
// with a Matcher of its own.
#pragma once

#include "route/path_pattern.h"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace weir::route {

// One list: texts that are compared without regard to case, `~` expressions, `~*` expressions without regard to case.
class BlockList {
 public:
  BlockList() = default;
  BlockList(const std::vector<std::string>& items, PatternCache& patterns);

  bool empty() const { return texts_.empty() && patterns_.empty() && problem_.empty(); }
  // The first item that does not compile, and why; such a list blocks everybody.
  const std::string& problem() const { return problem_; }
  // An expression that gives up is taken for a match: what it was to keep out could have made it do so.
  bool contains(std::string_view value, Matcher& matcher) const;

 private:
  std::unordered_set<std::string> texts_;  // lower case
  std::vector<PathPatternPtr> patterns_;
  std::string problem_;
};

class ClientBlocks {
 public:
  ClientBlocks(const std::vector<std::string>& user_agents, const std::vector<std::string>& referers,
               PatternCache& patterns)
      : user_agents_(user_agents, patterns), referers_(referers, patterns) {}

  const BlockList& user_agents() const { return user_agents_; }
  const BlockList& referers() const { return referers_; }

 private:
  BlockList user_agents_;
  BlockList referers_;
};

}  // namespace weir::route
