// Step 10 of life-of-a-request: Strict-Transport-Security on every response made inside a location, when the real
// connection is TLS (spec 2.8). It replaces a value sent by the upstream.
#include "features/filter_order_entries.h"

namespace weir::features {
namespace {

class HstsFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "hsts"; }
  bool active(const Policies& policies) const override { return policies.hsts.enabled; }

  void on_response(proxy::RequestContext& request) const override {
    const std::string& value = request.location->hsts_value;
    if (!request.connection->https || value.empty()) return;
    request.response.set(http::FieldId::strict_transport_security, "Strict-Transport-Security", value);
  }
};

}  // namespace

const proxy::Filter& hsts_filter() {
  static const HstsFilter filter;
  return filter;
}

}  // namespace weir::features
