#include "model/order.h"

#include "model/report.h"

#include <algorithm>
#include <tuple>

namespace weir::model {
namespace {

// Compares "a_ns/a_name" with "b_ns/b_name" as texts. That differs from comparing the pairs: "a-b/x" stands before
// "a/x", because '-' stands before '/'.
int compare_joined(const kube::Metadata& a, const kube::Metadata& b) {
  if (a.ns == b.ns) return a.name.compare(b.name);
  const std::size_t common = std::min(a.ns.size(), b.ns.size());
  if (const int order = a.ns.compare(0, common, b.ns, 0, common); order != 0) return order;
  // One namespace is a true prefix of the other: its '/' meets the next character.
  return (a.ns + '/' + a.name).compare(b.ns + '/' + b.name);
}

}  // namespace

bool processed_before(const kube::Metadata& a, const kube::Metadata& b) {
  if (a.created != b.created) return a.created < b.created;
  return compare_joined(a, b) > 0;
}

std::vector<const AcceptedPtr*> in_processing_order(const AcceptedSet& accepted) {
  std::vector<const AcceptedPtr*> order;
  order.reserve(accepted.ingresses.size());
  // The map is nearly sorted the other way round already.
  for (auto it = accepted.ingresses.rbegin(); it != accepted.ingresses.rend(); ++it) order.push_back(&it->second);
  const auto before = [](const AcceptedPtr* a, const AcceptedPtr* b) {
    return processed_before((*a)->object->meta, (*b)->object->meta);
  };
  if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
  return order;
}

void sort_by_object(base::Diagnostics& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const base::Diagnostic& a, const base::Diagnostic& b) { return a.object < b.object; });
}

}  // namespace weir::model
