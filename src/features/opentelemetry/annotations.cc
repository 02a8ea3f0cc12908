#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet opentelemetry_annotations() {
  return annotation_set("opentelemetry", "Opentelemetry",
                        {
                            plan("enable-opentelemetry", syntax::boolean(), Scope::location, OnInvalid::use_default,
                                 "Tracing of the location.")
                                .asks_when_true()
                                .settings("enable-opentelemetry"),
                            plan("opentelemetry-trust-incoming-span", syntax::boolean(), Scope::location,
                                 OnInvalid::use_default, "Continues the client's trace.")
                                .settings("opentelemetry-trust-incoming-span")
                                .needs("enable-opentelemetry"),
                            plan("opentelemetry-operation-name", syntax::characters("letters digits `- _`", "-_"),
                                 Scope::location, OnInvalid::refuse_object, "Name of the span.")
                                .risk(RiskLevel::medium)
                                .settings("opentelemetry-operation-name")
                                .needs("enable-opentelemetry"),
                        });
}

}  // namespace weir::features
