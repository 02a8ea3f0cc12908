// How a request without permission is refused (spec 4.1, 4.2): shared by the filters of basic and external
// authentication.
#pragma once

#include "weir/proxy/filter.h"

#include <string_view>

namespace weir::features {

// 401, or with auth-signin the redirect to the sign-in page. Fields of the challenge are set by the caller.
proxy::Verdict refuse_unauthorized(proxy::RequestContext& request, std::string_view reason);

// Sets the challenge of basic authentication.
void set_basic_challenge(proxy::RequestContext& request);

// satisfy any: the address alone lets the client in.
bool admitted_by_address(const proxy::RequestContext& request);

}  // namespace weir::features
