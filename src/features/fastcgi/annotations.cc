#include "features/annotation_sets.h"

namespace weir::features {
// All of it needs backend-protocol FCGI, which closes the paths until it is implemented.
AnnotationSet fastcgi_annotations() {
  return annotation_set("fastcgi", "FastCGI",
                        {
                            plan("fastcgi-index", syntax::characters("file name: letters digits `. - _`", ".-_"),
                                 Scope::location, OnInvalid::refuse_object, "Index file.")
                                .risk(RiskLevel::medium),
                            plan("fastcgi-params-configmap", syntax::basic(), Scope::location, OnInvalid::refuse_object,
                                 "ConfigMap `namespace/name` with further parameters.")
                                .risk(RiskLevel::medium),
                        });
}

}  // namespace weir::features
