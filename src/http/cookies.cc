#include "weir/http/cookies.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view find_cookie(const Fields& fields, std::string_view name, CookieCase letters) {
  for (const Field& field : fields.all()) {
    if (field.id != FieldId::cookie) continue;
    std::string_view rest = fields.value(field);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(end == rest.size() ? end : end + 1);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view key = trim(pair.substr(0, equals));
      if (letters == CookieCase::exact ? key != name : !base::iequals(key, name)) continue;
      const std::string_view value = trim(pair.substr(equals + 1));
      return value.data() == nullptr ? std::string_view("") : value;
    }
  }
  return {};
}

}  // namespace weir::http
