// OpenCount: what is open for as long as this lives, in a metric cell. One worker.
#pragma once

#include "weir/observe/worker_metrics.h"

namespace weir::proxy {

class OpenCount {
 public:
  explicit OpenCount(observe::Cell& cell) : cell_(cell) { cell_.add(); }
  OpenCount(const OpenCount&) = delete;
  OpenCount& operator=(const OpenCount&) = delete;
  ~OpenCount() { cell_.add(-1); }

 private:
  observe::Cell& cell_;
};

}  // namespace weir::proxy
