#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet custom_headers_annotations() {
  return annotation_set("custom_headers", "CustomHeaders",
                        {
                            plan("custom-headers", syntax::basic(), Scope::location, OnInvalid::use_default,
                                 "ConfigMap `namespace/name` with response headers.")
                                .risk(RiskLevel::medium),
                        });
}

}  // namespace weir::features
