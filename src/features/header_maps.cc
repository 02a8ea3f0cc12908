#include "weir/features/header_maps.h"

#include "weir/base/ascii.h"
#include "weir/features/variables.h"

#include <algorithm>
#include <array>

namespace weir::features {
namespace {

constexpr std::string_view kNameExtra = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2
constexpr std::string_view kValueExtra = " _:;.,\\/\"'?!(){}[]@<>=-+*#$&`~^%|";

// Where a message ends, and what holds for one connection only, is Weir's to say.
constexpr std::array kFraming =
    std::to_array<std::string_view>({"connection", "content-length", "date", "expect", "http2-settings", "keep-alive",
                                     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"});

bool consists_of(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [extra](char c) {
    return base::is_alnum(c) || extra.find(c) != std::string_view::npos;
  });
}

bool is_framing(std::string_view name) {
  return std::any_of(kFraming.begin(), kFraming.end(),
                     [name](std::string_view one) { return base::iequals(one, name); });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::string named(std::string_view name) {
  std::string out = "header \"";
  for (const char c : name.substr(0, 80)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return out + "\" ";
}

std::string problem_of_custom(std::string_view name, std::string_view value, const std::vector<std::string>& allowed) {
  if (!consists_of(name, "-_")) return "is no header name: letters, digits, - and _";
  if (is_framing(name)) return "belongs to the framing of messages";
  if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
    return "is not among global-allowed-response-headers";
  }
  if (!consists_of(value, kValueExtra)) return value.empty() ? "has no value" : "has a character that is not allowed";
  return {};
}

std::string problem_of_text(std::string_view name, std::string_view value) {
  if (!consists_of(name, kNameExtra)) return "is no header name";
  if (is_framing(name)) return "belongs to the framing of messages";
  if (has_control(value)) return "has a control character in its value";
  const auto unknown = find_unknown_variable(value);
  if (!unknown) return {};
  return unknown->empty() ? "has a `$` that starts no variable" : "has an unknown variable `$" + *unknown + "`";
}

}  // namespace

HeaderMap read_custom_headers(const std::map<std::string, std::string>& data, const std::vector<std::string>& allowed) {
  HeaderMap out;
  for (const auto& [name, value] : data) {
    std::string problem = problem_of_custom(name, value, allowed);
    if (problem.empty()) {
      out.fields.push_back({name, value});
    } else {
      out.problems.push_back(named(name) + problem);
    }
  }
  return out;
}

std::string header_fields_text(const std::vector<HeaderField>& fields) {
  std::string out;
  for (const HeaderField& one : fields) out.append(" ").append(one.name).append("=").append(one.value);
  return out;
}

std::string header_fields_text(const std::vector<HeaderText>& fields) {
  std::string out;
  for (const HeaderText& one : fields) out.append(" ").append(one.name).append("=").append(one.value.source());
  return out;
}

HeaderTextMap read_header_texts(const std::map<std::string, std::string>& data) {
  HeaderTextMap out;
  for (const auto& [name, written] : data) {
    const std::string_view value = base::trim(written);
    std::string problem = problem_of_text(name, value);
    if (problem.empty()) {
      out.fields.push_back({name, value});
    } else {
      out.problems.push_back(named(name) + problem);
    }
  }
  return out;
}

}  // namespace weir::features
