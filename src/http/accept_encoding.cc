#include "weir/http/accept_encoding.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts the next element off.
std::string_view next_of(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view element = list.substr(0, end);
  list.remove_prefix(end == list.size() ? end : end + 1);
  return trim(element);
}

// "q=0", "q=0.", "q=0.000"; anything else that is no weight counts as one above 0.
bool is_zero(std::string_view weight) {
  if (weight.size() < 3 || base::to_lower(weight[0]) != 'q' || weight[1] != '=' || weight[2] != '0') return false;
  weight.remove_prefix(3);
  if (weight.empty()) return true;
  if (weight.front() != '.') return false;
  return weight.find_first_not_of('0', 1) == std::string_view::npos;
}

}  // namespace

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
  while (!accept_encoding.empty()) {
    std::string_view element = next_of(accept_encoding, ',');
    if (!base::iequals(next_of(element, ';'), coding)) continue;
    while (!element.empty()) {
      if (is_zero(next_of(element, ';'))) return false;
    }
    return true;
  }
  return false;
}

bool list_has(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    std::string_view element = next_of(list, ',');
    if (base::iequals(trim(element.substr(0, element.find('='))), token)) return true;
  }
  return false;
}

}  // namespace weir::http
