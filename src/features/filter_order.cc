#include "weir/features/filter_order.h"

#include "features/filter_order_entries.h"

namespace weir::features {

using proxy::Stop;

proxy::FilterList filter_order() {
  static const proxy::FilterEntry order[] = {
      {Stop::host, &www_redirect_filter(), "a redirect host has no locations: nothing else can answer (spec 2.10)"},
      {Stop::host, &auth_tls_filter(), "step 2a: certificates of clients are the host's first question"},
      {Stop::host, &client_block_filter(), "step 3: before app-root; a redirect host never asks who comes"},
      {Stop::host, &app_root_filter(), "step 3: host-wide, before anything of a location, HTTPS redirect included"},
      {Stop::location, &cors_filter(),
       "step 6: preflights win over redirects, limits, access lists and authentication"},
      {Stop::location, &redirect_filter(), "step 7: wins over the HTTPS redirect, access lists and authentication"},
      {Stop::location, &rewrite_filter(), "step 8: after redirects, which never see the rewritten path"},
      {Stop::location, &https_redirect_filter(), "step 9: wins over 503 without endpoints, limits and access lists"},
      {Stop::live_backend, &rate_limit_filter(), "step 11: before access lists and authentication"},
      {Stop::live_backend, &ip_access_filter(), "step 12: the cheapest of the access rules first"},
      {Stop::live_backend, &auth_filter(), "step 12: after limits and address lists, before the body is read"},
      {Stop::live_backend, &digest_filter(), "step 12: the same; a location has one of the two"},
      {Stop::live_backend, &external_auth_filter(), "step 12: the dearest of the access rules last"},
      {Stop::live_backend, &cookies_redirects_filter(), "step 16: response only; edits the upstream's own fields"},
      {Stop::live_backend, &custom_headers_filter(), "step 16: response only"},
      {Stop::live_backend, &hsts_filter(),
       "step 16: response only; first in the list, so last to edit a response head"},
  };
  return order;
}

std::uint64_t filter_mask(const Policies& policies) {
  std::uint64_t mask = 0;
  std::uint64_t bit = 1;
  for (const proxy::FilterEntry& entry : filter_order()) {
    if (entry.filter->active(policies)) mask |= bit;
    bit <<= 1;
  }
  return mask;
}

}  // namespace weir::features
