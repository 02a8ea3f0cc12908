#include "admission_review.h"

#include "weir/kube/decode.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace weir::app {
namespace {

using nlohmann::json;

// The API server cuts what exceeds 256 characters a warning or 4 KiB in all.
constexpr std::size_t kMaxWarnings = 15;
constexpr std::size_t kMaxWarning = 255;

AdmissionRequest refused(int status, std::string problem) {
  AdmissionRequest request;
  request.status = status;
  request.problem = std::move(problem);
  return request;
}

std::string text_at(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

AdmissionRequest read_admission_review(std::string_view text) {
  const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return refused(400, "not an AdmissionReview: the body is no JSON object");
  if (!root.contains("apiVersion") || !root.contains("kind")) {
    return refused(400, "not an AdmissionReview: apiVersion or kind is missing");
  }
  if (text_at(root, "apiVersion") != "admission.k8s.io/v1" || text_at(root, "kind") != "AdmissionReview") {
    return refused(500, "not an AdmissionReview of version admission.k8s.io/v1");
  }
  const auto found = root.find("request");
  if (found == root.end() || !found->is_object()) return refused(400, "the AdmissionReview has no request");
  const auto kind = found->find("kind");
  if (kind == found->end() || !kind->is_object() || text_at(*kind, "group") != "networking.k8s.io" ||
      text_at(*kind, "version") != "v1" || text_at(*kind, "kind") != "Ingress") {
    return refused(500, "only Ingresses of networking.k8s.io/v1 are reviewed here");
  }
  AdmissionRequest request;
  request.uid = text_at(*found, "uid");
  const auto object = found->find("object");
  if (object == found->end() || object->is_null()) return request;
  const auto decoded = kube::decode(object->dump(-1, ' ', false, json::error_handler_t::replace));
  if (!decoded) {
    request.problem = decoded.error().text();
  } else if (!decoded->errors.empty()) {
    request.problem = to_string(decoded->errors.front());
  } else if (decoded->objects.size() != 1 ||
             !std::holds_alternative<std::shared_ptr<const kube::Ingress>>(decoded->objects.front())) {
    request.problem = "the object is no Ingress of networking.k8s.io/v1";
  } else {
    request.ingress = std::get<std::shared_ptr<const kube::Ingress>>(decoded->objects.front());
  }
  return request;
}

std::string write_admission_review(const std::string& uid, const model::Review& review) {
  json response{{"uid", uid}, {"allowed", review.allowed}};
  if (!review.allowed) {
    response["status"] = {{"status", "Failure"}, {"code", 400}, {"reason", "BadRequest"}, {"message", review.message}};
  }
  if (!review.warnings.empty()) {
    json warnings = json::array();
    for (std::size_t i = 0; i < std::min(review.warnings.size(), kMaxWarnings); ++i) {
      warnings.push_back(review.warnings[i].substr(0, kMaxWarning));
    }
    response["warnings"] = std::move(warnings);
  }
  const json root{
      {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
  // A warning may be cut inside a character.
  return root.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace weir::app
