#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet upstream_host_annotations() {
  return annotation_set(
      "upstream_host", "UpstreamVhost",
      {
          spec("upstream-vhost", field(&Policies::upstream_host, &UpstreamHostPolicy::value), Scope::location,
               OnInvalid::refuse_object, "The Host header for the upstream; X-Forwarded-Host keeps the client's.")
              .syntax(syntax::regex(syntax::Blanks::removed))
              .check_variables(),
      });
}

}  // namespace weir::features
