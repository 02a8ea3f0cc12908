#include "watch/credentials.h"

#include "watch/exec_credential.h"
#include "watch/kubeconfig.h"
#include "weir/base/ascii.h"
#include "weir/base/clock.h"
#include "weir/observe/log.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;

namespace {

constexpr std::chrono::seconds kPluginLimit{60};
// What is about to expire is renewed before a request is lost to it.
constexpr std::chrono::seconds kLeeway{10};

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

// A token goes into a header: anything but one word would forge others.
bool is_token(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

base::Result<void> Credentials::read_token_file() {
  const auto now = Clock::now();
  if (token_read_ && now - *token_read_ < interval_ && !stale_) return {};
  token_read_ = now;
  auto content = read_small_file(config_.token_file);
  const std::string token(content ? base::trim(*content) : std::string_view());
  if (is_token(token)) {
    stale_ = read_failed_ = false;
    token_ = token;
    return {};
  }
  const std::string problem = content ? config_.token_file + " holds no token" : content.error().text();
  if (token_.empty()) return base::fail("the token of the API server: " + problem);
  if (!std::exchange(read_failed_, true)) {
    log::warn("watch", "the token of the API server: {}; the one read before stays in use", problem);
  }
  return {};
}

asio::awaitable<base::Result<void>> Credentials::ask_plugin() {
  // One plugin at a time; who comes meanwhile takes what it gives.
  asio::steady_timer pause(co_await asio::this_coro::executor);
  while (asking_) {
    pause.expires_after(std::chrono::milliseconds(20));
    co_await pause.async_wait(asio::use_awaitable);
  }
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(base::wall_clock());
  const bool expired = plugin_expires_ && *plugin_expires_ - kLeeway <= now;
  if (plugin_asked_ && !expired && !stale_) co_return base::Result<void>();
  asking_ = true;
  auto credential = co_await run_exec_plugin(*config_.exec, config_, kPluginLimit);
  asking_ = false;
  if (!credential) co_return credential.error();
  if (!credential->token.empty() && !is_token(credential->token)) {
    co_return base::fail("the credential plugin " + config_.exec->command + " gives a token with blanks in it");
  }
  plugin_asked_ = true;
  stale_ = false;
  plugin_expires_ = credential->expires;
  token_ = credential->token;
  if (credential->client_cert != client_cert_ || credential->client_key != client_key_) {
    client_cert_ = credential->client_cert;
    client_key_ = credential->client_key;
    ++certificate_generation_;
  }
  co_return base::Result<void>();
}

asio::awaitable<base::Result<void>> Credentials::refresh() {
  if (!config_.token_file.empty()) co_return read_token_file();
  if (config_.exec) co_return co_await ask_plugin();
  co_return base::Result<void>();
}

std::string Credentials::authorization() const {
  if (!config_.username.empty()) return "Basic " + base64(config_.username + ":" + config_.password);
  return token_.empty() ? std::string() : "Bearer " + token_;
}

}  // namespace weir::watch
