// The affinity cookie (spec 3.3): read from a request, written into a response. Pure; any thread.
#pragma once

#include "weir/features/affinity/policy.h"
#include "weir/http/head.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::upstream {

// The two parts of the value: "<endpoint key>|<backend id>". Empty: not there. Views into the head.
struct AffinityCookie {
  std::string_view key;
  std::string_view backend;
};
AffinityCookie read_affinity_cookie(const http::Fields& fields, std::string_view name);

// What the cookie's attributes depend on besides its policy.
struct CookieFacts {
  std::string_view default_path;  // the path of the rule
  std::string_view user_agent;
  bool https = false;
  std::int64_t now = 0;  // seconds since 1970
};
// The value of Set-Cookie.
std::string affinity_set_cookie(const features::AffinityPolicy& policy, std::string_view key,
                                std::string_view backend_id, const CookieFacts& facts);

}  // namespace weir::upstream
