#include "features/annotation_sets.h"

#include <algorithm>

namespace weir::features {
namespace {

std::optional<std::string> check_reference(std::string_view value) {
  const std::size_t slash = value.find('/');
  const bool ok = slash != std::string_view::npos && slash != 0 && slash + 1 < value.size() &&
                  value.find('/', slash + 1) == std::string_view::npos;
  if (!ok) return "is not `namespace/name`";
  return std::nullopt;
}

bool is_protocol_list(std::string_view value) {
  std::string list(value);
  std::erase(list, ' ');
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::string_view protocol = rest.substr(0, 7);
    if (protocol != "TLSv1.2" && protocol != "TLSv1.3") return false;
    rest.remove_prefix(7);
  }
  return true;
}

Spec tls(std::string_view key, const Syntax& syntax, std::string_view default_text, std::string_view doc) {
  return plan(key, syntax, Scope::location, OnInvalid::use_default, doc)
      .default_text(default_text)
      .needs("proxy-ssl-secret");
}

}  // namespace

// All of it needs backend-protocol HTTPS or GRPCS, which closes the paths until it is implemented.
AnnotationSet proxy_ssl_annotations() {
  const auto on_off = syntax::word("on or off", {"on", "off"});
  return annotation_set(
      "proxy_ssl", "ProxySSL",
      {
          plan("proxy-ssl-secret", syntax::basic(), Scope::location, OnInvalid::refuse_object,
               "Secret `namespace/name` with the client certificate and the trusted CA for TLS upstreams.")
              .risk(RiskLevel::medium)
              .unusable(OnInvalid::deny_location)
              .check(check_reference),
          tls("proxy-ssl-ciphers", syntax::characters("OpenSSL cipher string", "+:_-!"), "DEFAULT", "Ciphers.")
              .risk(RiskLevel::medium),
          tls("proxy-ssl-protocols", {"TLSv1.2 and TLSv1.3, separated by blanks", is_protocol_list}, "TLSv1.2",
              "Protocol versions."),
          tls("proxy-ssl-name", syntax::regex(syntax::Blanks::removed), "", "Name for verification and SNI.")
              .risk(RiskLevel::high),
          tls("proxy-ssl-verify", on_off, "off", "Verifies the upstream's certificate."),
          tls("proxy-ssl-verify-depth", syntax::integer(), "1", "Longest chain."),
          tls("proxy-ssl-server-name", on_off, "off", "Sends SNI."),
      });
}

}  // namespace weir::features
