// Step 10 of life-of-a-request: response headers of the ConfigMap that custom-headers names, on every status, in place
// of the upstream's (spec 4.8).
#include "features/filter_order_entries.h"

namespace weir::features {
namespace {

class CustomHeadersFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "custom-headers"; }
  bool active(const Policies& policies) const override { return !policies.custom_headers.fields.empty(); }

  void on_response(proxy::RequestContext& request) const override {
    if (request.policies().deny.denied()) return;
    for (const HeaderField& one : request.policies().custom_headers.fields) {
      request.response.set(http::classify_field(one.name), one.name, one.value);
    }
  }
};

}  // namespace

const proxy::Filter& custom_headers_filter() {
  static const CustomHeadersFilter filter;
  return filter;
}

}  // namespace weir::features
