#include "features/annotation_sets.h"

namespace weir::features {
namespace {

Spec removed(std::string_view key, std::string_view doc) {
  return ignore(key, syntax::anything(), Scope::location, OnInvalid::use_default, doc).deprecated();
}

}  // namespace

// Names that the original no longer reads but whose webhook warns about (spec 8.8).
AnnotationSet legacy_annotations() {
  return annotation_set("legacy", "",
                        {
                            removed("enable-influxdb", "No longer read by the original."),
                            removed("influxdb-measurement", "No longer read by the original."),
                            removed("influxdb-port", "No longer read by the original."),
                            removed("influxdb-host", "No longer read by the original."),
                            removed("influxdb-server-name", "No longer read by the original."),
                            removed("secure-verify-ca-secret", "No longer read by the original; use proxy-ssl-secret."),
                        });
}

}  // namespace weir::features
