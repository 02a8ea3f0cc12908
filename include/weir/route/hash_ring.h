// HashRing: consistent hashing over the endpoints of one backend (spec 3.4, `chash`), and the keys of persistent
// affinity. Compatible with the original, so that sessions survive a change of the controller.
//
// Immutable after it is made; any thread. Lifetime: independent of the endpoints it was made from.
#pragma once

#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

class HashRing {
 public:
  static constexpr std::uint32_t kPoints = 160;  // per node

  // 160 points a node: the CRC-32 of the node's text, continued with the point before.
  explicit HashRing(const std::vector<std::string>& nodes);

  // Index of the node that owns the key: the first point at or behind the key's CRC-32, around the end if need be.
  // REQUIRES: at least one node.
  std::size_t find(std::string_view key) const;
  std::size_t nodes() const { return nodes_; }

 private:
  struct Point {
    std::uint32_t hash;
    std::uint32_t node;
  };
  std::vector<Point> points_;  // by hash, then node
  std::size_t nodes_;
};

// The nodes of a backend's ring: "ip:port" of its endpoints, or "set1", "set2" ... of a hash to subsets.
std::vector<std::string> ring_nodes(const Backend& backend, std::span<const Endpoint> endpoints);

// How many sets `chashsubset` makes, and the index of the endpoint that is member `i` of set `set`: the list cut in
// order, the last set filled up from the list's beginning.
std::size_t subset_count(std::size_t endpoints, std::size_t size);
std::size_t subset_member(std::size_t set, std::size_t i, std::size_t endpoints, std::size_t size);

// The backend's part of an affinity cookie: md5hex(md5hex(name) + name).
std::string affinity_id(std::string_view backend_name);
// The endpoint's part in persistent mode: md5hex(backend name + "ip:port").
std::string affinity_key(std::string_view backend_name, std::string_view endpoint);

}  // namespace weir::route
