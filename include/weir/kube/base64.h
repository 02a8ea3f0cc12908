// Base64 of RFC 4648 section 4, as Kubernetes reads it (Go's StdEncoding): padding is required, CR and LF are skipped,
// anything else outside the alphabet is an error. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::kube {

std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir::kube
