// HostIndex: the host of a request by name, in the order of spec 2.3. Immutable; keys are views into the hosts of the
// table that owns it.
#pragma once

#include "route/path_pattern.h"
#include "weir/route/routing_table.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

// std::hash of libstdc++ mixes well; told so, the map skips a second mixing.
struct NameHash {
  using is_avalanching = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
template <class T>
using NameMap = boost::unordered_flat_map<std::string_view, T, NameHash>;

// A host under one of its names. Among many hosts, each one's memory is far away, and a request reads most of it: all
// lines are asked for before the first is waited for, that of the name's text.
struct NamedHost {
  std::string_view name;
  const Host* host = nullptr;
  const Location* locations = nullptr;  // the host's

  NamedHost(std::string_view text, const Host& named) : name(text), host(&named), locations(named.locations.data()) {}
};
struct NamedHostHash : NameHash {
  using is_transparent = void;
  using NameHash::operator();
  std::size_t operator()(const NamedHost& entry) const { return NameHash::operator()(entry.name); }
};
struct NamedHostEqual {
  using is_transparent = void;
  bool operator()(const NamedHost& a, const NamedHost& b) const { return a.name == b.name; }
  bool operator()(std::string_view name, const NamedHost& entry) const;
  bool operator()(const NamedHost& entry, std::string_view name) const { return (*this)(name, entry); }
};

class HostIndex {
 public:
  // REQUIRES: `hosts` are sorted by name and their aliases pass alias_problem().
  HostIndex(const std::vector<std::shared_ptr<const Host>>& hosts, PatternCache& patterns);
  // A copy in which the names of `gone` are replaced by those of `come`. REQUIRES: no host has an alias.
  HostIndex(const HostIndex& before, const std::vector<std::shared_ptr<const Host>>& gone,
            const std::vector<std::shared_ptr<const Host>>& come);

  // nullptr: no host has this name; the catch-all answers. Regex aliases need `matcher`.
  const Host* find(std::string_view name, Matcher& matcher) const;

 private:
  struct RegexName {
    PathPatternPtr pattern;
    const Host* owner = nullptr;
  };

  void add_name(const Host& host);
  void add_alias(std::string_view alias, const Host& owner, PatternCache& patterns);
  const Host* find_uncommon(std::string_view name, Matcher& matcher) const;

  boost::unordered_flat_set<NamedHost, NamedHostHash, NamedHostEqual> exact_;
  NameMap<const Host*> suffixes_;           // alias "*.x" under "x": any number of labels before it
  NameMap<const Host*> suffixes_and_self_;  // alias ".x": "x" itself as well
  NameMap<const Host*> prefixes_;           // alias "x.*" under "x"
  NameMap<const Host*> wildcards_;          // host "*.x" under "x": exactly one label
  std::vector<RegexName> regexes_;          // by name of the host
};

// Why a server-alias cannot be served (spec 0.5: "~[", "a..b", "*.*.x"); nullopt when it can.
std::optional<std::string> alias_problem(std::string_view alias, PatternCache& patterns);

}  // namespace weir::route
