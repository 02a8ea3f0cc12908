#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet hash_annotations() {
  return annotation_set("hash", "UpstreamHashBy",
                        {
                            plan("upstream-hash-by", syntax::variables(), Scope::upstream, OnInvalid::refuse_object,
                                 "Consistent hashing on this expression.")
                                .risk(RiskLevel::high),
                            plan("upstream-hash-by-subset", syntax::boolean(), Scope::upstream,
                                 OnInvalid::refuse_object, "Hashes to a subset of the endpoints.")
                                .default_text("false")
                                .needs("upstream-hash-by"),
                            plan("upstream-hash-by-subset-size", syntax::integer(), Scope::upstream,
                                 OnInvalid::refuse_object, "Size of a subset.")
                                .default_text("3")
                                .needs("upstream-hash-by"),
                        });
}

}  // namespace weir::features
