#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

bool is_name(std::string_view text, std::string_view extra) {
  for (const char c : text) {
    if (!base::is_alnum(c) && extra.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// `@name`, or an optional `http(s)://`, host[:port], then path segments (spec 1.2).
bool is_error_page(std::string_view written) {
  std::string blankless(written);
  std::erase(blankless, ' ');
  std::string_view value = blankless;
  if (!value.empty() && value.front() == '@') return value.size() > 1 && is_name(value.substr(1), "_-");
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (value.substr(0, scheme.size()) != scheme) continue;
    value.remove_prefix(scheme.size());
    if (value.empty() || value.front() == '/') return false;
    break;
  }
  const std::size_t slash = value.find('/');
  const std::string_view authority = value.substr(0, slash);
  const std::size_t colon = authority.find(':');
  if (!is_name(authority.substr(0, colon), "-.")) return false;
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    if (colon == 0 || port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  }
  if (slash == std::string_view::npos) return true;
  const std::string_view path = value.substr(slash);
  return path.find("//") == std::string_view::npos && is_name(path, "-_./");
}

bool is_common_name(std::string_view value) {
  return value.substr(0, 3) == "CN=" && value.size() > 3;
}

Spec tls(std::string_view key, const Syntax& syntax, OnInvalid on_invalid, std::string_view doc) {
  return plan(key, syntax, Scope::host, on_invalid, doc).needs("auth-tls-secret");
}

}  // namespace

// Client certificates guard the whole host, so an unimplemented one closes the whole host.
AnnotationSet auth_tls_annotations() {
  return annotation_set(
      "auth_tls", "CertificateAuth",
      {
          plan("auth-tls-secret", syntax::basic(), Scope::host, OnInvalid::refuse_object,
               "Secret `namespace/name` whose `ca.crt` client certificates are verified with.")
              .risk(RiskLevel::medium)
              .empty(OnInvalid::deny_location)
              .protects(),
          tls("auth-tls-verify-client",
              syntax::word("on, off, optional or optional_no_ca", {"on", "off", "optional", "optional_no_ca"}),
              OnInvalid::use_default, "Verification mode.")
              .risk(RiskLevel::medium)
              .default_text("on"),
          tls("auth-tls-verify-depth", syntax::integer(), OnInvalid::use_default, "Longest chain.").default_text("1"),
          tls("auth-tls-error-page", {"`@name` or a URL", is_error_page}, OnInvalid::refuse_object,
              "Target after a certificate failure, instead of 400.")
              .risk(RiskLevel::high),
          tls("auth-tls-pass-certificate-to-upstream", syntax::boolean(), OnInvalid::refuse_object,
              "Sends the certificate in ssl-client-cert.")
              .default_text("false"),
          tls("auth-tls-match-cn", {"`CN=` and a regular expression", is_common_name}, OnInvalid::refuse_object,
              "403 unless the subject matches.")
              .risk(RiskLevel::high),
      });
}

}  // namespace weir::features
