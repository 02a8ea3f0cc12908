#include "route/host_matcher.h"
#include "weir/route/lookup.h"

#include <algorithm>

namespace weir::route {
namespace {

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

// Normal mode: exact entry, longest prefix, slash redirect (spec 2.4, 2.6).
std::string reason_by_prefix(const HostMatcher& matcher, std::uint32_t location, std::string_view path,
                             const HostMatcher::Entry* exact, const HostMatcher::Entry* prefix) {
  const bool wins = exact ? exact->location == location : prefix && prefix->location == location;
  if (wins && exact) {
    return exact->slash_redirect ? "301 to " + quoted(std::string(matcher.text_of(*exact)) + "/") +
                                       ": the rule is written with a final slash"
                                 : "exact match";
  }
  if (wins) return "longest prefix that matches: " + quoted(matcher.text_of(*prefix));

  const HostMatcher::Entry* longest = nullptr;  // of this location's own entries that match
  for (const HostMatcher::Entry& entry : matcher.prefixes()) {
    if (entry.location == location && path.starts_with(matcher.text_of(entry))) longest = &entry;
  }
  if (longest && exact) {
    return "prefix " + quoted(matcher.text_of(*longest)) + " matches, but an exact match goes first";
  }
  if (longest)
    return "prefix " + quoted(matcher.text_of(*longest)) + " is shorter than " +
           quoted(prefix ? matcher.text_of(*prefix) : "");

  std::string entries;
  auto add = [&](const std::string& kind, std::string_view text) {
    if (!entries.empty()) entries += ", ";
    entries += kind + " " + quoted(text);
  };
  for (const HostMatcher::Entry& entry : matcher.exact()) {
    if (entry.location == location && !entry.slash_redirect) add("exact", matcher.text_of(entry));
  }
  for (const HostMatcher::Entry& entry : matcher.prefixes()) {
    if (entry.location == location) add("prefix", matcher.text_of(entry));
  }
  if (entries.empty()) return "another rule of the same path takes all its requests";
  return "does not match: " + entries;
}

// Regex mode: the first pattern in list order (spec 2.5).
std::string reason_by_regex(const HostMatcher& matcher, std::uint32_t location, std::string_view path,
                            const HostMatcher::RegexEntry* winner, Matcher& state) {
  std::string tried;
  for (const HostMatcher::RegexEntry& entry : matcher.regexes()) {
    if (entry.location != location) continue;
    if (&entry == winner) return "regex " + entry.text + " is the first that matches";
    const std::uint64_t before = state.gave_up();
    if (HostMatcher::matches(entry, path, state)) {
      return "regex " + entry.text + " matches too, but comes after " + (winner ? winner->text : std::string());
    }
    if (!tried.empty()) tried += ", ";
    tried += entry.text;
    if (state.gave_up() != before) tried += " (gave up: too many steps)";
  }
  return "regex " + tried + " did not match";
}

}  // namespace

std::vector<Candidate> explain_location(Lookup& lookup, const Host& host, std::string_view path) {
  const LocationMatch match = lookup.find_location(host, path);
  const HostMatcher& matcher = *host.matcher;
  const HostMatcher::Entry* exact = matcher.find_exact(path);
  const HostMatcher::Entry* prefix = matcher.find_prefix(path);
  const HostMatcher::RegexEntry* regex = nullptr;
  Matcher state;
  for (const HostMatcher::RegexEntry& entry : matcher.regexes()) {
    if (!regex && HostMatcher::matches(entry, path, state)) regex = &entry;
  }
  const bool nothing = !exact && !prefix && !regex;

  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < host.locations.size(); ++i) {
    Candidate candidate;
    candidate.location = &host.locations[i];
    candidate.wins = candidate.location == match.location;
    candidate.reason = matcher.regex_mode() ? reason_by_regex(matcher, i, path, regex, state)
                                            : reason_by_prefix(matcher, i, path, exact, prefix);
    if (candidate.wins && nothing) candidate.reason = "nothing else matches";
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace weir::route
