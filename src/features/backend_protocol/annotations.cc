#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

// Requests in the clear to an endpoint that expects TLS, gRPC or FastCGI would be wrong, so these close the paths.
bool is_another_protocol(std::string_view value) {
  return !base::iequals(value, "HTTP") && !base::iequals(value, "AUTO_HTTP");
}

}  // namespace

AnnotationSet backend_protocol_annotations() {
  return annotation_set(
      "backend_protocol", "BackendProtocol",
      {
          plan("backend-protocol",
               syntax::one_of("HTTP, HTTPS, AUTO_HTTP, GRPC, GRPCS or FCGI",
                              {"HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI"}, syntax::Case::ignored),
               Scope::location, OnInvalid::use_default,
               "Protocol spoken to the endpoints. HTTP is served, AUTO_HTTP as HTTP; the others answer 503.")
              .default_text("HTTP")
              .asks(is_another_protocol)
              .protects(),
      },
      [](SetView& view) {
        const auto protocol = view.value("backend-protocol");
        if (protocol && base::iequals(*protocol, "AUTO_HTTP")) {
          view.planned("backend-protocol", "AUTO_HTTP is served as HTTP, also for clients that came by HTTPS");
        }
      });
}

}  // namespace weir::features
