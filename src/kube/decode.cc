#include "weir/kube/decode.h"

#include "kube/kinds.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace weir::kube {
namespace {

using nlohmann::json;

enum class Kind { ingress, ingress_class, service, endpoint_slice, endpoints, secret, config_map, pod, node };

struct KindRow {
  const char* kind;
  const char* api_version;
  Kind read_as;
  IngressVersion version = IngressVersion::v1;
  bool namespaced = true;
};

// The first row of each kind is the version to recommend.
constexpr KindRow kKinds[] = {
    {"Ingress", "networking.k8s.io/v1", Kind::ingress},
    {"Ingress", "networking.k8s.io/v1beta1", Kind::ingress, IngressVersion::v1beta1},
    {"Ingress", "extensions/v1beta1", Kind::ingress, IngressVersion::v1beta1},
    {"IngressClass", "networking.k8s.io/v1", Kind::ingress_class, IngressVersion::v1, false},
    {"IngressClass", "networking.k8s.io/v1beta1", Kind::ingress_class, IngressVersion::v1, false},
    {"Service", "v1", Kind::service},
    {"EndpointSlice", "discovery.k8s.io/v1", Kind::endpoint_slice},
    {"EndpointSlice", "discovery.k8s.io/v1beta1", Kind::endpoint_slice},
    {"Endpoints", "v1", Kind::endpoints},
    {"Secret", "v1", Kind::secret},
    {"ConfigMap", "v1", Kind::config_map},
    {"Pod", "v1", Kind::pod},
    {"Node", "v1", Kind::node, IngressVersion::v1, false},
};

// The API groups these kinds live in: there, another version or a mix-up of groups is a mistake; elsewhere the same
// kind name is somebody else's ("config.openshift.io/v1 Ingress").
bool is_own_group(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  const std::string_view group = slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
  return group.empty() || group == "networking.k8s.io" || group == "extensions" || group == "discovery.k8s.io";
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Names as they may stand in a log line, also when the object turns out to be no good.
std::string printable(std::string_view text) {
  constexpr std::size_t kMaxShown = 253;
  std::string shown(text.substr(0, kMaxShown));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

// What can be said about an object before (or without) decoding it. Never throws.
base::ObjectRef name_of(const json& object, const std::string& kind) {
  base::ObjectRef ref{printable(kind), "", ""};
  const auto meta = object.find("metadata");
  if (meta == object.end() || !meta->is_object()) return ref;
  const auto read = [&meta](const char* key) {
    const auto it = meta->find(key);
    return it != meta->end() && it->is_string() ? printable(it->get_ref<const std::string&>()) : std::string();
  };
  ref.ns = read("namespace");
  ref.name = read("name");
  return ref;
}

class Decoder {
 public:
  Decoded take() { return std::move(decoded_); }

  // `list_*`: what the items of a typed list inherit.
  void read(const json& value, int place, const std::string& list_version = {}, const std::string& list_kind = {}) {
    place_ = place;
    ref_ = {};
    try {
      read_object(value, list_version, list_kind);
    } catch (const FieldError& error) {
      decoded_.errors.push_back({ref_, error.field, error.text, place});
    }
  }

 private:
  void read_object(const json& value, const std::string& list_version, const std::string& list_kind) {
    const Field root(&value, "");
    if (!value.is_object()) root.fail("is no Kubernetes object; an object has apiVersion, kind and metadata");
    std::string kind = root["kind"].text();
    std::string api_version = root["apiVersion"].text();
    if (kind.empty()) kind = list_kind;
    if (api_version.empty()) api_version = list_version;
    ref_ = name_of(value, kind);
    if (kind.empty()) root["kind"].fail("is missing");
    if (api_version.empty()) root["apiVersion"].fail("is missing");
    const auto items = value.find("items");
    if (kind == "List" || (ends_with(kind, "List") && items != value.end() && items->is_array())) {
      read_list(root, kind, api_version);
      return;
    }
    if (const KindRow* row = find_row(kind, api_version)) read_known(root, *row);
  }

  const KindRow* find_row(const std::string& kind, const std::string& api_version) {
    const KindRow* recommended = nullptr;
    for (const KindRow& row : kKinds) {
      if (kind != row.kind) continue;
      if (api_version == row.api_version) return &row;
      if (recommended == nullptr) recommended = &row;
    }
    if (recommended != nullptr && is_own_group(api_version)) {
      throw FieldError{"apiVersion", "there is no " + kind + " in this version; use " + recommended->api_version};
    }
    decoded_.skipped.push_back(printable(api_version) + " " + base::to_string(ref_));
    return nullptr;
  }

  void read_list(const Field& root, const std::string& kind, const std::string& api_version) {
    const bool typed = kind != "List";
    const std::string item_kind = typed ? kind.substr(0, kind.size() - 4) : std::string();
    const std::string item_version = typed ? api_version : std::string();
    const int outer_place = place_;
    int index = 0;
    root["items"].each([&](const Field& item) {
      const int place = outer_place >= 0 ? outer_place : index;
      ++index;
      read(item.present() ? *item.value() : json(), place, item_version, item_kind);
    });
  }

  void read_known(const Field& root, const KindRow& row) {
    Context context;
    if (!row.namespaced) ref_.ns.clear();
    if (row.namespaced && ref_.ns.empty() && !ref_.name.empty()) ref_.ns = "default";
    context.meta = read_metadata(root["metadata"], row.namespaced);
    const std::size_t first = decoded_.objects.size();
    switch (row.read_as) {
      case Kind::ingress:
        add(read_ingress(root, context, row.version));
        break;
      case Kind::ingress_class:
        add(read_ingress_class(root, context));
        break;
      case Kind::service:
        add(read_service(root, context));
        break;
      case Kind::endpoint_slice:
        add(read_endpoint_slice(root, context));
        break;
      case Kind::secret:
        add(read_secret(root, context));
        break;
      case Kind::config_map:
        add(read_config_map(root, context));
        break;
      case Kind::pod:
        add(read_pod(root, context));
        break;
      case Kind::node:
        add(read_node(root, context));
        break;
      case Kind::endpoints:
        for (auto& slice : read_endpoints(root, context)) add(std::move(slice));
        break;
    }
    if (row.version == IngressVersion::v1beta1) {
      context.warnings.push_back({"apiVersion", std::string(row.api_version) + " was removed in Kubernetes 1.22; use " +
                                                    "networking.k8s.io/v1"});
    }
    for (auto& warning : context.warnings) {
      decoded_.warnings.push_back({ref_, std::move(warning.field), std::move(warning.text), place_});
    }
    decoded_.items.push_back({ref_, first, decoded_.objects.size() - first, place_});
  }

  template <class T>
  void add(std::shared_ptr<const T> object) {
    decoded_.objects.emplace_back(std::move(object));
  }

  Decoded decoded_;
  base::ObjectRef ref_;  // of the object being read
  int place_ = -1;
};

int line_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

// Where the nesting first exceeds the limit; npos if nowhere. Counts brackets outside strings, which is exact for valid
// JSON; for anything else the parser has its say afterwards. Without it a parser would build the whole tree first.
std::size_t find_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) return i;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return std::string_view::npos;
}

// nlohmann's own words without their prefix, and without the quotation of the input: it may come from a Secret.
std::string reason_of(const std::exception& error) {
  std::string_view text = error.what();
  if (const auto end = text.find("; last read:"); end != std::string_view::npos) text = text.substr(0, end);
  for (std::string_view mark : {": ", "] "}) {
    if (const auto at = text.find(mark); at != std::string_view::npos) {
      text.remove_prefix(at + mark.size());
      break;
    }
  }
  return std::string(text);
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = base::to_string(problem.ref);
  if (!problem.field.empty()) text += (text.empty() ? "" : ": ") + problem.field;
  return text + (text.empty() ? "" : ": ") + problem.text;
}

base::Result<Decoded> decode_item(std::string_view text, const std::string& api_version, const std::string& kind) {
  if (text.size() > kMaxDocument) return base::fail("the document is longer than 64 MiB");
  if (const std::size_t at = find_too_deep(text); at != std::string_view::npos) {
    return base::fail("nested deeper than " + std::to_string(kMaxNesting) + " levels", line_of(text, at));
  }
  json root;
  try {
    root = json::parse(text);
  } catch (const json::parse_error& error) {
    return base::fail("not JSON: " + reason_of(error), line_of(text, error.byte > 0 ? error.byte - 1 : 0));
  } catch (const json::exception& error) {  // a number beyond double
    return base::fail("not usable as JSON: " + reason_of(error));
  }
  if (!root.is_object()) return base::fail("not a Kubernetes object: an object has apiVersion, kind and metadata", 1);
  Decoder decoder;
  decoder.read(root, -1, api_version, kind);
  return decoder.take();
}

base::Result<Decoded> decode(std::string_view text) {
  return decode_item(text, {}, {});
}

}  // namespace weir::kube
