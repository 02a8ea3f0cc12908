#include "weir/http/digest_credentials.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::http {
namespace {

struct DigestField {
  std::string_view name;
  std::string DigestCredentials::*value;
};
constexpr std::array<DigestField, 9> kDigestFields{{{"username", &DigestCredentials::username},
                                                    {"realm", &DigestCredentials::realm},
                                                    {"nonce", &DigestCredentials::nonce},
                                                    {"uri", &DigestCredentials::uri},
                                                    {"response", &DigestCredentials::response},
                                                    {"algorithm", &DigestCredentials::algorithm},
                                                    {"qop", &DigestCredentials::qop},
                                                    {"nc", &DigestCredentials::nc},
                                                    {"cnonce", &DigestCredentials::cnonce}}};

bool is_parameter_character(char c) {  // RFC 9110 5.6.2
  return base::is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_parameter_character);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

// A token or a quoted string. false: neither.
bool take_value(std::string_view& text, std::string& into) {
  if (text.empty() || text.front() != '"') {
    into = take_token(text);
    return !into.empty();
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\' && ++i == text.size()) return false;
    into += text[i];
  }
  return false;
}

}  // namespace

std::optional<DigestCredentials> parse_digest_credentials(std::string_view value) {
  constexpr std::string_view kScheme = "Digest ";
  if (value.size() <= kScheme.size() || !base::iequals(value.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; };
  if (std::any_of(value.begin(), value.end(), is_control)) return std::nullopt;
  value.remove_prefix(kScheme.size());
  DigestCredentials out;
  std::array<bool, kDigestFields.size()> seen{};
  for (;;) {
    skip_blanks(value);
    if (value.empty()) return out;
    if (value.front() == ',') {
      value.remove_prefix(1);
      continue;
    }
    const std::string_view name = take_token(value);
    skip_blanks(value);
    if (name.empty() || value.empty() || value.front() != '=') return std::nullopt;
    value.remove_prefix(1);
    skip_blanks(value);
    std::string text;
    if (!take_value(value, text)) return std::nullopt;
    skip_blanks(value);
    if (!value.empty() && value.front() != ',') return std::nullopt;
    if (base::iequals(name, "username*")) return std::nullopt;
    if (base::iequals(name, "userhash") && base::iequals(text, "true")) return std::nullopt;
    for (std::size_t i = 0; i < kDigestFields.size(); ++i) {
      if (!base::iequals(name, kDigestFields[i].name)) continue;
      if (std::exchange(seen[i], true)) return std::nullopt;
      out.*kDigestFields[i].value = std::move(text);
      break;
    }
  }
}

}  // namespace weir::http
