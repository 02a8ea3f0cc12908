// How a request without permission is refused (spec 4.1, 4.2): shared by the filters of basic, digest and
// external authentication.
#pragma once

#include "weir/proxy/filter.h"

#include <string_view>

namespace weir::features {

// 401, or with auth-signin the redirect to the sign-in page. Fields of the challenge are set by the caller.
proxy::Verdict refuse_unauthorized(proxy::RequestContext& request, std::string_view reason);

// Sets the challenge of basic or digest authentication, whichever the location has.
void set_challenge(proxy::RequestContext& request);

// 401 with that challenge. Where the external service, which comes next, may still let the client in (satisfy any),
// nothing yet.
proxy::Verdict challenge(proxy::RequestContext& request, std::string_view reason);

// The upstream never sees the password.
void drop_authorization(proxy::RequestContext& request);

// satisfy any: the address alone lets the client in.
bool admitted_by_address(const proxy::RequestContext& request);

}  // namespace weir::features
