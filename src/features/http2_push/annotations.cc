#include "features/annotation_sets.h"

namespace weir::features {

AnnotationSet http2_push_annotations() {
  return annotation_set("http2_push", "HTTP2PushPreload",
                        {
                            ignore("http2-push-preload", syntax::boolean(), Scope::location, OnInvalid::refuse_object,
                                   "Server push, which browsers no longer support.")
                                .default_text("false")
                                .asks_when_true(),
                        });
}

}  // namespace weir::features
