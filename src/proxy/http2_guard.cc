// Step 3 of life-of-a-request, for HTTP/2: budgets of one connection (RFC 9113 10.5).
#include "proxy/http2_guard.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace weir::proxy {
namespace {

// A padded DATA frame of this size may hold nothing but padding.
constexpr std::uint32_t kMostPadding = 256;

}  // namespace

bool Http2Guard::use_up(std::string_view reason) {
  reason_ = reason;
  error_ = NGHTTP2_ENHANCE_YOUR_CALM;
  return false;
}

// RFC 9113 5.1.1: ids that were gone past are closed; the library takes no notice of such a frame.
bool Http2Guard::opens_skipped(std::uint32_t stream) {
  if (stream > last_stream_) {
    const std::uint32_t next = last_stream_ == 0 ? 1 : last_stream_ + 2;
    if (stream > next) {
      skipped_from_ = next;
      skipped_to_ = stream - 2;
    }
    last_stream_ = stream;
    return false;
  }
  return stream >= skipped_from_ && stream <= skipped_to_;
}

bool Http2Guard::count_control(std::uint64_t now_ms) {
  return controls_.take(now_ms) || use_up("http2-control-flood");
}

bool Http2Guard::count_reset(std::uint64_t now_ms) {
  ++reset_streams_;
  const std::uint64_t streams = std::max(streams_, reset_streams_);
  if (streams >= kJudgedStreams && reset_streams_ * 2 > streams) return use_up("http2-reset-flood");
  return resets_.take(now_ms) || use_up("http2-reset-flood");
}

bool Http2Guard::begin_frame(std::uint64_t now_ms) {
  const std::uint32_t size = std::uint32_t{header_[0]} << 16 | std::uint32_t{header_[1]} << 8 | header_[2];
  const std::uint8_t type = header_[3];
  const std::uint8_t flags = header_[4];
  const std::uint32_t stream = std::uint32_t{header_[5] & 0x7fU} << 24 | std::uint32_t{header_[6]} << 16 |
                               std::uint32_t{header_[7]} << 8 | header_[8];
  payload_left_ = size;
  ends_block_ = (type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION) && (flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  switch (type) {
    case NGHTTP2_HEADERS:
      if (opens_skipped(stream)) {
        use_up("http2-malformed");
        error_ = NGHTTP2_PROTOCOL_ERROR;
        return false;
      }
      block_since_ms_ = std::max<std::uint64_t>(now_ms, 1);
      continuations_ = 0;
      block_bytes_ = size;
      credit_ += kPerStream;
      break;
    case NGHTTP2_CONTINUATION:
      block_bytes_ += std::min(size, kMostBlockBytes);
      if (++continuations_ > kMostContinuations) return use_up("http2-continuation-flood");
      break;
    case NGHTTP2_DATA:
      if ((flags & NGHTTP2_FLAG_END_STREAM) != 0 ||
          (size > 0 && ((flags & NGHTTP2_FLAG_PADDED) == 0 || size > kMostPadding)))
        return true;
      return count_control(now_ms);
    case NGHTTP2_RST_STREAM:
      return true;  // count_reset()
    case NGHTTP2_PING:
    case NGHTTP2_PRIORITY:
    case NGHTTP2_PRIORITY_UPDATE:
    case NGHTTP2_WINDOW_UPDATE:
      if (credit_ == 0) return count_control(now_ms);
      --credit_;
      return true;
    default:
      return count_control(now_ms);
  }
  return block_bytes_ <= kMostBlockBytes || use_up("http2-header-block");
}

bool Http2Guard::read(std::string_view bytes, std::uint64_t now_ms) {
  if (!reason_.empty()) return false;
  const std::size_t preface = std::min(preface_left_, bytes.size());
  preface_left_ -= preface;
  bytes.remove_prefix(preface);
  while (!bytes.empty()) {
    if (payload_left_ == 0 && header_size_ < kFrameHeader) {
      header_[header_size_++] = static_cast<std::uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (header_size_ == kFrameHeader && !begin_frame(now_ms)) return false;
    } else {
      const std::size_t taken = std::min<std::size_t>(payload_left_, bytes.size());
      payload_left_ -= static_cast<std::uint32_t>(taken);
      bytes.remove_prefix(taken);
    }
    if (payload_left_ == 0 && header_size_ == kFrameHeader) {
      header_size_ = 0;
      if (ends_block_) block_since_ms_ = 0;
      ends_block_ = false;
    }
  }
  return true;
}

}  // namespace weir::proxy
