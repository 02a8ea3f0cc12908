#include "watch/resource.h"

#include "weir/base/ascii.h"

namespace weir::watch {

std::string percent_encoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

std::string path_of(const Resource& resource, const Scope& scope) {
  std::string path = resource.prefix;
  if (resource.namespaced && !scope.ns.empty()) path += "/namespaces/" + percent_encoded(scope.ns);
  return path + "/" + resource.plural;
}

std::string selectors_of(const Scope& scope) {
  std::string query;
  if (!scope.field_selector.empty()) query += "&fieldSelector=" + percent_encoded(scope.field_selector);
  if (!scope.label_selector.empty()) query += "&labelSelector=" + percent_encoded(scope.label_selector);
  return query;
}

std::string to_string(const Resource& resource, const Scope& scope) {
  std::string text = resource.plural;
  if (!scope.ns.empty()) text += " in namespace " + scope.ns;
  const std::string prefix = "metadata.name=";
  if (scope.field_selector.starts_with(prefix)) text += " named " + scope.field_selector.substr(prefix.size());
  return text;
}

}  // namespace weir::watch
