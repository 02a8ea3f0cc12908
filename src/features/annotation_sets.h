// The one list of features that read annotations. A new feature adds its declaration here and its line in the .cc.
#pragma once

#include "features/annotation_spec.h"

#include <vector>

namespace weir::features {

AnnotationSet rewrite_annotations();
AnnotationSet redirect_annotations();
AnnotationSet https_redirect_annotations();
AnnotationSet hsts_annotations();
AnnotationSet host_alias_annotations();
AnnotationSet upstream_host_annotations();
AnnotationSet proxy_annotations();
AnnotationSet balance_annotations();
AnnotationSet access_log_annotations();
AnnotationSet auth_annotations();
AnnotationSet auth_tls_annotations();
AnnotationSet ip_access_annotations();
AnnotationSet rate_limit_annotations();
AnnotationSet modsecurity_annotations();
AnnotationSet cors_annotations();
AnnotationSet affinity_annotations();
AnnotationSet hash_annotations();
AnnotationSet canary_annotations();
AnnotationSet custom_errors_annotations();
AnnotationSet custom_headers_annotations();
AnnotationSet mirror_annotations();
AnnotationSet backend_protocol_annotations();
AnnotationSet proxy_ssl_annotations();
AnnotationSet fastcgi_annotations();
AnnotationSet opentelemetry_annotations();
AnnotationSet snippets_annotations();
AnnotationSet ssl_annotations();
AnnotationSet cookies_redirects_annotations();
AnnotationSet http2_push_annotations();
AnnotationSet legacy_annotations();

// In the order in which they are read: the first one that denies an object gives the reason.
const std::vector<AnnotationSet>& annotation_sets();

}  // namespace weir::features
