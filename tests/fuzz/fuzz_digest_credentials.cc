// Any text gives the same credentials each time or none; none of their values has a control character or is longer than
// the text, and a field that is written anew from them says the same.
#include "fuzz/fuzz.h"
#include "weir/http/digest_credentials.h"

#include <algorithm>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::fuzz::require;
  using weir::http::DigestCredentials;
  constexpr std::pair<const char*, std::string DigestCredentials::*> kFields[] = {
      {"username", &DigestCredentials::username}, {"realm", &DigestCredentials::realm},
      {"nonce", &DigestCredentials::nonce},       {"uri", &DigestCredentials::uri},
      {"response", &DigestCredentials::response}, {"algorithm", &DigestCredentials::algorithm},
      {"qop", &DigestCredentials::qop},           {"nc", &DigestCredentials::nc},
      {"cnonce", &DigestCredentials::cnonce}};
  const std::string_view input = weir::fuzz::text(data, size);
  const auto first = weir::http::parse_digest_credentials(input);
  const auto second = weir::http::parse_digest_credentials(input);
  require(first.has_value() == second.has_value(), "pure");
  if (!first) return 0;
  std::string again = "Digest ";
  for (const auto& [name, value] : kFields) {
    const std::string& text = *first.*value;
    require(text == *second.*value, "pure");
    require(text.size() <= input.size(), "no longer than the text");
    require(std::none_of(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; }),
            "no control characters");
    again.append(name).append("=\"");
    for (const char c : text) {
      if (c == '"' || c == '\\') again += '\\';
      again += c;
    }
    again += "\",";
  }
  const auto third = weir::http::parse_digest_credentials(again);
  require(third.has_value(), "what was read can be written");
  for (const auto& [name, value] : kFields) require(*first.*value == *third.*value, "written anew it says the same");
  return 0;
}
