#include "route/host_index.h"

#include "route/fetch.h"
#include "route/host_matcher.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::route {
namespace {

// No DNS name is longer; bounds the work a made-up Host header can cause.
constexpr std::size_t kLongestName = 255;

constexpr std::size_t kMatcherFetched = sizeof(HostMatcher) + 4 * sizeof(HostMatcher::Entry);

bool is_wildcard_host(std::string_view name) {
  return name.size() > 2 && name.starts_with("*.");
}

// What the original's pattern for a wildcard host accepts as its one label.
bool is_label(std::string_view label) {
  return !label.empty() &&
         std::all_of(label.begin(), label.end(), [](char c) { return base::is_alnum(c) || c == '_' || c == '-'; });
}

template <class Map>
const Host* host_in(const Map& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

bool NamedHostEqual::operator()(std::string_view name, const NamedHost& entry) const {
  if (name.size() != entry.name.size()) return false;
  fetch(entry.host, sizeof(Host));
  fetch(entry.locations, sizeof(Location));
  // The host's own name stands behind the entries of its matcher, which are read next, and few in most hosts.
  fetch(entry.name.data() - kMatcherFetched, kMatcherFetched);
  return name == entry.name;
}

std::optional<std::string> alias_problem(std::string_view alias, PatternCache& patterns) {
  if (alias.empty()) return "it is empty";
  if (alias.front() == '~') {
    if (alias.size() == 1) return "the expression after ~ is empty";
    const std::string expression(alias.substr(1));
    auto pattern = patterns.get(expression);
    if (!pattern) {
      return "the regular expression \"" + expression + "\" does not compile, " + pattern.error().text();
    }
    return std::nullopt;
  }
  if (alias.find("..") != std::string_view::npos) return "it holds an empty label";
  if (alias == ".") return "it holds no label";
  const auto stars = std::count(alias.begin(), alias.end(), '*');
  if (stars == 0) return std::nullopt;
  const bool wildcard = alias.size() > 2 && (alias.starts_with("*.") || alias.ends_with(".*"));
  if (stars > 1 || !wildcard) return "a wildcard is one * as the first or the last label";
  return std::nullopt;
}

HostIndex::HostIndex(const std::vector<std::shared_ptr<const Host>>& hosts, PatternCache& patterns) {
  exact_.reserve(hosts.size());
  for (const auto& host : hosts) add_name(*host);
  // After all hosts: a host name beats an equal alias.
  for (const auto& host : hosts) {
    for (const std::string& alias : host->aliases) add_alias(alias, *host, patterns);
  }
}

HostIndex::HostIndex(const HostIndex& before, const std::vector<std::shared_ptr<const Host>>& gone,
                     const std::vector<std::shared_ptr<const Host>>& come)
    : exact_(before.exact_), wildcards_(before.wildcards_) {
  for (const auto& host : gone) {
    if (is_wildcard_host(host->name)) {
      wildcards_.erase(std::string_view(host->name).substr(2));
    } else {
      exact_.erase(std::string_view(host->name));
    }
  }
  for (const auto& host : come) add_name(*host);
}

void HostIndex::add_name(const Host& host) {
  if (is_wildcard_host(host.name)) {
    wildcards_.try_emplace(host.matcher->host_name().substr(2), &host);
  } else if (host.name != "_") {
    exact_.emplace(host.matcher->host_name(), host);
  }
}

void HostIndex::add_alias(std::string_view alias, const Host& owner, PatternCache& patterns) {
  if (alias.starts_with('~')) {
    auto pattern = patterns.get(std::string(alias.substr(1)));
    if (pattern) regexes_.push_back({*pattern, &owner});
  } else if (alias.starts_with("*.")) {
    suffixes_.try_emplace(alias.substr(2), &owner);
  } else if (alias.starts_with('.')) {
    suffixes_and_self_.try_emplace(alias.substr(1), &owner);
  } else if (alias.ends_with(".*")) {
    prefixes_.try_emplace(alias.substr(0, alias.size() - 2), &owner);
  } else {
    exact_.emplace(alias, owner);
  }
}

const Host* HostIndex::find(std::string_view name, Matcher& matcher) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return found->host;
  return find_uncommon(name, matcher);
}

const Host* HostIndex::find_uncommon(std::string_view name, Matcher& matcher) const {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  if (!suffixes_and_self_.empty()) {
    if (const Host* host = host_in(suffixes_and_self_, name)) return host;
  }
  if (!suffixes_.empty() || !suffixes_and_self_.empty()) {
    for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
      const std::string_view rest = name.substr(dot + 1);
      if (const Host* host = host_in(suffixes_, rest)) return host;
      if (const Host* host = host_in(suffixes_and_self_, rest)) return host;
    }
  }
  if (!prefixes_.empty()) {
    for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
      if (dot + 1 == name.size()) continue;
      if (const Host* host = host_in(prefixes_, name.substr(0, dot))) return host;
    }
  }
  const Host* wildcard = nullptr;
  if (!wildcards_.empty()) {
    const std::size_t dot = name.find('.');
    if (dot != std::string_view::npos && is_label(name.substr(0, dot))) {
      const auto found = wildcards_.find(name.substr(dot + 1));
      if (found != wildcards_.end()) wildcard = found->second;
    }
  }
  for (const RegexName& regex : regexes_) {
    if (wildcard && regex.owner->name >= wildcard->name) break;
    if (matcher.match(*regex.pattern, name) == Matcher::Result::yes) return regex.owner;
  }
  return wildcard;
}

}  // namespace weir::route
