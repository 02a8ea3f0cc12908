#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

struct Known {
  std::string_view name;
  BackendProtocol protocol;
};
constexpr Known kServed[] = {{"HTTP", BackendProtocol::http},
                             {"HTTPS", BackendProtocol::https},
                             {"AUTO_HTTP", BackendProtocol::auto_http},
                             {"GRPC", BackendProtocol::grpc},
                             {"GRPCS", BackendProtocol::grpcs}};

const Known* find_served(std::string_view value) {
  for (const Known& known : kServed) {
    if (base::iequals(value, known.name)) return &known;
  }
  return nullptr;
}

std::optional<std::string> apply(std::string_view value, Policies& into) {
  const Known* known = find_served(value);
  if (known == nullptr) return "is no protocol of endpoints";
  into.backend_protocol.protocol = known->protocol;
  return std::nullopt;
}

std::string print(const Policies& from) {
  for (const Known& known : kServed) {
    if (known.protocol == from.backend_protocol.protocol) return std::string(known.name);
  }
  return {};
}

}  // namespace

AnnotationSet backend_protocol_annotations() {
  return annotation_set(
      "backend_protocol", "BackendProtocol",
      {
          // HTTP/1.1 to an endpoint that expects FastCGI would be wrong, so it closes the paths.
          Spec("backend-protocol", Support::exact,
               syntax::one_of("HTTP, HTTPS, AUTO_HTTP, GRPC, GRPCS or FCGI",
                              {"HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI"}, syntax::Case::ignored),
               Scope::location, OnInvalid::use_default, "Protocol spoken to the endpoints.")
              .default_text("HTTP")
              .apply(apply)
              .print(print)
              .plan_values({"FCGI"})
              .protects(),
      });
}

}  // namespace weir::features
