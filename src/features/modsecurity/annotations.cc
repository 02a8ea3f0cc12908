#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet modsecurity_annotations() {
  return annotation_set("modsecurity", "ModSecurity",
                        {
                            plan("enable-modsecurity", syntax::boolean(), Scope::location, OnInvalid::use_default,
                                 "Web application firewall.")
                                .asks_when_true()
                                .protects()
                                .settings("enable-modsecurity"),
                            plan("enable-owasp-core-rules", syntax::boolean(), Scope::location, OnInvalid::use_default,
                                 "Loads the OWASP core rule set.")
                                .default_text("false")
                                .asks_when_true()
                                .protects()
                                .settings("enable-owasp-modsecurity-crs"),
                            plan("modsecurity-transaction-id", syntax::variables(), Scope::location,
                                 OnInvalid::use_default, "Expression for the transaction id.")
                                .risk(RiskLevel::high)
                                .needs("enable-modsecurity"),
                            snippet("modsecurity-snippet", "ModSecurity", Scope::location, "Raw firewall rules."),
                        });
}

}  // namespace weir::features
