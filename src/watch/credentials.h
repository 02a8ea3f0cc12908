// Credentials: who we are towards the API server at this moment. Token files are read again every minute (the old token
// stays in use when that fails), plugins are run again when what they gave expires or was refused. Control thread.
#pragma once

#include "weir/base/result.h"
#include "weir/watch/api_config.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace weir::watch {

class Credentials {
 public:
  using Clock = std::chrono::steady_clock;

  Credentials(const ApiConfig& config, std::chrono::milliseconds token_interval)
      : config_(config), interval_(token_interval), token_(config.token) {}

  // Brings everything up to date; an error only when there is nothing to be used.
  boost::asio::awaitable<base::Result<void>> refresh();
  // The server refused what authorization() said: it is fetched anew at the next refresh().
  void refused() { stale_ = true; }

  // Value of the Authorization field; empty: none.
  std::string authorization() const;
  // From a plugin; empty: none.
  const std::string& client_cert() const { return client_cert_; }
  const std::string& client_key() const { return client_key_; }
  // Counts the client certificates there have been: connections made with an older one are not used again.
  int certificate_generation() const { return certificate_generation_; }

 private:
  base::Result<void> read_token_file();
  boost::asio::awaitable<base::Result<void>> ask_plugin();

  const ApiConfig& config_;
  std::chrono::milliseconds interval_;
  std::string token_;
  std::optional<Clock::time_point> token_read_;  // the last try
  bool stale_ = false;
  bool read_failed_ = false;
  bool plugin_asked_ = false;
  bool asking_ = false;
  std::optional<std::chrono::seconds> plugin_expires_;  // since 1970
  std::string client_cert_;
  std::string client_key_;
  int certificate_generation_ = 0;
};

}  // namespace weir::watch
