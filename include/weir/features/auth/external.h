// External authentication (spec 4.1): a service that decides about each request. Filled from auth-* annotations, or
// from the ConfigMap's global-auth-* where a location has no auth-url of its own; `headers` is filled in by
// model/header_maps.cc. Consumed by features/auth/external_filter.cc and proxy/auth_client.cc.
#pragma once

#include "weir/features/variables.h"

#include <chrono>
#include <string>
#include <vector>

namespace weir::features {

// How long an answer of the service may be used again.
struct AuthCacheRule {
  std::vector<int> codes;  // empty: any
  std::chrono::seconds time{0};

  bool operator==(const AuthCacheRule&) const = default;
};

struct ExternalAuthPolicy {
  VariableText url;                           // empty: off
  std::string method;                         // of the sub-request; empty: GET, without X-Original-URI and X-Scheme
  VariableText signin;                        // where a 401 leads to; empty: it stays a 401
  std::string signin_param = "rd";            // of the sign-in URL: the way back
  std::vector<std::string> response_headers;  // of the answer, set on the request
  std::string headers_map;                    // "namespace/name" of a ConfigMap; empty: none
  std::vector<HeaderText> headers;            // of the sub-request
  std::string request_redirect;               // X-Auth-Request-Redirect; empty: the request's target
  VariableText cache_key;                     // empty: answers are not kept
  std::vector<AuthCacheRule> cache;
  bool always_set_cookie = false;  // Set-Cookie of the answer on every status

  bool on() const { return !url.empty(); }
  bool operator==(const ExternalAuthPolicy&) const = default;
};

}  // namespace weir::features
