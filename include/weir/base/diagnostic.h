// Diagnostic: a message to the author of an object. Everything a user can write wrongly becomes one of these, never an
// exception and never a stop (life-of-an-object, all steps). Values only; any thread.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace weir::base {

// Names an object of the cluster. `kind` as Kubernetes writes it ("Ingress"); `ns` is empty for cluster-wide kinds.
struct ObjectRef {
  std::string kind;
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectRef&) const = default;
};

// "Ingress default/web"; "IngressClass nginx" without a namespace.
std::string to_string(const ObjectRef& ref);

// error: the original's admission webhook would refuse the object (spec 8.8).
// warning: it would admit the object, but something is not served as written (503-class values, foreign classes,
// unknown names, planned features). info: worth knowing, served as written.
enum class Severity { info, warning, error };
const char* to_string(Severity severity);

struct Diagnostic {
  Severity severity = Severity::warning;
  std::string code;  // stable, kebab-case: "annotation-invalid", "path-duplicate", "unreadable-file" ...
  ObjectRef object;  // empty kind: the message is about a file
  std::string key;   // annotation key without prefix, ConfigMap key or field path; may be empty
  std::string text;  // for an operator; says what to change
  std::string file;  // source file, when objects come from files; else empty
  int line = 0;      // 1-based, 0 when unknown

  auto operator<=>(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

// One line: "error: Ingress default/web: annotation limit-rps: ... (file.yaml:12)".
std::string to_string(const Diagnostic& diagnostic);

}  // namespace weir::base
