// Step 6 of life-of-a-request: preflights of other origins are answered (stop: location), and every response says which
// origins may read it (spec 4.4).
#include "features/filter_order_entries.h"

#include <charconv>

namespace weir::features {
namespace {

using http::FieldId;
using proxy::RequestContext;
using proxy::Verdict;

std::string_view origin_of(const RequestContext& request) {
  return request.head.fields.get(FieldId::origin);
}

class CorsFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "cors"; }
  bool active(const Policies& policies) const override { return policies.cors.enabled; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    if (request.head.method != http::Method::options) return Verdict::go_on;
    if (!request.policies().cors.accepts(origin_of(request))) return Verdict::go_on;
    request.reply(204, "cors-preflight");
    request.answer.empty_body = true;
    request.answer.content_type = "text/plain charset=UTF-8";
    return Verdict::answered;
  }

  void on_response(RequestContext& request) const override {
    const CorsPolicy& policy = request.policies().cors;
    // A denied Ingress has no settings in force.
    if (request.policies().deny.denied() || !policy.accepts(origin_of(request))) return;
    const auto set = [&request](std::string_view name, std::string_view value) {
      request.response.set(FieldId::other, name, value);
    };
    set("Access-Control-Allow-Origin", policy.any_origin ? std::string_view("*") : origin_of(request));
    if (policy.allow_credentials) set("Access-Control-Allow-Credentials", "true");
    set("Access-Control-Allow-Methods", policy.allow_methods);
    set("Access-Control-Allow-Headers", policy.allow_headers);
    if (!policy.expose_headers.empty()) set("Access-Control-Expose-Headers", policy.expose_headers);
    char max_age[16];
    const auto end = std::to_chars(max_age, max_age + sizeof max_age, policy.max_age).ptr;
    set("Access-Control-Max-Age", {max_age, static_cast<std::size_t>(end - max_age)});
  }
};

}  // namespace

const proxy::Filter& cors_filter() {
  static const CorsFilter filter;
  return filter;
}

}  // namespace weir::features
