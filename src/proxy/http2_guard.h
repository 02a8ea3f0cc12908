// Http2Guard: what one HTTP/2 client may cost beside its requests. It reads the frame headers of the bytes in front of
// the protocol library and counts what is cheap to send and not cheap to serve: control frames, resets, header blocks
// in many pieces. Pure; one worker; no allocation.
//
//   if (!guard.read(bytes, now_ms)) ...guard.reason(): GOAWAY with guard.error(), close
#pragma once

#include "weir/base/token_bucket.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::proxy {

class Http2Guard {
 public:
  static constexpr std::uint32_t kMostContinuations = 8;       // of one block
  static constexpr std::uint32_t kMostBlockBytes = 64 * 1024;  // encoded
  static constexpr std::uint64_t kResetBurst = 100, kResetsPerSecond = 20;
  static constexpr std::uint64_t kControlBurst = 200, kControlsPerSecond = 50;
  // From so many streams on, no more than half may end by a reset.
  static constexpr std::uint64_t kJudgedStreams = 200;

  // Bytes as they come, the client's preface included. false, also from then on: something is used up.
  bool read(std::string_view bytes, std::uint64_t now_ms);
  // A stream was reset by the client, or by the library because of what the client did (MadeYouReset). false as above.
  bool count_reset(std::uint64_t now_ms);
  void count_stream() { ++streams_; }
  // Each lets the client open windows again, and measure the way (gRPC clients do so by a PING).
  void count_data_sent() { credit_ += kPerData; }

  // What was used up, or broken; empty: nothing. Static text.
  std::string_view reason() const { return reason_; }
  // Of RFC 9113 7, to reason().
  std::uint32_t error() const { return error_; }
  // When the header block began that is not complete yet; 0: none.
  std::uint64_t block_since_ms() const { return block_since_ms_; }

 private:
  static constexpr std::size_t kPreface = 24;
  static constexpr std::size_t kFrameHeader = 9;
  static constexpr std::uint64_t kPerData = 3;    // updates of the stream's and the connection's window, a PING
  static constexpr std::uint64_t kPerStream = 4;  // browsers say what is urgent, and change their minds

  bool begin_frame(std::uint64_t now_ms);
  bool count_control(std::uint64_t now_ms);
  bool opens_skipped(std::uint32_t stream);
  bool use_up(std::string_view reason);

  base::TokenBucket resets_{kResetBurst, kResetsPerSecond};
  base::TokenBucket controls_{kControlBurst, kControlsPerSecond};
  std::size_t preface_left_ = kPreface;
  std::uint8_t header_[kFrameHeader] = {};
  std::size_t header_size_ = 0;
  std::uint32_t payload_left_ = 0;
  bool ends_block_ = false;  // with the payload
  std::uint32_t continuations_ = 0;
  std::uint32_t block_bytes_ = 0;
  std::uint64_t block_since_ms_ = 0;
  std::uint64_t credit_ = kPerStream;  // frames that are no part of the budget of controls_
  std::uint64_t streams_ = 0;
  std::uint64_t reset_streams_ = 0;
  std::uint32_t last_stream_ = 0;
  // Ids that the client went past, the last run of them; empty: clients take one after the other.
  std::uint32_t skipped_from_ = 1;
  std::uint32_t skipped_to_ = 0;
  std::string_view reason_;
  std::uint32_t error_ = 0;
};

}  // namespace weir::proxy
