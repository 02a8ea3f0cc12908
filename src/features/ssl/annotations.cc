#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr std::string_view kStrength = "@STRENGTH";
constexpr std::string_view kLevel = "@SECLEVEL=";

bool is_cipher_string(std::string_view written) {
  std::string text(written);
  std::erase(text, ' ');
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest.substr(0, kStrength.size()) == kStrength) {
      i += kStrength.size();
    } else if (rest.substr(0, kLevel.size()) == kLevel && rest.size() > kLevel.size() && rest[kLevel.size()] >= '0' &&
               rest[kLevel.size()] <= '5') {
      i += kLevel.size() + 1;
    } else if (base::is_alnum(text[i]) || std::string_view("!:+-_").find(text[i]) != std::string_view::npos) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<std::string> read_preference(std::string_view value, Policies& into) {
  into.ssl.prefer_server_ciphers = base::parse_bool(value);
  return std::nullopt;
}

std::string print_preference(const Policies& from) {
  return from.ssl.prefer_server_ciphers.value_or(true) ? "true" : "false";
}

}  // namespace

AnnotationSet ssl_annotations() {
  return annotation_set(
      "ssl", "SSLCipher",
      {
          spec("ssl-ciphers", field(&Policies::ssl, &SslPolicy::ciphers), Scope::host, OnInvalid::refuse_object,
               "TLS 1.2 ciphers of the host.")
              .syntax({"OpenSSL cipher string", is_cipher_string})
              .settings("ssl-ciphers"),
          spec("ssl-prefer-server-ciphers", field(&Policies::ssl, &SslPolicy::ciphers), Scope::host,
               OnInvalid::use_default, "Whether the server's order of ciphers decides.")
              .syntax(syntax::boolean())
              .apply(read_preference)
              .print(print_preference)
              .default_text("true"),
          spec("ssl-passthrough", field(&Policies::ssl, &SslPolicy::passthrough), Scope::host, OnInvalid::refuse_object,
               "Hands the TLS connections of the host to the Service of its path `/` unread; needs "
               "--enable-ssl-passthrough.")
              .group("SSLPassthrough"),
      });
}

}  // namespace weir::features
