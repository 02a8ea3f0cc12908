// Compression of proxied responses: keys use-gzip, gzip-*, enable-brotli, brotli-* of the ConfigMap (spec 6.3). Global.
// Consumed by proxy/compressing_sink.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::features {

struct CodingSettings {
  bool enabled = false;
  int level = 1;                   // gzip 1 to 9, brotli 0 to 11
  std::uint64_t min_length = 256;  // bytes; responses of unknown length are always long enough
  std::vector<std::string> types;  // lower case; text/html is always among them; "*": all

  bool operator==(const CodingSettings&) const = default;
};

struct CompressionSettings {
  CodingSettings gzip;
  CodingSettings brotli{false, 4, 20, {}};
  std::string gzip_disable;  // expression; User-Agents that get no gzip; empty: none

  bool any() const { return gzip.enabled || brotli.enabled; }
  bool operator==(const CompressionSettings&) const = default;
};

}  // namespace weir::features
