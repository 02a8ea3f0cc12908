// Timeouts, sizes, buffering and retries of the exchange with an endpoint (spec 1.6, 3.5, 3.6).
// Consumed by upstream/ and proxy/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::features {

// Bits of proxy-next-upstream.
enum NextUpstream : std::uint32_t {
  kRetryError = 1u << 0,
  kRetryTimeout = 1u << 1,
  kRetryInvalidHeader = 1u << 2,
  kRetry500 = 1u << 3,
  kRetry502 = 1u << 4,
  kRetry503 = 1u << 5,
  kRetry504 = 1u << 6,
  kRetry403 = 1u << 7,
  kRetry404 = 1u << 8,
  kRetry429 = 1u << 9,
  kRetryNonIdempotent = 1u << 10,
  kRetryOff = 1u << 11,
};

struct ProxyPolicy {
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds send_timeout{60000};
  std::chrono::milliseconds read_timeout{60000};
  std::uint32_t next_upstream = kRetryError | kRetryTimeout;
  std::chrono::milliseconds next_upstream_timeout{0};  // 0: no limit
  int next_upstream_tries = 3;                         // 0: no limit
  std::uint64_t body_size = 1024 * 1024;               // bytes; 0: unlimited
  std::uint64_t client_body_buffer_size = 8 * 1024;    // bytes
  bool request_buffering = true;
  bool buffering = false;
  int buffers_number = 4;
  std::uint64_t buffer_size = 4 * 1024;  // bytes; larger response heads give 502
  std::uint64_t busy_buffers_size = 0;   // bytes; 0: unset. Checked only: a relay has no busy buffers
  std::uint64_t max_temp_file_size = 1024ull * 1024 * 1024;  // bytes
  bool http_1_0 = false;                                     // proxy-http-version 1.0
  bool connection_close = false;                             // connection-proxy-header: close
  bool connection_keep_alive = false;                        // connection-proxy-header: keep-alive is sent as such

  bool operator==(const ProxyPolicy&) const = default;
};

// Blank-separated condition names to bits; nullopt when one is no condition. And back, in the order of the bits.
std::optional<std::uint32_t> parse_next_upstream(std::string_view text);
std::string next_upstream_text(std::uint32_t conditions);

}  // namespace weir::features
