#include "features/annotation_sets.h"
#include "weir/features/header_maps.h"

namespace weir::features {

AnnotationSet custom_headers_annotations() {
  return annotation_set(
      "custom_headers", "CustomHeaders",
      {
          spec("custom-headers", field(&Policies::custom_headers, &CustomHeadersPolicy::config_map), Scope::location,
               OnInvalid::use_default,
               "ConfigMap `namespace/name` with response headers; names that global-allowed-response-headers lacks "
               "answer 503.")
              .syntax(syntax::basic())
              .print([](const Policies& from) {
                return from.custom_headers.config_map + header_fields_text(from.custom_headers.fields);
              })
              .risk(RiskLevel::medium),
      });
}

}  // namespace weir::features
