#include "features/annotation_sets.h"
#include "weir/features/variables.h"

namespace weir::features {
namespace {

template <class Value>
Spec hash(std::string_view key, Value HashPolicy::*member, std::string_view doc) {
  return spec(key, field(&Policies::hash, member), Scope::upstream, OnInvalid::refuse_object, doc)
      .unusable(OnInvalid::use_default);
}

void finish(SetView& view) {
  if (view.into.hash.subset_size == 0) view.into.hash.subset_size = HashPolicy{}.subset_size;
  if (const auto unknown = find_unknown_variable(view.into.hash.by.source())) {
    view.fall_back("upstream-hash-by", "names $" + *unknown + ", which is no variable and always empty");
  }
}

}  // namespace

AnnotationSet hash_annotations() {
  return annotation_set(
      "hash", "UpstreamHashBy",
      {
          hash("upstream-hash-by", &HashPolicy::by,
               "Consistent hashing on this text; equal requests reach the same endpoint.")
              .syntax(syntax::variables())
              .risk(RiskLevel::high),
          hash("upstream-hash-by-subset", &HashPolicy::subset, "Hashes to a set of endpoints, of which any serves."),
          hash("upstream-hash-by-subset-size", &HashPolicy::subset_size, "Size of such a set; 0 is 3."),
      },
      finish);
}

}  // namespace weir::features
