#include "weir/route/hash_ring.h"

#include "weir/tls/digest.h"

#include <zlib.h>

#include <algorithm>
#include <tuple>

namespace weir::route {
namespace {

std::uint32_t crc_of(std::string_view text, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(crc32_z(before, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

}  // namespace

HashRing::HashRing(const std::vector<std::string>& nodes) : nodes_(nodes.size()) {
  points_.reserve(nodes.size() * kPoints);
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const std::uint32_t base = crc_of(nodes[node]);
    std::uint32_t point = 0;
    for (std::uint32_t i = 0; i < kPoints; ++i) {
      const unsigned char before[4] = {static_cast<unsigned char>(point), static_cast<unsigned char>(point >> 8),
                                       static_cast<unsigned char>(point >> 16),
                                       static_cast<unsigned char>(point >> 24)};
      point = static_cast<std::uint32_t>(crc32_z(base, before, sizeof before));
      points_.push_back({point, static_cast<std::uint32_t>(node)});
    }
  }
  std::sort(points_.begin(), points_.end(),
            [](const Point& a, const Point& b) { return std::tie(a.hash, a.node) < std::tie(b.hash, b.node); });
}

std::size_t HashRing::find(std::string_view key) const {
  const auto found = std::lower_bound(points_.begin(), points_.end(), crc_of(key),
                                      [](const Point& point, std::uint32_t hash) { return point.hash < hash; });
  return found == points_.end() ? points_.front().node : found->node;
}

std::vector<std::string> ring_nodes(const Backend& backend, std::span<const Endpoint> endpoints) {
  std::vector<std::string> nodes;
  if (backend.algorithm == Algorithm::hash_subset) {
    const std::size_t sets = subset_count(endpoints.size(), static_cast<std::size_t>(backend.hash.subset_size));
    for (std::size_t i = 1; i <= sets; ++i) nodes.push_back("set" + std::to_string(i));
  } else {
    for (const Endpoint& endpoint : endpoints) nodes.push_back(endpoint.text);
  }
  return nodes;
}

std::size_t subset_count(std::size_t endpoints, std::size_t size) {
  return (endpoints + size - 1) / size;
}

std::size_t subset_member(std::size_t set, std::size_t i, std::size_t endpoints, std::size_t size) {
  return (set * size + i) % endpoints;
}

std::string affinity_id(std::string_view backend_name) {
  return tls::md5_hex(tls::md5_hex(backend_name).append(backend_name));
}

std::string affinity_key(std::string_view backend_name, std::string_view endpoint) {
  return tls::md5_hex(std::string(backend_name).append(endpoint));
}

}  // namespace weir::route
