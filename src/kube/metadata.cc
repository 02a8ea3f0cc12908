#include "kube/kinds.h"

#include "weir/kube/timestamp.h"

#include <algorithm>

namespace weir::kube {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxAnnotations = 256 * 1024;  // keys and values together, as an API server counts
constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// What any API server refuses in a path segment, and bytes that would forge log lines. The finer DNS rules differ by
// kind and harm nobody here.
void check_name(const Field& field, const std::string& name) {
  if (name.size() > kMaxName) field.fail("is longer than 253 bytes");
  if (name == "." || name == "..") field.fail("may not be \".\" or \"..\"");
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return c > ' ' && c <= '~' && c != '/' && c != '%' && c != '"'; });
  if (!plain) field.fail("has characters that no name may have");
}

}  // namespace

Metadata read_metadata(const Field& meta, bool namespaced) {
  Metadata result;
  result.name = meta["name"].text();
  if (result.name.empty()) meta["name"].fail("is missing");
  check_name(meta["name"], result.name);
  if (namespaced) {
    result.ns = meta["namespace"].text();
    if (result.ns.empty()) result.ns = "default";
    check_name(meta["namespace"], result.ns);
  }
  result.uid = meta["uid"].text();
  result.resource_version = meta["resourceVersion"].text();
  result.deleting = !meta["deletionTimestamp"].text().empty();
  if (const std::string created = meta["creationTimestamp"].text(); !created.empty()) {
    const auto seconds = parse_rfc3339(created);
    if (!seconds) meta["creationTimestamp"].fail("is no RFC 3339 time such as 2026-01-31T12:00:00Z");
    result.created = std::max<std::int64_t>(*seconds, 0);
  }
  result.annotations = meta["annotations"].texts();
  result.labels = meta["labels"].texts();
  std::size_t size = 0;
  for (const auto& [key, value] : result.annotations) size += key.size() + value.size();
  if (size > kMaxAnnotations) meta["annotations"].fail("hold more than 256 KiB");
  result.annotations.erase(kLastApplied);
  return result;
}

}  // namespace weir::kube
