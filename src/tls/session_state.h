// What must outlive an SSL_CTX: the session store and the ticket key, with the settings they were made for.
#pragma once

#include "weir/base/result.h"
#include "weir/features/settings.h"

#include "tls/openssl_ptr.h"
#include "tls/session_store.h"

#include <memory>
#include <string>

namespace weir::tls {

class SessionState {
 public:
  // The error names the ConfigMap key.
  static base::Result<std::shared_ptr<SessionState>> create(const features::Settings& settings);
  ~SessionState();

  bool fits(const features::Settings& settings) const;
  // Sets cache, tickets and timeout of `context` and keeps `self` alive as long as the context lives.
  static void install(const std::shared_ptr<SessionState>& self, SSL_CTX* context);

  SessionStore& store() { return store_; }
  const std::string& ticket_key() const { return ticket_key_; }
  bool tickets() const { return tickets_; }

 private:
  explicit SessionState(const features::Settings& settings);

  bool cache_;
  std::uint64_t cache_size_;
  std::chrono::seconds timeout_;
  bool tickets_;
  std::string configured_key_;  // as in the settings
  std::string ticket_key_;      // the one in use; random when none is configured
  SessionStore store_;
};

}  // namespace weir::tls
