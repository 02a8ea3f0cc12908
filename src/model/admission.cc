#include "weir/model/admission.h"

#include "model/gates.h"
#include "model/object_rules.h"
#include "model/order.h"
#include "model/report.h"
#include "weir/base/ascii.h"
#include "weir/model/model.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

class Admission {
 public:
  Admission(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options)
      : accepted_(accepted), state_(state), options_(options) {}

  base::Diagnostics run();

 private:
  void check_object(const kube::Ingress& ingress);
  void check_overlap();
  void say(Severity severity, const char* code, const kube::Ingress& ingress, std::string key, std::string text);

  const AcceptedSet& accepted_;
  const kube::ClusterState& state_;
  const Options& options_;
  base::Diagnostics found_;
};

void Admission::say(Severity severity, const char* code, const kube::Ingress& ingress, std::string key,
                    std::string text) {
  found_.push_back(diagnostic(severity, code, ref_of(ingress), std::move(key), std::move(text)));
  const auto origin = state_.ingress_origins.find(ingress.meta.object_name());
  if (origin == state_.ingress_origins.end()) return;
  found_.back().file = origin->second.file;
  found_.back().line = origin->second.line;
}

void Admission::check_object(const kube::Ingress& ingress) {
  if (has_bad_uid(ingress)) say(Severity::error, "uid-invalid", ingress, "metadata.uid", "ingress has invalid UID");
  const bool strict = !accepted_.settings || accepted_.settings->settings.strict_validate_path_type;
  for (const std::string& text : path_type_problems(ingress)) {
    say(strict ? Severity::error : Severity::warning, "path-type-strict", ingress, "spec.rules.paths",
        strict ? "ingress contains invalid paths: " + text : text);
  }
}

// Same host and path under another type in an older Ingress: both are served, but the webhook would refuse the younger
// one (spec 2.11: the type is not considered). Same type: build() reports it, because the younger rule is not served.
void Admission::check_overlap() {
  struct Claim {
    const kube::Ingress* ingress;
    kube::PathType type;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Claim>> owners;
  const std::string canary_key = options_.annotations_prefix + "/canary";
  const auto has_canary = [&](const kube::Ingress& ingress) { return ingress.meta.annotations.count(canary_key) != 0; };

  for (const AcceptedPtr* accepted : in_processing_order(accepted_)) {
    if ((*accepted)->policies.canary.enabled) continue;
    const kube::Ingress& ingress = *(*accepted)->object;
    for (const kube::IngressRule& rule : ingress.rules) {
      const std::string host = rule.host.empty() ? kCatchAll : base::to_lower(rule.host);
      for (const kube::IngressPath& path : rule.paths) {
        if (path.backend.is_resource) continue;
        const auto type = path.type == kube::PathType::exact ? kube::PathType::exact : kube::PathType::prefix;
        const std::string text = path.path.empty() ? "/" : path.path;
        std::vector<Claim>& claims = owners[{host, text}];
        const bool is_duplicate =
            std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.type == type; });
        if (is_duplicate) continue;
        for (const Claim& claim : claims) {
          if (claim.ingress == &ingress || has_canary(ingress) || has_canary(*claim.ingress)) continue;
          say(Severity::error, "path-duplicate", ingress, "spec.rules.paths",
              "host \"" + host + "\" and path \"" + text + "\" is already defined in ingress " +
                  kube::to_string(claim.ingress->meta.object_name()) + ", with another pathType");
        }
        claims.push_back({&ingress, type});
      }
    }
  }
}

base::Diagnostics Admission::run() {
  for (const auto& [name, ingress] : state_.ingresses) {
    if (ingress->meta.deleting || foreign_reason(*ingress, state_, options_)) continue;
    check_object(*ingress);
  }
  check_overlap();
  sort_by_object(found_);
  return std::move(found_);
}

}  // namespace

base::Diagnostics admission_errors(const AcceptedSet& accepted, const kube::ClusterState& state,
                                   const Options& options) {
  return Admission(accepted, state, options).run();
}

void admit_leaving(const kube::ClusterState& state, base::Diagnostics& diagnostics) {
  for (base::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::error || diagnostic.object.kind != "Ingress") continue;
    const auto found = state.ingresses.find({diagnostic.object.ns, diagnostic.object.name});
    if (found != state.ingresses.end() && found->second->meta.deleting) diagnostic.severity = Severity::warning;
  }
}

}  // namespace weir::model
