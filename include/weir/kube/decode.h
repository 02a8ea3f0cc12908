// Decoding Kubernetes objects from JSON text into the structs of objects.h. Pure; never throws; any input gives objects
// or problems. nlohmann/json stays inside decode.cc. Rules: what an API server refuses by type (a number as annotation
// value, port 70000) is a problem of that object, but for a v1 path without pathType, which is a warning; fields that
// are null count as absent; unknown fields are ignored; of duplicate keys the last one counts.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/base/result.h"
#include "weir/kube/objects.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::kube {

using AnyObject =
    std::variant<std::shared_ptr<const Ingress>, std::shared_ptr<const IngressClass>, std::shared_ptr<const Service>,
                 std::shared_ptr<const EndpointSlice>, std::shared_ptr<const Secret>, std::shared_ptr<const ConfigMap>,
                 std::shared_ptr<const Pod>, std::shared_ptr<const Node>>;

// One object of the text. A legacy Endpoints object fills one EndpointSlice per subset, perhaps none; its slices are
// named "<name>/endpoints/<n>", which no slice of an API server can be.
struct DecodedItem {
  base::ObjectRef ref;    // the kind as written: "Endpoints" for the legacy form
  std::size_t first = 0;  // its objects: Decoded::objects[first, first + count)
  std::size_t count = 0;
  int place = -1;  // index in `items` of the outermost List; -1: the text is the object itself
};

struct Problem {
  base::ObjectRef ref;  // as far as it could be read; the name may be empty
  std::string field;    // "spec.rules[0].host"; empty: the object as a whole
  std::string text;     // for an operator; never quotes values of the object
  int place = -1;
};

// "Ingress default/web: spec.rules[0].host: expected a string, found a number"
std::string to_string(const Problem& problem);

struct Decoded {
  std::vector<AnyObject> objects;
  std::vector<DecodedItem> items;    // what `objects` consists of
  std::vector<std::string> skipped;  // "apps/v1 Deployment default/x": kinds Weir does not read
  std::vector<Problem> warnings;     // the object is taken: e.g. v1beta1 Ingress
  std::vector<Problem> errors;       // the object is not taken; the others of a List are
};

// `text` is one JSON document: an object or a List (v1 List, IngressList ...). Absent namespaces become `default`.
// Fails when the text is no JSON object at all, is nested deeper than kMaxNesting or longer than kMaxDocument; the
// error's code() is then the line of `text` (1-based) where reading stopped, 0 when unknown.
base::Result<Decoded> decode(std::string_view text);

// The same for an item of a typed list, which need not say what it is.
base::Result<Decoded> decode_item(std::string_view text, const std::string& api_version, const std::string& kind);

constexpr std::size_t kMaxDocument = 64u << 20;  // bytes
constexpr int kMaxNesting = 100;

}  // namespace weir::kube
