#include "features/annotation_sets.h"

namespace weir::features {

const std::vector<AnnotationSet>& annotation_sets() {
  static const std::vector<AnnotationSet> sets = {
      // Access control first, so that its reason is the one reported.
      auth_annotations(),
      auth_tls_annotations(),
      ip_access_annotations(),
      modsecurity_annotations(),
      snippets_annotations(),
      backend_protocol_annotations(),
      // What is served.
      rewrite_annotations(),
      redirect_annotations(),
      https_redirect_annotations(),
      hsts_annotations(),
      host_alias_annotations(),
      upstream_host_annotations(),
      proxy_annotations(),
      balance_annotations(),
      access_log_annotations(),
      // What is not implemented yet.
      canary_annotations(),
      rate_limit_annotations(),
      cors_annotations(),
      affinity_annotations(),
      hash_annotations(),
      custom_errors_annotations(),
      custom_headers_annotations(),
      mirror_annotations(),
      proxy_ssl_annotations(),
      fastcgi_annotations(),
      opentelemetry_annotations(),
      ssl_annotations(),
      cookies_redirects_annotations(),
      // What has no meaning here.
      http2_push_annotations(),
      legacy_annotations(),
  };
  return sets;
}

}  // namespace weir::features
