// Snapshot: one worker's hold on a table. Requests and handshakes pin it with a plain counter: nothing is shared
// between workers on the way of a request. One worker.
#pragma once

#include "weir/route/routing_table.h"

#include <cstdint>
#include <utility>

namespace weir::proxy {

class SnapshotRef {
 public:
  SnapshotRef() = default;
  explicit SnapshotRef(route::RoutingTablePtr table) : block_(new Block{std::move(table)}) {}
  SnapshotRef(const SnapshotRef& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->refs;
  }
  SnapshotRef(SnapshotRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SnapshotRef& operator=(SnapshotRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SnapshotRef() { reset(); }

  void reset() noexcept {
    Block* block = std::exchange(block_, nullptr);
    if (block != nullptr && --block->refs == 0) delete block;
  }
  explicit operator bool() const { return block_ != nullptr; }
  const route::RoutingTable& table() const { return *block_->table; }

 private:
  struct Block {
    explicit Block(route::RoutingTablePtr given) : table(std::move(given)) {}

    route::RoutingTablePtr table;
    std::uint64_t refs = 1;
  };
  Block* block_ = nullptr;
};

}  // namespace weir::proxy
