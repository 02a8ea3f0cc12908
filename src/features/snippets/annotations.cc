#include "features/annotation_sets.h"

namespace weir::features {

// Never raw text in another server's language: where the gates of spec 0.3 are open, the object's paths answer 503.
AnnotationSet snippets_annotations() {
  return annotation_set(
      "snippets", "ConfigurationSnippet",
      {
          snippet("configuration-snippet", "ConfigurationSnippet", Scope::location, "Raw directives of a location."),
          snippet("server-snippet", "ServerSnippet", Scope::host, "Raw directives of a host."),
          snippet("stream-snippet", "StreamSnippet", Scope::global, "Raw directives of the stream section."),
      });
}

}  // namespace weir::features
