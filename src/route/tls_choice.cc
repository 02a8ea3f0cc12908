#include "route/tls_choice.h"

#include "weir/base/ascii.h"

#include <optional>
#include <string>

namespace weir::route {
namespace {

bool same_tls(const features::Settings& a, const features::Settings& b) {
  return a.use_http2 == b.use_http2 && a.ssl_protocols == b.ssl_protocols && a.ssl_ciphers == b.ssl_ciphers &&
         a.ssl_ecdh_curve == b.ssl_ecdh_curve && a.ssl_session_cache == b.ssl_session_cache &&
         a.ssl_session_cache_size == b.ssl_session_cache_size && a.ssl_session_timeout == b.ssl_session_timeout &&
         a.ssl_session_tickets == b.ssl_session_tickets && a.ssl_session_ticket_key == b.ssl_session_ticket_key;
}

// Puts the setting that an error of make_server_context() names back to its default; false if that is no way out.
bool fall_back(features::Settings& settings, const std::string& key) {
  struct Fallback {
    const char* key;
    std::string features::Settings::*member;
  };
  static const Fallback fallbacks[] = {{"ssl-protocols", &features::Settings::ssl_protocols},
                                       {"ssl-ciphers", &features::Settings::ssl_ciphers},
                                       {"ssl-ecdh-curve", &features::Settings::ssl_ecdh_curve},
                                       {"ssl-session-ticket-key", &features::Settings::ssl_session_ticket_key}};
  const features::Settings defaults;
  for (const Fallback& candidate : fallbacks) {
    if (key != candidate.key || settings.*candidate.member == defaults.*candidate.member) continue;
    settings.*candidate.member = defaults.*candidate.member;
    return true;
  }
  return false;
}

}  // namespace

tls::ServerContextPtr TlsChoice::context_for(const features::Settings& settings, base::Diagnostics& diagnostics) {
  if (!context_ || !same_tls(settings, made_for_)) {
    made_for_ = settings;
    problems_.clear();
    features::Settings usable = settings;
    for (;;) {
      auto made = tls::make_server_context(usable, context_);
      if (made) {
        context_ = *made;
        break;
      }
      const std::string text = made.error().text();
      const std::string key = text.substr(0, text.find(':'));
      const bool again = fall_back(usable, key);
      base::Diagnostic problem;
      problem.code = "setting-invalid";
      problem.object.kind = "ConfigMap";
      problem.key = again ? key : "";
      problem.text =
          again ? std::string(base::trim(std::string_view(text).substr(key.size() + 1))) + "; the default is used"
                : text + "; HTTPS keeps its earlier settings";
      problems_.push_back(std::move(problem));
      if (!again) break;  // the system is at fault, not the text
    }
  }
  diagnostics.insert(diagnostics.end(), problems_.begin(), problems_.end());
  return context_;
}

}  // namespace weir::route
