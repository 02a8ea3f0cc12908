#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

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
  return value.substr(0, 3) == "CN=" && value.size() > 3 && is_expression(value);
}

struct Mode {
  std::string_view name;
  ClientVerify verify;
};
constexpr Mode kModes[] = {{"on", ClientVerify::on},
                           {"off", ClientVerify::off},
                           {"optional", ClientVerify::optional},
                           {"optional_no_ca", ClientVerify::optional_no_ca}};

std::optional<std::string> read_mode(std::string_view value, Policies& into) {
  for (const Mode& mode : kModes) {
    if (mode.name != value) continue;
    into.auth_tls.verify = mode.verify;
    return std::nullopt;
  }
  return "is none of on, off, optional and optional_no_ca";
}

std::string print_mode(const Policies& from) {
  for (const Mode& mode : kModes) {
    if (mode.verify == from.auth_tls.verify) return std::string(mode.name);
  }
  return {};
}

// Spec 1.2: 0 becomes 1.
std::optional<std::string> read_client_depth(std::string_view value, Policies& into) {
  if (auto problem = rows::read(value, into.auth_tls.verify_depth)) return problem;
  into.auth_tls.verify_depth = std::max(into.auth_tls.verify_depth, 1);
  return std::nullopt;
}

template <class Value>
Spec client(std::string_view key, Value AuthTlsPolicy::*member, OnInvalid on_invalid, std::string_view doc) {
  return spec(key, field(&Policies::auth_tls, member), Scope::host, on_invalid, doc)
      .protects()
      .needs("auth-tls-secret");
}

}  // namespace

// Client certificates guard the whole host, so one that cannot be honoured closes the whole host.
AnnotationSet auth_tls_annotations() {
  return annotation_set(
      "auth_tls", "CertificateAuth",
      {
          spec("auth-tls-secret", field(&Policies::auth_tls, &AuthTlsPolicy::secret), Scope::host,
               OnInvalid::refuse_object,
               "Secret `namespace/name` whose `ca.crt` client certificates are verified with; `ca.crl` revokes.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium)
              .empty(OnInvalid::deny_location)
              .protects(),
          spec("auth-tls-verify-client", field(&Policies::auth_tls, &AuthTlsPolicy::secret), Scope::host,
               OnInvalid::use_default, "Verification mode.")
              .syntax(syntax::word("on, off, optional or optional_no_ca", {"on", "off", "optional", "optional_no_ca"}))
              .apply(read_mode)
              .print(print_mode)
              .risk(RiskLevel::medium)
              .default_text("on")
              .protects()
              .needs("auth-tls-secret"),
          client("auth-tls-verify-depth", &AuthTlsPolicy::verify_depth, OnInvalid::use_default,
                 "Longest chain: certificates between the client's and the root.")
              .apply(read_client_depth)
              .default_text("1"),
          client("auth-tls-error-page", &AuthTlsPolicy::error_page, OnInvalid::refuse_object,
                 "Target after a certificate failure, instead of 400: a URL, or a path of the host.")
              .syntax({"`@name` or a URL", is_error_page})
              .risk(RiskLevel::high),
          client("auth-tls-pass-certificate-to-upstream", &AuthTlsPolicy::pass_certificate, OnInvalid::refuse_object,
                 "Sends the certificate in ssl-client-cert.")
              .default_text("false"),
          client("auth-tls-match-cn", &AuthTlsPolicy::match_cn, OnInvalid::refuse_object,
                 "403 unless the subject matches.")
              .syntax({"`CN=` and a regular expression", is_common_name})
              .risk(RiskLevel::high),
      });
}

}  // namespace weir::features
