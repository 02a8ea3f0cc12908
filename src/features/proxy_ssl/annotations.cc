#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

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

std::optional<std::string> read_protocols(std::string_view value, Policies& into) {
  ProxySslPolicy& policy = into.proxy_ssl;
  policy.tls12 = value.find("TLSv1.2") != std::string_view::npos;
  policy.tls13 = value.find("TLSv1.3") != std::string_view::npos;
  return std::nullopt;
}

std::string print_protocols(const Policies& from) {
  const ProxySslPolicy& policy = from.proxy_ssl;
  if (policy.tls12 && policy.tls13) return "TLSv1.2 TLSv1.3";
  return policy.tls13 ? "TLSv1.3" : "TLSv1.2";
}

// A variable or an expression would be compared with certificates letter by letter.
std::optional<std::string> check_name(std::string_view value) {
  if (value.size() > 253) return "is longer than a host name";
  for (const char c : value) {
    if (!base::is_alnum(c) && std::string_view("-._:").find(c) == std::string_view::npos) {
      return "is neither a host name nor an address";
    }
  }
  return std::nullopt;
}

// Spec 1.6: 0 becomes 1.
std::optional<std::string> read_depth(std::string_view value, Policies& into) {
  if (auto problem = rows::read(value, into.proxy_ssl.verify_depth)) return problem;
  into.proxy_ssl.verify_depth = std::max(into.proxy_ssl.verify_depth, 1);
  return std::nullopt;
}

template <class Value>
Field<ProxySslPolicy, Value> in(Value ProxySslPolicy::*member) {
  return field(&Policies::proxy_ssl, member);
}

}  // namespace

// All of it needs backend-protocol HTTPS or AUTO_HTTP, and the Secret.
AnnotationSet proxy_ssl_annotations() {
  constexpr const char* kSecret = "proxy-ssl-secret";
  return annotation_set(
      "proxy_ssl", "ProxySSL",
      {
          spec(kSecret, in(&ProxySslPolicy::secret), Scope::location, OnInvalid::refuse_object,
               "Secret `namespace/name` with the client certificate (`tls.crt`, `tls.key`) and the trusted CA "
               "(`ca.crt`) "
               "for TLS to the endpoints. The other proxy-ssl-* count only with it.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium)
              .check(check_reference),
          spec("proxy-ssl-ciphers", in(&ProxySslPolicy::ciphers), Scope::location, OnInvalid::use_default,
               "TLS 1.2 ciphers.")
              .syntax(syntax::characters("OpenSSL cipher string", "+:_-!"))
              .risk(RiskLevel::medium)
              .default_text("DEFAULT")
              .needs(kSecret),
          spec("proxy-ssl-protocols", in(&ProxySslPolicy::ciphers), Scope::location, OnInvalid::use_default,
               "Protocol versions.")
              .syntax({"TLSv1.2 and TLSv1.3, separated by blanks", is_protocol_list})
              .apply(read_protocols)
              .print(print_protocols)
              .default_text("TLSv1.2")
              .needs(kSecret),
          spec("proxy-ssl-name", in(&ProxySslPolicy::name), Scope::location, OnInvalid::use_default,
               "Name for verification and SNI.")
              .syntax(syntax::regex(syntax::Blanks::removed))
              .risk(RiskLevel::high)
              .check(check_name)
              .needs(kSecret),
          switch_spec("proxy-ssl-verify", in(&ProxySslPolicy::verify), Scope::location, OnInvalid::use_default,
                      "Verifies the endpoint's certificate: chain and name.")
              .syntax(syntax::word("on or off", {"on", "off"}))
              .default_text("off")
              .unusable(OnInvalid::deny_location)
              .needs(kSecret),
          spec("proxy-ssl-verify-depth", in(&ProxySslPolicy::verify_depth), Scope::location, OnInvalid::use_default,
               "Longest chain: certificates between the endpoint's and the root.")
              .apply(read_depth)
              .default_text("1")
              .needs(kSecret),
          switch_spec("proxy-ssl-server-name", in(&ProxySslPolicy::server_name), Scope::location,
                      OnInvalid::use_default, "Sends proxy-ssl-name as SNI.")
              .syntax(syntax::word("on or off", {"on", "off"}))
              .default_text("off")
              .unusable(OnInvalid::deny_location)
              .needs(kSecret),
      });
}

}  // namespace weir::features
