// The AdmissionReview documents that the API server and the admission webhook exchange (admission.k8s.io/v1; spec 8.8).
// Pure; nlohmann/json stays inside admission_review.cc.
#pragma once

#include "weir/kube/objects.h"
#include "weir/model/review.h"

#include <memory>
#include <string>
#include <string_view>

namespace weir::app {

struct AdmissionRequest {
  int status = 200;     // not 200: the document itself is refused with this HTTP status and `problem`
  std::string uid;      // to be repeated in the answer
  std::string problem;  // with status 200: the Ingress in it can't be read
  std::shared_ptr<const kube::Ingress> ingress;  // null if there is a problem, or if the object is being deleted
};

// Any text gives a request or a problem.
AdmissionRequest read_admission_review(std::string_view text);
std::string write_admission_review(const std::string& uid, const model::Review& review);

}  // namespace weir::app
