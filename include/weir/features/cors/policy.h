// Cross-origin resource sharing (spec 1.4, 4.4). Consumed by features/cors/filter.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

struct CorsPolicy {
  bool enabled = false;
  bool any_origin = true;            // `*`
  std::vector<std::string> origins;  // lower case: "scheme://host[:port]" with at most one `*` label, "null"
  std::string allow_methods = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
  std::string allow_headers =
      "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";
  std::string expose_headers;  // empty: the header is not sent
  bool allow_credentials = true;
  int max_age = 1728000;  // seconds

  // Is a request with this Origin answered with the headers? With `*` also one without Origin.
  bool accepts(std::string_view origin) const;
  bool operator==(const CorsPolicy&) const = default;
};

}  // namespace weir::features
