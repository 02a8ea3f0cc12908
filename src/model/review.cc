#include "weir/model/review.h"

#include "model/gates.h"
#include "model/object_rules.h"
#include "model/report.h"
#include "weir/base/ascii.h"
#include "weir/model/model.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::model {
namespace {

using Claim = std::pair<std::string, std::string>;  // host, path

std::vector<Claim> claims_of(const kube::Ingress& ingress) {
  std::vector<Claim> claims;
  for (const kube::IngressRule& rule : ingress.rules) {
    for (const kube::IngressPath& path : rule.paths) {
      if (path.backend.is_resource) continue;
      claims.emplace_back(rule.host.empty() ? kCatchAll : base::to_lower(rule.host),
                          path.path.empty() ? "/" : path.path);
    }
  }
  return claims;
}

// Spec 2.11: the type of the path is not considered, and a canary annotation on either side lifts the rule.
std::optional<std::string> overlap(const kube::Ingress& ingress, const AcceptedSet& live, const std::string& prefix) {
  const std::string canary = prefix + "/canary";
  if (ingress.meta.annotations.count(canary) != 0) return std::nullopt;
  std::vector<Claim> claims = claims_of(ingress);
  std::sort(claims.begin(), claims.end());
  for (const auto& [name, other] : live.ingresses) {
    if (name == ingress.meta.object_name() || other->object->meta.annotations.count(canary) != 0) continue;
    for (const Claim& claim : claims_of(*other->object)) {
      if (!std::binary_search(claims.begin(), claims.end(), claim)) continue;
      return "host \"" + claim.first + "\" and path \"" + claim.second + "\" is already defined in ingress " +
             kube::to_string(name);
    }
  }
  return std::nullopt;
}

// The object alone, in the world of its classes and settings: what accept() says about it.
AcceptedSet accept_alone(const std::shared_ptr<const kube::Ingress>& ingress, const AcceptedSet& live,
                         const kube::ClusterState& state, const Options& options) {
  AcceptedSet before;
  before.settings = live.settings;
  before.config_map = live.config_map;
  kube::ClusterState alone;
  alone.ingresses[ingress->meta.object_name()] = ingress;
  alone.ingress_classes = state.ingress_classes;
  if (options.config_map && live.config_map) alone.config_maps[*options.config_map] = live.config_map;
  return accept(before, alone, options);
}

// Texts of the original name their annotation themselves.
std::string with_key(const base::Diagnostic& diagnostic) {
  if (diagnostic.key.empty() || diagnostic.text.find(diagnostic.key) != std::string::npos) return diagnostic.text;
  return diagnostic.key + ": " + diagnostic.text;
}

// Errors of accept() that are steps 5 and 8 of spec 8.8; its others are step 9.
bool is_of_early_step(const base::Diagnostic& error) {
  return error.code == "catch-all-disabled" || error.code == "blocked-word" || error.code == "annotation-prefix" ||
         error.code == "annotation-snippet";
}

Review refused(Review review, std::string message) {
  review.allowed = false;
  review.message = std::move(message);
  return review;
}

}  // namespace

Review review(const std::shared_ptr<const kube::Ingress>& ingress, const AcceptedSet& live,
              const kube::ClusterState& state, const Options& options, bool only_this) {
  Review result;
  if (ingress->meta.deleting) return result;
  if (options.deep_inspect) {
    if (auto text = deep_inspect(*ingress)) return refused(std::move(result), "invalid object: " + *text);
  }
  if (foreign_reason(*ingress, state, options)) return result;
  if (has_bad_uid(*ingress)) return refused(std::move(result), "ingress has invalid UID");

  const AcceptedSet alone = accept_alone(ingress, live, state, options);
  const base::Diagnostic* error = nullptr;
  for (const base::Diagnostic& diagnostic : alone.diagnostics) {
    if (diagnostic.object != ref_of(*ingress)) continue;  // of the settings
    if (diagnostic.severity == base::Severity::error) {
      if (!error) error = &diagnostic;
    } else if (diagnostic.severity == base::Severity::warning && diagnostic.code != "ingress-refused") {
      result.warnings.push_back(with_key(diagnostic));
    }
  }
  const bool strict = alone.settings->settings.strict_validate_path_type;
  const std::vector<std::string> paths = path_type_problems(*ingress);
  if (!strict) result.warnings.insert(result.warnings.end(), paths.begin(), paths.end());
  if (strict && !paths.empty()) {
    std::string all;
    for (const std::string& path : paths) all += (all.empty() ? "" : ", ") + path;
    return refused(std::move(result), "ingress contains invalid paths: " + all);
  }
  result.counted = error == nullptr || !is_of_early_step(*error);
  if (error) return refused(std::move(result), with_key(*error));
  if (!only_this) {
    if (auto taken = overlap(*ingress, live, options.annotations_prefix)) {
      return refused(std::move(result), std::move(*taken));
    }
  }
  return result;
}

}  // namespace weir::model
