#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet mirror_annotations() {
  using syntax::Blanks;
  return annotation_set("mirror", "Mirror",
                        {
                            plan("mirror-target", syntax::regex(Blanks::removed), Scope::location,
                                 OnInvalid::use_default, "Every request is copied to this URL.")
                                .risk(RiskLevel::high)
                                .check_variables(),
                            plan("mirror-host", syntax::regex(Blanks::removed), Scope::location, OnInvalid::use_default,
                                 "Host header of the copy.")
                                .risk(RiskLevel::high)
                                .needs("mirror-target"),
                            plan("mirror-request-body", syntax::word("on or off", {"on", "off"}), Scope::location,
                                 OnInvalid::use_default, "Whether the copy has the body.")
                                .default_text("on")
                                .needs("mirror-target"),
                        });
}

}  // namespace weir::features
