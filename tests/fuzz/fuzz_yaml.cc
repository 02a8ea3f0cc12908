// YAML manifests: any bytes give documents or an error; what comes out goes through the object decoder unharmed.
#include "fuzz/fuzz.h"
#include "watch/yaml_json.h"
#include "weir/kube/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto documents = weir::watch::yaml_to_json_documents(weir::fuzz::text(data, size));
  if (!documents) {
    weir::fuzz::require(!documents.error().text().empty(), "an error has a text");
    return 0;
  }
  for (const weir::watch::JsonDocument& document : *documents) {
    if (document.error.empty()) (void)weir::kube::decode(document.json);  // only has to end
  }
  return 0;
}
