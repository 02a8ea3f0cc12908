// Finds the pieces of a JSON text without building a tree: where each member of an object or element of an array is.
// Whether a piece is JSON, whoever parses it says; any bytes are safe. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::watch {

// Calls `visit(key, value)` for each member; both as written, the key without its quotes. False: the text is no object
// or is cut.
bool scan_members(std::string_view text, const std::function<void(std::string_view, std::string_view)>& visit);
// The same for an array.
bool scan_elements(std::string_view text, const std::function<void(std::string_view)>& visit);
// The text of a string value; nullopt: it is none.
std::optional<std::string> scanned_text(std::string_view value);

}  // namespace weir::watch
