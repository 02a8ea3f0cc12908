// HostMatcher: chooses one of a host's locations by path (life-of-a-request, step 5; spec 2.4 to 2.6). Immutable; holds
// positions in Host::locations, so a Host may be copied.
//
// One block of memory: the object, then its entries, then all text, the host's name first. A request for one of 100,000
// hosts finds nothing of its host in the processor's cache; what it needs to compare lies on two or three neighbouring
// lines here.
#pragma once

#include "route/path_pattern.h"
#include "weir/route/routing_table.h"

#include <cstdint>
#include <span>
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
  // An exact or a prefix entry of normal mode.
  struct Entry {
    std::uint32_t offset = 0;  // of the text
    std::uint32_t size = 0;
    std::uint32_t location = 0;
    std::int32_t parent = -1;     // prefix: the longest other entry that is a prefix of this one
    bool slash_redirect = false;  // exact: made from an entry with a final slash, answers 301 to it (spec 2.6)
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

  // REQUIRES: one of the locations is Prefix "/".
  static Built build(const Host& host, PatternCache& patterns);
  HostMatcher(const HostMatcher&) = delete;
  HostMatcher& operator=(const HostMatcher&) = delete;

  Found find(std::string_view path, Matcher& matcher) const;

  std::string_view host_name() const { return {text(), name_size_}; }
  bool regex_mode() const { return regex_mode_; }
  std::span<const Entry> exact() const { return {entries(), exact_count_}; }                     // sorted by text
  std::span<const Entry> prefixes() const { return {entries() + exact_count_, prefix_count_}; }  // sorted by text
  std::span<const RegexEntry> regexes() const { return regexes_; }                               // in order of trial
  std::string_view text_of(const Entry& entry) const { return {text() + entry.offset, entry.size}; }

  const Entry* find_exact(std::string_view path) const;
  const Entry* find_prefix(std::string_view path) const;
  static bool matches(const RegexEntry& entry, std::string_view path, Matcher& matcher);

 private:
  HostMatcher() = default;
  ~HostMatcher() = default;
  static void destroy(const HostMatcher* matcher);

  const Entry* entries() const { return reinterpret_cast<const Entry*>(this + 1); }
  const char* text() const { return reinterpret_cast<const char*>(entries() + exact_count_ + prefix_count_); }

  bool regex_mode_ = false;
  std::uint32_t exact_count_ = 0;
  std::uint32_t prefix_count_ = 0;
  std::uint32_t name_size_ = 0;
  std::uint32_t root_ = 0;  // Prefix "/": for paths that nothing matches, such as "*"
  std::vector<RegexEntry> regexes_;
};

}  // namespace weir::route
