// Host and path in their canonical forms, computed once per request (life-of-a-request, step 4). Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::http {

// The path part of a raw target: percent-decoded, "//" merged, dot segments resolved (nginx's rule, spec 0.1 step 4).
// False: not acceptable (400): broken percent-encoding, %00, ".." above the root. `out` is overwritten, its capacity is
// kept. Fast when nothing needs to change.
bool normalize_path(std::string_view target, std::string& out);

// The query of a raw target including "?", or empty.
std::string_view query_of(std::string_view target);

// Escapes a decoded path for a request line (spec 2.5): space " # % ? controls and non-ASCII bytes; appended to `out`.
void escape_path(std::string_view path, std::string& out);

// lower case, without port and trailing dot; "" when `authority` is empty.
void host_of_authority(std::string_view authority, std::string& out);

}  // namespace weir::http
