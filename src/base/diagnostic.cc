#include "weir/base/diagnostic.h"

#include <string_view>

namespace weir::base {
namespace {

bool is_field_path(std::string_view key) {
  for (std::string_view root : {"apiVersion", "kind", "spec", "metadata", "data", "status", "items"}) {
    if (key.substr(0, root.size()) == root &&
        (key.size() == root.size() || key[root.size()] == '.' || key[root.size()] == '[')) {
      return true;
    }
  }
  return false;
}

std::string key_text(const Diagnostic& diagnostic) {
  if (is_field_path(diagnostic.key)) return diagnostic.key;
  if (diagnostic.object.kind == "Ingress") return "annotation " + diagnostic.key;
  if (diagnostic.object.kind == "ConfigMap") return "key " + diagnostic.key;
  return diagnostic.key;
}

}  // namespace

std::string to_string(const ObjectRef& ref) {
  std::string text = ref.kind;
  if (!text.empty() && !(ref.ns.empty() && ref.name.empty())) text += ' ';
  if (!ref.ns.empty()) text += ref.ns + "/";
  return text + ref.name;
}

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "unknown";
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = to_string(diagnostic.severity);
  const std::string object = to_string(diagnostic.object);
  if (!object.empty()) text += ": " + object;
  if (!diagnostic.key.empty()) text += ": " + key_text(diagnostic);
  text += ": " + diagnostic.text;
  if (!diagnostic.file.empty()) {
    text += " (" + diagnostic.file;
    if (diagnostic.line > 0) text += ":" + std::to_string(diagnostic.line);
    text += ")";
  }
  return text;
}

}  // namespace weir::base
