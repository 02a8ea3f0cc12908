#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet access_log_annotations() {
  return annotation_set("access_log", "Logs",
                        {
                            spec("enable-access-log", field(&Policies::access_log, &AccessLogPolicy::enabled),
                                 Scope::location, OnInvalid::use_default, "Access log of the location."),
                            ignore("enable-rewrite-log", syntax::boolean(), Scope::location, OnInvalid::use_default,
                                   "Log of rewrites; `weir explain` shows them instead.")
                                .default_text("false")
                                .asks_when_true(),
                        });
}

}  // namespace weir::features
