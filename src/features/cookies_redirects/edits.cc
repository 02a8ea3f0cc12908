#include "features/cookies_redirects/edits.h"

#include "weir/base/ascii.h"

#include <utility>
#include <vector>

namespace weir::features {
namespace {

constexpr std::string_view kUrl = "url=";

std::size_t find_url(std::string_view refresh) {
  for (std::size_t at = 0; at + kUrl.size() <= refresh.size(); ++at) {
    if (base::iequals(refresh.substr(at, kUrl.size()), kUrl)) return at + kUrl.size();
  }
  return std::string_view::npos;
}

// "from to"; both empty for "off".
struct Rule {
  explicit Rule(std::string_view text) {
    const std::vector<std::string> words = base::split_list(text, ' ');
    if (words.size() != 2) return;
    from = words[0];
    to = words[1];
  }
  std::string from;
  std::string to;
};

// The attribute's value as it is to be, or as it was.
std::string edit_domain(const Rule& rule, std::string_view value) {
  const std::string_view dot = value.substr(0, value.starts_with('.') ? 1 : 0);
  std::string_view wanted = rule.from;
  if (wanted.starts_with('.')) wanted.remove_prefix(1);
  if (wanted.empty() || !base::iequals(value.substr(dot.size()), wanted)) return std::string(value);
  return std::string(dot).append(rule.to);
}

std::string edit_path(const Rule& rule, std::string_view value) {
  if (rule.from.empty() || !value.starts_with(rule.from)) return std::string(value);
  return rule.to + std::string(value.substr(rule.from.size()));
}

}  // namespace

std::optional<std::string> edit_redirect(std::string_view value, std::string_view from, std::string_view to) {
  if (from.empty() || !value.starts_with(from)) return std::nullopt;
  return std::string(to).append(value.substr(from.size()));
}

std::optional<std::string> edit_refresh(std::string_view value, std::string_view from, std::string_view to) {
  const std::size_t at = find_url(value);
  if (at == std::string_view::npos) return std::nullopt;
  const auto edited = edit_redirect(value.substr(at), from, to);
  if (!edited) return std::nullopt;
  return std::string(value.substr(0, at)).append(*edited);
}

std::optional<std::string> edit_cookie(std::string_view value, std::string_view domain, std::string_view path) {
  const Rule domain_rule(domain);
  const Rule path_rule(path);
  std::size_t at = value.find(';');
  std::string out(value.substr(0, at));
  while (at != std::string_view::npos) {
    const std::size_t next = value.find(';', at + 1);
    const std::string_view piece = value.substr(at, next == std::string_view::npos ? next : next - at);
    at = next;
    const std::size_t equals = piece.find('=');
    const std::string_view name = base::trim(piece.substr(1, equals == std::string_view::npos ? equals : equals - 1));
    const bool is_domain = base::iequals(name, "domain");
    if (equals == std::string_view::npos || (!is_domain && !base::iequals(name, "path"))) {
      out.append(piece);
      continue;
    }
    const std::string_view old = base::trim(piece.substr(equals + 1));
    const std::string edited = is_domain ? edit_domain(domain_rule, old) : edit_path(path_rule, old);
    if (edited == old) {
      out.append(piece);
    } else {
      out.append(piece.substr(0, equals + 1)).append(edited);
    }
  }
  if (out == value) return std::nullopt;
  return out;
}

}  // namespace weir::features
