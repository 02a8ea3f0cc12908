// Cookies of a request (RFC 6265 5.4), as lenient as the original: pairs are cut at ';', blanks around them do not
// count, quotes belong to the value. Pure; views into the head.
#pragma once

#include "weir/http/head.h"

#include <string_view>

namespace weir::http {

enum class CookieCase { exact, ignored };

// The value of the first cookie of that name in all Cookie fields; null data: there is none.
std::string_view find_cookie(const Fields& fields, std::string_view name, CookieCase letters = CookieCase::exact);

}  // namespace weir::http
