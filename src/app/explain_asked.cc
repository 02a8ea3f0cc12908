#include "explain_asked.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace weir::app {
namespace {

struct Url {
  bool https = false;
  std::string authority;
  std::string target;
};

base::Result<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    const std::string name = base::to_lower(text.substr(0, scheme));
    if (name != "http" && name != "https") return base::fail("the URL's scheme is neither http nor https: " + name);
    url.https = name == "https";
    text.remove_prefix(scheme + 3);
  }
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  url.authority = text.substr(0, end);
  if (url.authority.empty()) return base::fail("the URL names no host");
  url.target = text.substr(end, text.find('#', end) - end);
  if (url.target.empty() || url.target[0] != '/') url.target.insert(url.target.begin(), '/');
  return url;
}

}  // namespace

base::Result<Asked> read_asked(const ExplainRequest& request) {
  const base::Result<Url> url = parse_url(request.url);
  if (!url) return url.error();
  Asked asked;
  asked.https = url->https;
  asked.summary = request.method + " " + (url->https ? "https://" : "http://") + url->authority + url->target;
  asked.head = request.method + " " + url->target + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const std::string& field : request.fields) {
    const std::size_t colon = field.find(':');
    if (colon == std::string::npos || colon == 0) {
      return base::fail("-H \"" + field + "\": not of the form Name: value");
    }
    const std::string name = field.substr(0, colon);
    has_host |= base::iequals(name, "host");
    asked.head += name + ": " + std::string(base::trim(std::string_view(field).substr(colon + 1))) + "\r\n";
  }
  if (!has_host) asked.head += "Host: " + url->authority + "\r\n";
  asked.head += "\r\n";
  return asked;
}

}  // namespace weir::app
