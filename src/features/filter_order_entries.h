// One function per filter; each is defined in its feature's filter.cc and returns the one object of the process.
#pragma once

#include "weir/proxy/filter.h"

namespace weir::features {

const proxy::Filter& www_redirect_filter();       // redirect/filter.cc
const proxy::Filter& app_root_filter();           // rewrite/filter.cc
const proxy::Filter& redirect_filter();           // redirect/filter.cc
const proxy::Filter& rewrite_filter();            // rewrite/filter.cc
const proxy::Filter& https_redirect_filter();     // https_redirect/filter.cc
const proxy::Filter& client_block_filter();       // ip_access/filter.cc
const proxy::Filter& cors_filter();               // cors/filter.cc
const proxy::Filter& rate_limit_filter();         // rate_limit/filter.cc
const proxy::Filter& ip_access_filter();          // ip_access/filter.cc
const proxy::Filter& hsts_filter();               // hsts/filter.cc
const proxy::Filter& custom_headers_filter();     // custom_headers/filter.cc
const proxy::Filter& cookies_redirects_filter();  // cookies_redirects/filter.cc
const proxy::Filter& auth_filter();               // auth/filter.cc
const proxy::Filter& digest_filter();             // auth/digest_filter.cc
const proxy::Filter& external_auth_filter();      // auth/external_filter.cc
const proxy::Filter& auth_tls_filter();           // auth_tls/filter.cc

}  // namespace weir::features
