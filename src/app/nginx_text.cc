#include "nginx_text.h"

#include <string_view>

namespace weir::app {
namespace {

constexpr std::string_view kHost = "host: ";

// Where the next line that begins a host or ends the hosts starts.
std::size_t next_part(const std::string& text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string::npos; at = text.find('\n', at + 1)) {
    if (at + 1 >= text.size() || text[at + 1] != ' ') return at + 1;
  }
  return text.size();
}

}  // namespace

std::optional<std::string> nginx_text(const route::RoutingTable& table, const std::string& host) {
  const std::string text = to_text(table);
  std::string out;
  bool found = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = next_part(text, at);
    const std::string part = text.substr(at, end - at);
    at = end;
    if (!part.starts_with(kHost)) {
      if (host.empty()) out += part;
      continue;
    }
    const std::string name = part.substr(kHost.size(), part.find('\n') - kHost.size());
    if (!host.empty() && name != host) continue;
    found = true;
    out += "## start server " + name + "\n" + part + "## end server " + name + "\n";
  }
  if (!host.empty() && !found) return std::nullopt;
  return out;
}

}  // namespace weir::app
