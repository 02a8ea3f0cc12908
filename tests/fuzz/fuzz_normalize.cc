// Paths and hosts: what comes out is canonical, and stays so.
#include "fuzz/fuzz.h"
#include "weir/http/normalize.h"

#include <algorithm>

namespace {

using namespace weir::http;
using weir::fuzz::require;

bool has_segment(std::string_view path, std::string_view segment) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (path.substr(0, end) == segment) return true;
    path.remove_prefix(end);
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  std::string path;
  if (normalize_path(input, path)) {
    require(path.front() == '/', "absolute", path);
    require(path.size() <= std::max<std::size_t>(size, 1), "not longer than the input");
    require(path.find("//") == std::string::npos, "no empty segments", path);
    require(!has_segment(path, ".") && !has_segment(path, ".."), "no dot segments", path);
    require(path.find('\0') == std::string::npos, "no NUL");
    std::string escaped;
    escape_path(path, escaped);
    require(std::all_of(escaped.begin(), escaped.end(), [](char c) { return c > 0x20 && c < 0x7f; }),
            "escaped is clean");
    std::string again;
    require(normalize_path(escaped, again) && again == path, "canonical paths stay", path);
  }
  require(query_of(input).empty() || query_of(input).front() == '?', "query begins with ?");
  std::string host;
  host_of_authority(input, host);
  require(host.size() <= size, "host not longer than the authority");
  require(std::none_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "host in lower case");
  return 0;
}
