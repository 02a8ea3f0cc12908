// Steps 7 and 10 of life-of-a-request: the affinity cookie.
#include "weir/upstream/affinity.h"

#include "weir/http/cookies.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace weir::upstream {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Browsers that take SameSite=None for Strict, or refuse it.
bool misreads_same_site_none(std::string_view agent) {
  for (const std::string_view version : {"Chrome/4", "Chrome/5", "Chrome/6", "CPU iPhone OS 12", "iPad; CPU OS 12"}) {
    if (contains(agent, version)) return true;
  }
  return contains(agent, "Macintosh") && contains(agent, "Intel Mac OS X 10_14") && contains(agent, "Safari") &&
         !contains(agent, "Chrome");
}

// "Thu, 01-Jan-70 00:00:00 GMT"; four digits of the year from 2038 on, as nginx prints it.
std::string cookie_time(std::int64_t seconds) {
  constexpr std::int64_t kTwoDigits = 2147483647;
  constexpr std::int64_t kLatest = 253402300799;  // the end of the year 9999
  const time_t at = std::clamp<std::int64_t>(seconds, 0, kLatest);
  tm parts{};
  gmtime_r(&at, &parts);
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const bool long_year = at > kTwoDigits;
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%s, %02d-%s-%0*d %02d:%02d:%02d GMT", kDays[parts.tm_wday], parts.tm_mday,
                    kMonths[parts.tm_mon], long_year ? 4 : 2, long_year ? parts.tm_year + 1900 : parts.tm_year % 100,
                    parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

// Parts are what stands between the bars; empty ones do not count.
AffinityCookie read_affinity_cookie(const http::Fields& fields, std::string_view name) {
  AffinityCookie cookie;
  std::string_view rest = http::find_cookie(fields, name);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == rest.size() ? end : end + 1);
    if (part.empty()) continue;
    if (!cookie.key.empty()) {
      cookie.backend = part;
      break;
    }
    cookie.key = part;
  }
  return cookie;
}

std::string affinity_set_cookie(const features::AffinityPolicy& policy, std::string_view key,
                                std::string_view backend_id, const CookieFacts& facts) {
  std::string out = policy.name;
  out.append("=").append(key).append("|").append(backend_id);
  if (policy.expires) {
    std::int64_t at = 0;
    if (__builtin_add_overflow(facts.now, *policy.expires, &at)) at = *policy.expires < 0 ? 0 : INT64_MAX;
    out.append("; Expires=").append(cookie_time(at));
  }
  if (policy.max_age) out.append("; Max-Age=").append(std::to_string(*policy.max_age));
  if (!policy.domain.empty()) out.append("; Domain=").append(policy.domain);
  out.append("; Path=").append(policy.path.empty() ? facts.default_path : std::string_view(policy.path));
  if (policy.secure || facts.https) out.append("; Secure");
  out.append("; HttpOnly");
  const std::string& same_site = policy.same_site;
  const bool sent =
      same_site == "Lax" || same_site == "Strict" ||
      (same_site == "None" && !(policy.conditional_same_site_none && misreads_same_site_none(facts.user_agent)));
  if (sent) out.append("; SameSite=").append(same_site);
  return out;
}

}  // namespace weir::upstream
