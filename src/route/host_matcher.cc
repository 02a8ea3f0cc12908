#include "route/host_matcher.h"

#include "route/path_entries.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace weir::route {
namespace {

// Up to here a scan beats a search: sizes alone rule most entries out.
constexpr std::size_t kScanned = 8;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace

HostMatcher::Built HostMatcher::build(const Host& host, PatternCache& patterns) {
  Built built;
  PathEntries entries;
  std::vector<RegexEntry> regexes;
  if (host.regex_mode) {
    regexes = regex_entries(host.locations, patterns, built.bad);
  } else {
    entries = path_entries(host.locations);
  }
  std::size_t text_size = host.name.size();
  for (const PathEntry& entry : entries.exact) text_size += entry.text.size();
  for (const PathEntry& entry : entries.prefixes) text_size += entry.text.size();
  const std::size_t count = entries.exact.size() + entries.prefixes.size();
  void* block = ::operator new(sizeof(HostMatcher) + count * sizeof(Entry) + text_size);

  auto* matcher = new (block) HostMatcher();
  matcher->regex_mode_ = host.regex_mode;
  matcher->exact_count_ = static_cast<std::uint32_t>(entries.exact.size());
  matcher->prefix_count_ = static_cast<std::uint32_t>(entries.prefixes.size());
  matcher->name_size_ = static_cast<std::uint32_t>(host.name.size());
  matcher->regexes_ = std::move(regexes);
  const auto root = std::find_if(host.locations.begin(), host.locations.end(), is_root);
  matcher->root_ = static_cast<std::uint32_t>(root - host.locations.begin());

  auto* packed = reinterpret_cast<Entry*>(matcher + 1);
  auto* text = reinterpret_cast<char*>(packed + count);
  std::uint32_t offset = 0;
  auto add_text = [&](std::string_view part) {
    std::copy(part.begin(), part.end(), text + offset);
    offset += static_cast<std::uint32_t>(part.size());
  };
  add_text(host.name);
  for (const std::vector<PathEntry>* list : {&entries.exact, &entries.prefixes}) {
    for (const PathEntry& entry : *list) {
      new (packed++) Entry{offset, static_cast<std::uint32_t>(entry.text.size()), entry.location, entry.parent,
                           entry.slash_redirect};
      add_text(entry.text);
    }
  }
  built.matcher = std::shared_ptr<const HostMatcher>(matcher, destroy);
  return built;
}

void HostMatcher::destroy(const HostMatcher* matcher) {
  matcher->~HostMatcher();
  ::operator delete(const_cast<HostMatcher*>(matcher));
}

const HostMatcher::Entry* HostMatcher::find_exact(std::string_view path) const {
  const std::span<const Entry> all = exact();
  if (all.size() <= kScanned) {
    for (const Entry& entry : all) {
      if (entry.size == path.size() && starts_with(path, text_of(entry))) return &entry;
    }
    return nullptr;
  }
  const auto found =
      std::lower_bound(all.begin(), all.end(), path,
                       [this](const Entry& entry, std::string_view wanted) { return text_of(entry) < wanted; });
  return found != all.end() && text_of(*found) == path ? &*found : nullptr;
}

const HostMatcher::Entry* HostMatcher::find_prefix(std::string_view path) const {
  const std::span<const Entry> all = prefixes();
  if (all.size() <= kScanned) {
    const Entry* longest = nullptr;
    for (const Entry& entry : all) {
      if ((!longest || entry.size > longest->size) && starts_with(path, text_of(entry))) longest = &entry;
    }
    return longest;
  }
  // The longest entry that `path` starts with is the last entry not above `path`, or one of its parents.
  const auto above =
      std::upper_bound(all.begin(), all.end(), path,
                       [this](std::string_view wanted, const Entry& entry) { return wanted < text_of(entry); });
  if (above == all.begin()) return nullptr;
  const Entry* entry = &*(above - 1);
  const std::string_view last = text_of(*entry);
  const auto common =
      static_cast<std::size_t>(std::mismatch(last.begin(), last.end(), path.begin(), path.end()).first - last.begin());
  while (entry->size > common) {
    if (entry->parent < 0) return nullptr;
    entry = &all[static_cast<std::size_t>(entry->parent)];
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
  if (const Entry* entry = find_exact(path)) return {entry->location, entry->slash_redirect};
  if (const Entry* entry = find_prefix(path)) return {entry->location, false};
  return {root_, false};
}

}  // namespace weir::route
