// H2Budget: what an endpoint may send besides responses (RFC 9113 10.5): frames that cost work and bring nothing are
// counted against a bucket that fills with time and with body bytes that move. One connection.
#pragma once

#include "weir/base/token_bucket.h"

#include <cstdint>

namespace weir::upstream {

class H2Budget {
 public:
  // Control frames: PING, SETTINGS, WINDOW_UPDATE, PRIORITY, empty DATA, informational heads, unknown ones.
  static constexpr std::uint64_t kMost = 16 * 1024;
  static constexpr std::uint64_t kPerSecond = 100;
  // Some for each frame with body bytes, in either direction: PINGs that measure it.
  static constexpr std::uint64_t kPerData = 4;
  // Endpoints of old open their windows at each read of a few bytes, for stream and connection each.
  static constexpr std::uint64_t kSentBytesPerFrame = 4;

  // false: it is used up.
  bool take(std::uint64_t now_ms) { return frames_.take(now_ms); }
  // A frame with body bytes has moved, `sent` of them to the endpoint.
  void credit(std::uint64_t sent = 0) { frames_.put(kPerData + sent / kSentBytesPerFrame); }

 private:
  base::TokenBucket frames_{kMost, kPerSecond};
};

}  // namespace weir::upstream
