#include "event_plan.h"

#include <array>
#include <string_view>

namespace weir::controller {
namespace {

struct ReasonRow {
  std::string_view code;  // a code, or the beginning of one that ends with "-"
  const char* reason;     // nullptr: no Event
};

// The first row that fits counts.
constexpr std::array<ReasonRow, 28> kReasons{{
    {"class-foreign", nullptr},  // somebody else's object
    {"annotation-denies", "AnnotationParsingFailed"},
    {"annotation-invalid", "AnnotationParsingFailed"},
    {"annotation-ignored", "AnnotationParsingFailed"},
    {"annotation-empty", "AnnotationParsingFailed"},
    {"annotation-unknown", "AnnotationIgnored"},
    {"annotation-deprecated", "AnnotationIgnored"},
    {"annotation-planned", "AnnotationIgnored"},
    {"annotation-", "Rejected"},  // refused, risky, snippet, prefix
    {"deep-inspect", "Rejected"},
    {"blocked-word", "Rejected"},
    {"catch-all-disabled", "Rejected"},
    {"ingress-refused", "Rejected"},
    {"uid-invalid", "Rejected"},
    {"object-invalid", "Rejected"},
    {"certificate-", "CertificateProblem"},
    {"default-certificate-", "CertificateProblem"},
    {"tls-", "CertificateProblem"},
    {"setting-", "SettingProblem"},
    {"service-", "BackendProblem"},
    {"stream-", "StreamProblem"},
    {"backend-", "BackendProblem"},
    {"default-backend-", "BackendProblem"},
    {"external-name-", "BackendProblem"},
    {"endpoint-", "BackendProblem"},
    {"path-", "RouteProblem"},
    {"host-", "RouteProblem"},
    {"alias-", "RouteProblem"},
}};
constexpr const char* kOther = "ConfigurationProblem";

const char* reason_of(const std::string& code) {
  for (const ReasonRow& row : kReasons) {
    if (row.code.back() == '-' ? code.starts_with(row.code) : code == row.code) return row.reason;
  }
  return kOther;
}

std::string text_of(const base::Diagnostic& diagnostic, const std::string& prefix) {
  if (diagnostic.key.empty()) return diagnostic.text;
  const bool annotation = diagnostic.code.starts_with("annotation-");
  return (annotation ? "annotation " + prefix + "/" : std::string()) + diagnostic.key + ": " + diagnostic.text;
}

}  // namespace

Warnings warnings_of(const base::Diagnostics& diagnostics, const std::string& annotations_prefix) {
  Warnings warnings;
  for (const base::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == base::Severity::info || diagnostic.object.ns.empty()) continue;
    const char* reason = reason_of(diagnostic.code);
    if (reason == nullptr) continue;
    std::string& message = warnings[{diagnostic.object, reason}];
    if (message.empty()) {
      if (std::string_view(reason) == "AnnotationParsingFailed") message = "Error parsing annotations: ";
    } else {
      message += "; ";
    }
    message += text_of(diagnostic, annotations_prefix);
  }
  return warnings;
}

}  // namespace weir::controller
