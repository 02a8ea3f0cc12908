// Step 6 of life-of-a-request: answers of external authentication that are used again.
#include "proxy/auth_cache.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace weir::proxy {
namespace {

constexpr std::int64_t kLongest = 365LL * 24 * 3600;
constexpr std::size_t kOverhead = 256;  // list and map nodes of an entry

// What Cache-Control says: nullopt: nothing about time; 0: do not keep.
std::optional<std::int64_t> cache_control_time(const http::Fields& fields) {
  std::optional<std::int64_t> out;
  for (const http::Field& field : fields.all()) {
    if (!base::iequals(fields.name(field), "Cache-Control")) continue;
    for (const std::string& item : base::split_list(base::to_lower(fields.value(field)))) {
      if (item == "no-store" || item == "no-cache" || item.starts_with("no-cache=") || item == "private" ||
          item.starts_with("private=")) {
        return 0;
      }
      const bool shared = item.starts_with("s-maxage=");
      if (!shared && !item.starts_with("max-age=")) continue;
      const std::int64_t seconds = base::parse_int(item.substr(item.find('=') + 1)).value_or(0);
      if (seconds <= 0) return 0;
      out = std::min(out.value_or(kLongest), std::min(seconds, kLongest));
    }
  }
  return out;
}

// An HTTP-date; nullopt: it is none, which counts as the past.
std::optional<std::int64_t> parse_date(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

bool has_field(const http::Fields& fields, std::string_view name) {
  return fields.find(name) != nullptr;
}

std::int64_t time_by_rule(int status, const std::vector<features::AuthCacheRule>& rules) {
  constexpr std::int64_t kDefault = 300;  // 200 202 401 5m
  if (rules.empty()) return status == 200 || status == 202 || status == 401 ? kDefault : 0;
  for (const features::AuthCacheRule& rule : rules) {
    if (rule.codes.empty() || std::find(rule.codes.begin(), rule.codes.end(), status) != rule.codes.end()) {
      return std::min<std::int64_t>(rule.time.count(), kLongest);
    }
  }
  return 0;
}

}  // namespace

// A Vary of any kind forbids it: answers are told apart by auth-cache-key alone.
std::int64_t auth_answer_lifetime(const http::ResponseHead& head, const std::vector<features::AuthCacheRule>& rules,
                                  std::int64_t now) {
  const http::Fields& fields = head.fields;
  if (has_field(fields, "Set-Cookie") || has_field(fields, "Vary")) return 0;
  const std::int64_t by_rule = time_by_rule(head.status, rules);
  // Only what the rules name is kept; the service may say how long.
  if (by_rule <= 0) return 0;
  if (const http::Field* own = fields.find("X-Accel-Expires")) {
    const std::string_view value = fields.value(*own);
    if (value.starts_with('@')) {
      return std::clamp<std::int64_t>(base::parse_int(value.substr(1)).value_or(0) - now, 0, kLongest);
    }
    return std::clamp<std::int64_t>(base::parse_int(value).value_or(0), 0, kLongest);
  }
  if (const auto seconds = cache_control_time(fields)) return *seconds;
  if (const http::Field* expires = fields.find("Expires")) {
    const auto at = parse_date(std::string(fields.value(*expires)));
    return at ? std::clamp<std::int64_t>(*at - now, 0, kLongest) : 0;
  }
  return by_rule;
}

void AuthCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

const AuthAnswer* AuthCache::find(const tls::Sha256& key, std::uint64_t now_ms) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const Entries::iterator entry = found->second;
  if (now_ms >= entry->ends_ms || now_ms - entry->used_ms >= kIdleMs) {
    drop(entry);
    return nullptr;
  }
  entry->used_ms = now_ms;
  entries_.splice(entries_.begin(), entries_, entry);
  return &entry->answer;
}

void AuthCache::keep(const tls::Sha256& key, const AuthAnswer& answer, std::uint64_t now_ms, std::int64_t seconds) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
  const std::size_t bytes = answer.size() + kOverhead;
  if (seconds <= 0 || bytes > kLargest) return;
  while (!entries_.empty() && (bytes_ + bytes > kMostBytes || now_ms - entries_.back().used_ms >= kIdleMs)) {
    drop(std::prev(entries_.end()));
  }
  entries_.push_front({key, answer, now_ms + static_cast<std::uint64_t>(seconds) * 1000, now_ms, bytes});
  by_key_.emplace(key, entries_.begin());
  bytes_ += bytes;
}

}  // namespace weir::proxy
