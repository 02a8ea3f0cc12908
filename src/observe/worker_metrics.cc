#include "weir/observe/worker_metrics.h"

namespace weir::observe {

const char* to_string(MirrorEnd end) {
  switch (end) {
    case MirrorEnd::answered:
      return "answered";
    case MirrorEnd::busy:
      return "busy";
    case MirrorEnd::memory:
      return "memory";
    case MirrorEnd::invalid_url:
      return "invalid-url";
    case MirrorEnd::unresolved:
      return "unresolved";
    case MirrorEnd::unreachable:
      return "unreachable";
    case MirrorEnd::timeout:
      return "timeout";
    case MirrorEnd::malformed:
      return "malformed";
  }
  return "";
}

void WorkerMetrics::count_reason(std::string_view code) {
  const auto known = index_.find(code);
  if (known != index_.end()) {
    reasons_[known->second]->count.add();
    return;
  }
  const std::size_t size = size_.load(std::memory_order_relaxed);
  // The last slot is for everything that does not fit any more.
  const std::string name = size + 1 < kMaxReasons ? std::string(code) : std::string("other");
  if (size + 1 >= kMaxReasons) {
    const auto other = index_.find(name);
    if (other != index_.end()) {
      reasons_[other->second]->count.add();
      return;
    }
  }
  auto reason = std::make_unique<Reason>();
  reason->code = name;
  reason->count.add();
  reasons_[size] = std::move(reason);
  index_.emplace(name, size);
  size_.store(size + 1, std::memory_order_release);
}

}  // namespace weir::observe
