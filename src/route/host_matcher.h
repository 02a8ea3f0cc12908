// HostMatcher: chooses one of a host's locations by path (life-of-a-request, step 5; spec 2.4 to 2.6). Immutable; holds
// positions in Host::locations, so a Host may be copied.
#pragma once

#include "route/path_pattern.h"
#include "weir/route/routing_table.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

class HostMatcher {
 public:
  struct Found {
    std::uint32_t location = 0;
    bool slash_redirect = false;
  };
  struct ExactEntry {
    std::string text;
    std::uint32_t location = 0;
    bool slash_redirect = false;  // made from an entry with a final slash: answers with 301 to it (spec 2.6)
  };
  struct PrefixEntry {
    std::string text;  // ends in '/'
    std::uint32_t location = 0;
    std::int32_t parent = -1;  // the longest other entry that is a prefix of this one
  };
  struct RegexEntry {
    std::string text;        // "^/a(/|$)"
    std::string literal;     // what a matching path starts with, lower case: saves most calls of PCRE2
    PathPatternPtr pattern;  // null: `literal` says it all
    std::uint32_t location = 0;
  };
  // A path of regex mode that does not compile.
  struct BadPath {
    std::uint32_t location = 0;
    std::string problem;
  };
  struct Built {
    std::shared_ptr<const HostMatcher> matcher;
    std::vector<BadPath> bad;
  };

  // REQUIRES: one of `locations` is Prefix "/".
  static Built build(const std::vector<Location>& locations, bool regex_mode, PatternCache& patterns);

  Found find(std::string_view path, Matcher& matcher) const;

  const std::vector<ExactEntry>& exact() const { return exact_; }
  const std::vector<PrefixEntry>& prefixes() const { return prefixes_; }
  const std::vector<RegexEntry>& regexes() const { return regexes_; }
  bool regex_mode() const { return regex_mode_; }

  const ExactEntry* find_exact(std::string_view path) const;
  const PrefixEntry* find_prefix(std::string_view path) const;
  static bool matches(const RegexEntry& entry, std::string_view path, Matcher& matcher);

 private:
  void add_entries(const std::vector<Location>& locations);
  void add_slash_redirects();
  void link_prefixes();
  void add_regexes(const std::vector<Location>& locations, PatternCache& patterns, std::vector<BadPath>& bad);

  bool regex_mode_ = false;
  std::uint32_t root_ = 0;             // Prefix "/": for paths that nothing matches, such as "*"
  std::vector<ExactEntry> exact_;      // sorted by text
  std::vector<PrefixEntry> prefixes_;  // sorted by text
  std::vector<RegexEntry> regexes_;    // in order of trial
};

}  // namespace weir::route
