// What X-Accel-Redirect of an endpoint says, and what is left of the response that said it (spec 3.6,
// life-of-a-request, step 9). One worker.
#pragma once

#include "proxy/request.h"

#include <string>
#include <string_view>

namespace weir::proxy {

// As in nginx: redirects of one request, error pages included. One more is answered with 500.
inline constexpr int kMostRedirects = 10;

// The value of the field, read as nginx reads it: the path is decoded leniently ('%' without two digits vanishes), the
// query is taken as it is. Then as a client's: `path` is normalised, `query` (with its "?") has no blanks and controls.
// false: empty, not beginning with '/', a ".." segment anywhere, or %00.
bool read_redirect(std::string_view said, std::string& path, std::string& query);

// The fields that outlive the response of `request.upstream_head`, instead of those carried so far.
void carry_fields(Request& request);
// Adds them to the response that is sent, upstream's or own, where it has not its own: cookies and Cache-Control are
// lists and stay.
void add_carried_fields(Request& request);

}  // namespace weir::proxy
