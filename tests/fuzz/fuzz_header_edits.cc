// Edits of upstream headers and comparing origins: what comes out differs from what came in only where a rule says so.
#include "features/cookies_redirects/edits.h"
#include "fuzz/fuzz.h"
#include "weir/features/cors/policy.h"

#include <algorithm>

using namespace weir::features;
using weir::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::fuzz::ExactCopy copy(weir::fuzz::text(data, size));
  const std::string_view input = copy.view();

  require(!edit_cookie(input, "off", "off"), "no rule, no change", input);
  if (const auto cookie = edit_cookie(input, "in.example out.example", "/in /out")) {
    require(std::count(cookie->begin(), cookie->end(), ';') == std::count(input.begin(), input.end(), ';'),
            "no attribute is made or lost", *cookie);
    require(cookie->substr(0, cookie->find(';')) == input.substr(0, input.find(';')), "name and value stay", *cookie);
  }
  if (const auto location = edit_redirect(input, "http://in/", "https://out/")) {
    require(input.starts_with("http://in/") && location->size() == input.size() + 2, "the beginning is replaced");
  }
  if (const auto refresh = edit_refresh(input, "http://in/", "https://out/")) {
    require(refresh->size() == input.size() + 2, "an address is replaced");
  }
  CorsPolicy cors;
  cors.any_origin = false;
  cors.origins = {"https://*.a.example"};
  if (cors.accepts(input)) {
    require(input.size() > 18 && input.find('/', 8) == std::string_view::npos, "an accepted origin has one more label",
            input);
  }
  return 0;
}
