// $escaped_request_uri: a request URI as one argument of another URI (spec 4.1). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::base {

// Percent-encodes controls, blanks, bytes from 0x7f on and what would end or split an argument ("/a?b" ->
// "%2Fa%3Fb"); an escape that is there already is escaped again.
void append_escaped_uri(std::string_view uri, std::string& out);

}  // namespace weir::base
