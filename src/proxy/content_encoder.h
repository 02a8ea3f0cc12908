// ContentEncoder: a stream of gzip or brotli (zlib, brotlienc). One worker. Memory is counted while it lives: a
// worker's encoders together stay within what the Worker allows.
#pragma once

#include "weir/features/compression/settings.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir::proxy {

enum class Coding : std::uint8_t { gzip, brotli };
std::string_view name_of(Coding coding);  // "gzip", "br"

class ContentEncoder {
 public:
  enum class End : std::uint8_t { flush, finish };

  virtual ~ContentEncoder() = default;
  // Appends the coded form of `bytes` to `out`; what was given so far can be decoded from it. false: no memory.
  virtual bool feed(std::string_view bytes, End end, std::string& out) = 0;
};

// `length`: of the body, if known: short ones take less memory. `used` counts bytes and outlives the encoder. nullptr:
// no memory.
std::unique_ptr<ContentEncoder> make_encoder(Coding coding, int level, std::optional<std::uint64_t> length,
                                             std::uint64_t& used);

}  // namespace weir::proxy
