// The edits of proxy-redirect-from/-to, proxy-cookie-domain and proxy-cookie-path on header values (spec 1.6). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::features {

// `value` with `to` in place of the `from` it begins with; nullopt: it does not.
std::optional<std::string> edit_redirect(std::string_view value, std::string_view from, std::string_view to);
// The same for the address behind `url=` of a Refresh.
std::optional<std::string> edit_refresh(std::string_view value, std::string_view from, std::string_view to);
// Set-Cookie: `domain` and `path` are "off" or "from to". A Domain is compared as a whole, without regard to case and
// to a leading dot, which stays; of a Path the beginning is replaced. nullopt: nothing changes.
std::optional<std::string> edit_cookie(std::string_view value, std::string_view domain, std::string_view path);

}  // namespace weir::features
