// Policies: the settings of one location as values, one member per feature. Filled from annotations over the
// ConfigMap's defaults (features/annotation_table.h), carried through Model and RoutingTable, read by filters.
// Immutable once published; any thread.
//
// A new feature adds one member here, one line in src/features/annotation_sets.cc and, if it acts on requests, one in
// src/features/filter_order.cc.
#pragma once

#include "weir/features/access_log/policy.h"
#include "weir/features/affinity/policy.h"
#include "weir/features/auth/external.h"
#include "weir/features/auth/policy.h"
#include "weir/features/auth_tls/policy.h"
#include "weir/features/backend_protocol/policy.h"
#include "weir/features/balance/policy.h"
#include "weir/features/canary/policy.h"
#include "weir/features/cookies_redirects/policy.h"
#include "weir/features/cors/policy.h"
#include "weir/features/custom_errors/policy.h"
#include "weir/features/custom_headers/policy.h"
#include "weir/features/hash/policy.h"
#include "weir/features/host_alias/policy.h"
#include "weir/features/hsts/policy.h"
#include "weir/features/https_redirect/policy.h"
#include "weir/features/ip_access/policy.h"
#include "weir/features/mirror/policy.h"
#include "weir/features/proxy/policy.h"
#include "weir/features/proxy_ssl/policy.h"
#include "weir/features/rate_limit/policy.h"
#include "weir/features/redirect/policy.h"
#include "weir/features/rewrite/policy.h"
#include "weir/features/ssl/policy.h"
#include "weir/features/upstream_host/policy.h"

#include <string>

namespace weir::features {

// "Denied" (spec 0.3, code 503): every location of the Ingress answers 503. `reason` is a stable code
// ("auth-url-planned", "proxy-buffers-number-invalid"); it shows in the log, the metric and the diagnostic.
struct DenyPolicy {
  std::string reason;       // empty: not denied
  bool whole_host = false;  // the setting guards the host (auth-tls-*): every location of the host answers 503

  bool denied() const { return !reason.empty(); }
  bool operator==(const DenyPolicy&) const = default;
};

struct Policies {
  DenyPolicy deny;
  CanaryPolicy canary;
  RewritePolicy rewrite;
  RedirectPolicy redirect;
  HttpsRedirectPolicy https_redirect;
  HstsPolicy hsts;
  HostAliasPolicy host_alias;
  UpstreamHostPolicy upstream_host;
  ProxyPolicy proxy;
  BackendProtocolPolicy backend_protocol;
  ProxySslPolicy proxy_ssl;
  BalancePolicy balance;
  HashPolicy hash;
  AffinityPolicy affinity;
  CustomErrorsPolicy custom_errors;
  MirrorPolicy mirror;
  IpAccessPolicy ip_access;
  AuthPolicy auth;
  ExternalAuthPolicy external_auth;
  AuthTlsPolicy auth_tls;
  SslPolicy ssl;
  CorsPolicy cors;
  RateLimitPolicy rate_limit;
  CustomHeadersPolicy custom_headers;
  CookiesRedirectsPolicy cookies_redirects;
  AccessLogPolicy access_log;

  bool operator==(const Policies&) const = default;
};

}  // namespace weir::features
