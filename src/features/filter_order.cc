#include "weir/features/filter_order.h"

#include "features/filter_order_entries.h"

namespace weir::features {

using proxy::Stop;

proxy::FilterList filter_order() {
  static const proxy::FilterEntry order[] = {
      {Stop::host, &www_redirect_filter(), "a redirect host has no locations: nothing else can answer (spec 2.10)"},
      {Stop::host, &app_root_filter(), "step 3: host-wide, before anything of a location, HTTPS redirect included"},
      {Stop::location, &redirect_filter(), "step 7: wins over the HTTPS redirect, access lists and authentication"},
      {Stop::location, &rewrite_filter(), "step 8: after redirects, which never see the rewritten path"},
      {Stop::location, &https_redirect_filter(), "step 9: wins over 503 without endpoints, limits and access lists"},
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
