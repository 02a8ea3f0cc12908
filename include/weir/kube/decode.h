// Decoding one Kubernetes object from JSON text into the structs of objects.h. Pure; never throws; any input gives
// objects or an Error. nlohmann/json stays inside decode.cc.
#pragma once

#include "weir/base/result.h"
#include "weir/kube/objects.h"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::kube {

using AnyObject = std::variant<std::shared_ptr<const Ingress>, std::shared_ptr<const IngressClass>,
                               std::shared_ptr<const Service>, std::shared_ptr<const EndpointSlice>,
                               std::shared_ptr<const Secret>, std::shared_ptr<const ConfigMap>>;

struct Decoded {
  std::vector<AnyObject> objects;      // several for a List or a legacy Endpoints object
  std::vector<std::string> skipped;    // "apps/v1 Deployment default/x": kinds Weir does not read
  std::vector<std::string> warnings;   // e.g. v1beta1 Ingress
  std::vector<std::string> errors;     // items of a List that did not decode; the others are kept
};

// `text` is one JSON document: an object or a v1 List (or IngressList ...). Absent namespaces become `default`.
base::Result<Decoded> decode(std::string_view text);

}  // namespace weir::kube
