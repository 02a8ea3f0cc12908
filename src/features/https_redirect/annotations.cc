#include "features/annotation_sets.h"

namespace weir::features {
namespace {

constexpr auto kRedirect = field(&Policies::https_redirect, &HttpsRedirectPolicy::ssl_redirect);
constexpr auto kForce = field(&Policies::https_redirect, &HttpsRedirectPolicy::force);
constexpr auto kSlash = field(&Policies::https_redirect, &HttpsRedirectPolicy::preserve_trailing_slash);
constexpr auto kPort = field(&Policies::https_redirect, &HttpsRedirectPolicy::use_port);

}  // namespace

AnnotationSet https_redirect_annotations() {
  return annotation_set("https_redirect", "Rewrite",
                        {
                            spec("ssl-redirect", kRedirect, Scope::location, OnInvalid::use_default,
                                 "Redirects HTTP to HTTPS where the host has TLS.")
                                .settings("ssl-redirect"),
                            spec("force-ssl-redirect", kForce, Scope::location, OnInvalid::use_default,
                                 "Redirects HTTP to HTTPS also where the host has no TLS.")
                                .risk(RiskLevel::medium)
                                .settings("force-ssl-redirect"),
                            spec("preserve-trailing-slash", kSlash, Scope::location, OnInvalid::use_default,
                                 "Keeps a final `/` of the request URI in the HTTPS redirect.")
                                .risk(RiskLevel::medium)
                                .settings("preserve-trailing-slash"),
                            spec("use-port-in-redirects", kPort, Scope::location, OnInvalid::use_default,
                                 "The HTTPS redirect carries the HTTPS port.")
                                .group("UsePortInRedirects")
                                .settings("use-port-in-redirects"),
                        });
}

}  // namespace weir::features
