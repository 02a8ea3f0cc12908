// Step 10 of life-of-a-request: Location, Refresh and Set-Cookie of the upstream are rewritten (spec 1.6).
#include "features/cookies_redirects/edits.h"
#include "features/filter_order_entries.h"

#include <limits>

namespace weir::features {
namespace {

using http::FieldId;

// The field with another value, at its place among the others.
void replace_value(http::Fields& fields, http::Field& field, const std::string& value) {
  if (value.size() > std::numeric_limits<decltype(field.value_size)>::max()) return;
  const std::string name(fields.name(field));
  std::string& text = fields.text();
  field.name = static_cast<std::uint32_t>(text.size());
  text.append(name).append(": ");
  field.value = static_cast<std::uint32_t>(text.size());
  field.value_size = static_cast<std::uint16_t>(value.size());
  text.append(value).append("\r\n");
}

std::optional<std::string> edited(const CookiesRedirectsPolicy& policy, FieldId id, std::string_view value) {
  switch (id) {
    case FieldId::location:
      if (!policy.edits_redirects()) return std::nullopt;
      return edit_redirect(value, policy.redirect_from, policy.redirect_to);
    case FieldId::refresh:
      if (!policy.edits_redirects()) return std::nullopt;
      return edit_refresh(value, policy.redirect_from, policy.redirect_to);
    case FieldId::set_cookie:
      if (!policy.edits_cookies()) return std::nullopt;
      return edit_cookie(value, policy.cookie_domain, policy.cookie_path);
    default:
      return std::nullopt;
  }
}

class CookiesRedirectsFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "cookies-redirects"; }
  bool active(const Policies& policies) const override { return policies.cookies_redirects.any(); }

  void on_response(proxy::RequestContext& request) const override {
    if (request.upstream_fields == nullptr) return;
    http::Fields& fields = *request.upstream_fields;
    for (http::Field& field : fields.all()) {
      if (field.dropped) continue;
      const auto value = edited(request.policies().cookies_redirects, field.id, fields.value(field));
      if (value) replace_value(fields, field, *value);
    }
  }
};

}  // namespace

const proxy::Filter& cookies_redirects_filter() {
  static const CookiesRedirectsFilter filter;
  return filter;
}

}  // namespace weir::features
