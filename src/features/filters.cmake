# Filters: what features do to requests. A library of its own, so that the data plane's filter.cc files and the control
# plane's annotations.cc files stay apart (docs/architecture.md, allowed dependencies).
weir_module(filters SOURCES
  filter_order.cc
  cookies_redirects/edits.cc
  cookies_redirects/filter.cc
  cors/filter.cc
  custom_headers/filter.cc
  auth/digest_filter.cc
  auth/external_filter.cc
  auth/filter.cc
  auth/filter_refusal.cc
  auth_tls/filter.cc
  hsts/filter.cc
  https_redirect/filter.cc
  ip_access/filter.cc
  rate_limit/filter.cc
  redirect/filter.cc
  rewrite/filter.cc
  DEPENDS base http observe route net features proxy)
