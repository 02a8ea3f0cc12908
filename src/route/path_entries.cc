#include "route/path_entries.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <set>

namespace weir::route {
namespace {

// Sorts by text and keeps the first of equal texts.
void sort_unique(std::vector<PathEntry>& entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const PathEntry& a, const PathEntry& b) { return a.text < b.text; });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const PathEntry& a, const PathEntry& b) { return a.text == b.text; }),
                entries.end());
}

bool contains(const std::vector<PathEntry>& sorted, const std::string& text) {
  return std::binary_search(sorted.begin(), sorted.end(), PathEntry{text},
                            [](const PathEntry& a, const PathEntry& b) { return a.text < b.text; });
}

// The paths of Exact rules: their Prefix namesakes give up the exact entry.
std::set<std::string_view> exact_rules(const std::vector<Location>& locations) {
  std::set<std::string_view> paths;
  for (const Location& location : locations) {
    if (location.type == PathType::exact) paths.insert(location.path);
  }
  return paths;
}

std::string with_slash(const std::string& path) {
  return path.ends_with('/') ? path : path + '/';
}

void add_slash_redirects(PathEntries& entries) {
  std::vector<PathEntry> redirects;
  for (const std::vector<PathEntry>* list : {&entries.exact, &entries.prefixes}) {
    for (const PathEntry& entry : *list) {
      if (entry.text.size() < 2 || !entry.text.ends_with('/')) continue;
      std::string shorter = entry.text.substr(0, entry.text.size() - 1);
      if (!contains(entries.exact, shorter)) redirects.push_back({std::move(shorter), entry.location, true});
    }
  }
  entries.exact.insert(entries.exact.end(), redirects.begin(), redirects.end());
  sort_unique(entries.exact);
}

void link_parents(std::vector<PathEntry>& prefixes) {
  for (std::size_t i = 1; i < prefixes.size(); ++i) {
    auto candidate = static_cast<std::int32_t>(i) - 1;
    auto at = [&](std::int32_t position) -> PathEntry& { return prefixes[static_cast<std::size_t>(position)]; };
    while (candidate >= 0 && !prefixes[i].text.starts_with(at(candidate).text)) candidate = at(candidate).parent;
    prefixes[i].parent = candidate;
  }
}

}  // namespace

bool is_root(const Location& location) {
  return location.type == PathType::prefix && location.path == "/";
}

// Where Prefix "/p" and Prefix "/p/" both want the entry "/p/", the rule that is written so gets it.
PathEntries path_entries(const std::vector<Location>& locations) {
  const auto exact_paths = exact_rules(locations);
  PathEntries entries;
  std::vector<PathEntry> added_slash;
  for (std::uint32_t i = 0; i < locations.size(); ++i) {
    const Location& location = locations[i];
    if (location.type == PathType::exact) {
      entries.exact.push_back({location.path, i});
    } else if (is_root(location)) {
      entries.prefixes.push_back({location.path, i});
    } else {
      auto& target = location.path.ends_with('/') ? entries.prefixes : added_slash;
      target.push_back({with_slash(location.path), i});
      if (!exact_paths.contains(location.path)) entries.exact.push_back({location.path, i});
    }
  }
  entries.prefixes.insert(entries.prefixes.end(), added_slash.begin(), added_slash.end());
  sort_unique(entries.prefixes);
  sort_unique(entries.exact);
  add_slash_redirects(entries);
  link_parents(entries.prefixes);
  return entries;
}

// A pair for Prefix rules without a rewrite or regex of their own, one pattern for all others.
std::vector<HostMatcher::RegexEntry> regex_entries(const std::vector<Location>& locations, PatternCache& patterns,
                                                   std::vector<HostMatcher::BadPath>& bad) {
  std::vector<HostMatcher::RegexEntry> entries;
  const auto exact_paths = exact_rules(locations);
  auto add = [&](const std::string& path, std::uint32_t location) {
    HostMatcher::RegexEntry entry;
    entry.text = "^" + path;
    entry.location = location;
    LiteralPrefix literal = literal_prefix(path);
    entry.literal = std::move(literal.text);
    if (!literal.whole) {
      auto pattern = patterns.get(entry.text);
      if (pattern) {
        entry.pattern = *pattern;
      } else {
        // Its Ingress is denied (spec 0.5). Standing for its own characters, the path catches no other's requests.
        entry.literal = base::to_lower(path);
        if (bad.empty() || bad.back().location != location) bad.push_back({location, pattern.error().text()});
      }
    }
    entries.push_back(std::move(entry));
  };
  for (std::uint32_t i = 0; i < locations.size(); ++i) {
    const Location& location = locations[i];
    const bool own_pattern = location.rewrites || location.policies.rewrite.use_regex;
    if (location.type == PathType::prefix && location.path != "/" && !own_pattern) {
      const std::string slashed = with_slash(location.path);
      add(slashed, i);
      if (slashed != location.path && !exact_paths.contains(location.path)) add(location.path, i);
    } else {
      add(location.path, i);
    }
  }
  return entries;
}

}  // namespace weir::route
