// Rules about an Ingress by itself that only the original's webhook applies (spec 2.11, 8.8). Pure.
#pragma once

#include "weir/kube/objects.h"

#include <string>
#include <vector>

namespace weir::model {

// An absent UID is fine: a manifest that no API server has seen.
bool has_bad_uid(const kube::Ingress& ingress);
// Of every rule path of type Exact, Prefix or none that has other characters than letters, digits and . _ - /:
// "path X cannot be used with pathType Y".
std::vector<std::string> path_type_problems(const kube::Ingress& ingress);

}  // namespace weir::model
