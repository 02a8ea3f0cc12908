#include "weir/base/cidr_set.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::base {
namespace {

IpAddress last_of(const Cidr& cidr) {
  IpAddress out = cidr.network;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(cidr.prefix - i * 8, 0, 8);
    auto& byte = out.bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>(byte | (0xff >> kept));
  }
  return out;
}

}  // namespace

CidrSet::CidrSet(std::vector<Cidr> items) : items_(std::move(items)) {
  std::sort(items_.begin(), items_.end());
  items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
  // Ranges of powers of two lie inside one another or apart, and sorted by network the larger comes first.
  for (const Cidr& cidr : items_) {
    std::vector<Range>& ranges = cidr.is_v4() ? v4_ : v6_;
    const IpAddress last = last_of(cidr);
    if (!ranges.empty() && last <= ranges.back().last) continue;
    ranges.push_back({cidr.network, last});
  }
}

bool CidrSet::contains(const IpAddress& address) const {
  const std::vector<Range>& ranges = address.is_v4() ? v4_ : v6_;
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), address,
                                      [](const IpAddress& wanted, const Range& range) { return wanted < range.first; });
  return after != ranges.begin() && address <= (after - 1)->last;
}

std::string CidrSet::to_string() const {
  std::vector<std::string> out;
  out.reserve(items_.size());
  for (const Cidr& cidr : items_) out.push_back(cidr.to_string());
  return join(out, ",");
}

ParsedCidrSet parse_cidr_set(std::string_view list) {
  ParsedCidrSet out;
  std::vector<Cidr> items;
  for (const std::string& item : split_list(list)) {
    if (const auto cidr = parse_cidr(item)) {
      items.push_back(*cidr);
    } else if (out.bad.empty()) {
      out.bad = item;
    }
  }
  out.set = CidrSet(std::move(items));
  return out;
}

}  // namespace weir::base
