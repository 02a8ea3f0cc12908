// Objects as JSON: any bytes give objects or an error with a text.
#include "fuzz/fuzz.h"
#include "weir/kube/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = weir::kube::decode(weir::fuzz::text(data, size));
  if (!decoded) {
    weir::fuzz::require(!decoded.error().text().empty(), "an error has a text");
    return 0;
  }
  for (const weir::kube::AnyObject& object : decoded->objects) {
    const bool there = std::visit([](const auto& pointer) { return pointer != nullptr; }, object);
    weir::fuzz::require(there, "objects are not null");
  }
  for (const weir::kube::Problem& problem : decoded->errors) {
    weir::fuzz::require(!weir::kube::to_string(problem).empty(), "an error has a text");
  }
  return 0;
}
