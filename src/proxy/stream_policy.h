// How TCP and UDP services reach endpoints: the proxy-stream-* keys of the ConfigMap. Pure.
#pragma once

#include "weir/features/settings.h"
#include "weir/net/sock.h"

#include <algorithm>

namespace weir::proxy {

inline features::ProxyPolicy stream_policy(const features::Settings& settings) {
  constexpr std::uint32_t kMostTries = 1000;
  features::ProxyPolicy policy;
  policy.connect_timeout = settings.defaults.proxy.connect_timeout;
  policy.next_upstream =
      settings.stream_next_upstream ? features::kRetryError | features::kRetryTimeout : features::kRetryOff;
  policy.next_upstream_timeout = settings.stream_next_upstream_timeout;
  policy.next_upstream_tries = static_cast<int>(std::min(settings.stream_next_upstream_tries, kMostTries));
  return policy;
}

// A session must end some time.
inline net::Millis stream_idle(const features::Settings& settings) {
  return std::max<net::Millis>(settings.stream_timeout, std::chrono::seconds(1));
}

}  // namespace weir::proxy
