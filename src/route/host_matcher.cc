#include "route/host_matcher.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <set>

namespace weir::route {
namespace {

template <class Entry>
bool text_less(const Entry& a, const Entry& b) {
  return a.text < b.text;
}

// Sorts by text and keeps the first of equal texts.
template <class Entry>
void sort_unique(std::vector<Entry>& entries) {
  std::stable_sort(entries.begin(), entries.end(), text_less<Entry>);
  entries.erase(
      std::unique(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.text == b.text; }),
      entries.end());
}

bool is_root(const Location& location) {
  return location.type == PathType::prefix && location.path == "/";
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

}  // namespace

HostMatcher::Built HostMatcher::build(const std::vector<Location>& locations, bool regex_mode, PatternCache& patterns) {
  Built built;
  auto matcher = std::make_shared<HostMatcher>();
  matcher->regex_mode_ = regex_mode;
  const auto root = std::find_if(locations.begin(), locations.end(), is_root);
  matcher->root_ = static_cast<std::uint32_t>(root - locations.begin());
  if (regex_mode) {
    matcher->add_regexes(locations, patterns, built.bad);
  } else {
    matcher->add_entries(locations);
    matcher->add_slash_redirects();
    matcher->link_prefixes();
  }
  built.matcher = std::move(matcher);
  return built;
}

// Spec 2.4. Where Prefix "/p" and Prefix "/p/" both want the entry "/p/", the rule that is written so gets it.
void HostMatcher::add_entries(const std::vector<Location>& locations) {
  const auto exact_paths = exact_rules(locations);
  std::vector<PrefixEntry> added_slash;
  for (std::uint32_t i = 0; i < locations.size(); ++i) {
    const Location& location = locations[i];
    if (location.type == PathType::exact) {
      exact_.push_back({location.path, i, false});
    } else if (is_root(location)) {
      prefixes_.push_back({location.path, i, -1});
    } else {
      auto& target = location.path.ends_with('/') ? prefixes_ : added_slash;
      target.push_back({with_slash(location.path), i, -1});
      if (!exact_paths.contains(location.path)) exact_.push_back({location.path, i, false});
    }
  }
  prefixes_.insert(prefixes_.end(), added_slash.begin(), added_slash.end());
  sort_unique(prefixes_);
  sort_unique(exact_);
}

void HostMatcher::add_slash_redirects() {
  std::vector<ExactEntry> redirects;
  auto consider = [&](const std::string& text, std::uint32_t location) {
    if (text.size() < 2 || !text.ends_with('/')) return;
    std::string shorter = text.substr(0, text.size() - 1);
    if (!find_exact(shorter)) redirects.push_back({std::move(shorter), location, true});
  };
  for (const ExactEntry& entry : exact_) consider(entry.text, entry.location);
  for (const PrefixEntry& entry : prefixes_) consider(entry.text, entry.location);
  exact_.insert(exact_.end(), redirects.begin(), redirects.end());
  sort_unique(exact_);
}

void HostMatcher::link_prefixes() {
  for (std::size_t i = 1; i < prefixes_.size(); ++i) {
    auto candidate = static_cast<std::int32_t>(i) - 1;
    auto at = [&](std::int32_t position) -> PrefixEntry& { return prefixes_[static_cast<std::size_t>(position)]; };
    while (candidate >= 0 && !prefixes_[i].text.starts_with(at(candidate).text)) candidate = at(candidate).parent;
    prefixes_[i].parent = candidate;
  }
}

// Spec 2.5: a pair for Prefix rules without a rewrite or regex of their own, one pattern for all others.
void HostMatcher::add_regexes(const std::vector<Location>& locations, PatternCache& patterns,
                              std::vector<BadPath>& bad) {
  const auto exact_paths = exact_rules(locations);
  auto add = [&](const std::string& path, std::uint32_t location) {
    RegexEntry entry;
    entry.text = "^" + path;
    entry.location = location;
    LiteralPrefix literal = literal_prefix(path);
    entry.literal = std::move(literal.text);
    if (!literal.whole) {
      auto pattern = patterns.get(entry.text);
      if (pattern) {
        entry.pattern = *pattern;
      } else {
        // Its Ingress is denied (spec 0.5). The path stands for its own characters meanwhile, so that no other
        // Ingress' requests end up here.
        entry.literal = base::to_lower(path);
        if (bad.empty() || bad.back().location != location) bad.push_back({location, pattern.error().text()});
      }
    }
    regexes_.push_back(std::move(entry));
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
}

const HostMatcher::ExactEntry* HostMatcher::find_exact(std::string_view path) const {
  const auto found = std::lower_bound(exact_.begin(), exact_.end(), path,
                                      [](const ExactEntry& entry, std::string_view text) { return entry.text < text; });
  return found != exact_.end() && found->text == path ? &*found : nullptr;
}

// The longest entry that `path` starts with is the last entry not above `path`, or one of its parents.
const HostMatcher::PrefixEntry* HostMatcher::find_prefix(std::string_view path) const {
  const auto above =
      std::upper_bound(prefixes_.begin(), prefixes_.end(), path,
                       [](std::string_view text, const PrefixEntry& entry) { return text < entry.text; });
  if (above == prefixes_.begin()) return nullptr;
  const PrefixEntry* entry = &*(above - 1);
  const auto common = static_cast<std::size_t>(
      std::mismatch(entry->text.begin(), entry->text.end(), path.begin(), path.end()).first - entry->text.begin());
  while (entry->text.size() > common) {
    if (entry->parent < 0) return nullptr;
    entry = &prefixes_[static_cast<std::size_t>(entry->parent)];
  }
  return entry;
}

bool HostMatcher::matches(const RegexEntry& entry, std::string_view path, Matcher& matcher) {
  if (!starts_with_caseless(path, entry.literal)) return false;
  return !entry.pattern || matcher.match(*entry.pattern, path) == Matcher::Result::yes;
}

HostMatcher::Found HostMatcher::find(std::string_view path, Matcher& matcher) const {
  if (regex_mode_) {
    for (const RegexEntry& entry : regexes_) {
      if (matches(entry, path, matcher)) return {entry.location, false};
    }
    return {root_, false};
  }
  if (const ExactEntry* entry = find_exact(path)) return {entry->location, entry->slash_redirect};
  if (const PrefixEntry* entry = find_prefix(path)) return {entry->location, false};
  return {root_, false};
}

}  // namespace weir::route
