// H2Budget: what an endpoint may send besides responses (RFC 9113 10.5): frames that cost work and bring nothing are
// counted against a bucket that fills with time and with body bytes that move. One connection.
#pragma once

#include <algorithm>
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

  explicit H2Budget(std::uint64_t now_ms = 0) : last_ms_(now_ms) {}

  // false: it is used up.
  bool take(std::uint64_t now_ms) {
    if (now_ms > last_ms_) {
      left_ = std::min(kMost * 1000, left_ + (now_ms - last_ms_) * kPerSecond);
      last_ms_ = now_ms;
    }
    if (left_ < 1000) return false;
    left_ -= 1000;
    return true;
  }
  // A frame with body bytes has moved, `sent` of them to the endpoint.
  void credit(std::uint64_t sent = 0) {
    left_ = std::min(kMost * 1000, left_ + (kPerData + sent / kSentBytesPerFrame) * 1000);
  }

 private:
  std::uint64_t left_ = kMost * 1000;  // in thousandths
  std::uint64_t last_ms_;
};

}  // namespace weir::upstream
