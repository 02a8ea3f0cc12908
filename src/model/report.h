// Diagnostics about one object, with the place it was read. Values.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/objects.h"
#include "weir/model/accept.h"

#include <string>
#include <utility>

namespace weir::model {

template <class T>
base::ObjectRef ref_of(const T& object) {
  return {T::kKind, object.meta.ns, object.meta.name};
}

template <class T>
base::ObjectRef ref_of(const kube::ObjectName& name) {
  return {T::kKind, name.ns, name.name};
}

inline base::Diagnostic diagnostic(base::Severity severity, std::string code, base::ObjectRef object, std::string key,
                                   std::string text) {
  return {severity, std::move(code), std::move(object), std::move(key), std::move(text), {}, 0};
}

inline base::Diagnostic diagnostic(base::Severity severity, std::string code, const AcceptedIngress& ingress,
                                   std::string key, std::string text) {
  return {severity,     std::move(code), ref_of(*ingress.object), std::move(key), std::move(text),
          ingress.file, ingress.line};
}

// Were any objects of the kind read in the namespace? If not, nothing is known about them (a check of Ingress manifests
// alone), and a missing one is no news.
template <class T>
base::Severity severity_of_missing(const kube::Objects<T>& objects, const std::string& ns) {
  const auto first = objects.lower_bound({ns, ""});
  return first != objects.end() && first->first.ns == ns ? base::Severity::warning : base::Severity::info;
}

// Orders by object; the messages of one object stay in the order they were found.
void sort_by_object(base::Diagnostics& diagnostics);

}  // namespace weir::model
