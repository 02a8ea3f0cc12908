// The built-in pages (spec 2.7): clients and monitors match their phrases. Footer without a version.
#pragma once

#include <string>
#include <string_view>

namespace weir::proxy {

// Ready-made for every status; static text. Any thread.
const std::string& page_of(int status);
// A plain request that came to the HTTPS port.
const std::string& page_of_plain_on_https();

}  // namespace weir::proxy
