// CidrSet: a set of addresses given as ranges, with a look-up that does not grow with their number by more than its
// logarithm. A value; any thread.
#pragma once

#include "weir/base/cidr.h"

#include <string>
#include <vector>

namespace weir::base {

class CidrSet {
 public:
  CidrSet() = default;
  explicit CidrSet(std::vector<Cidr> items);

  bool contains(const IpAddress& address) const;
  bool empty() const { return items_.empty(); }
  const std::vector<Cidr>& items() const { return items_; }  // sorted, unique
  std::string to_string() const;                             // "10.0.0.0/8,::1/128"

  bool operator==(const CidrSet& other) const { return items_ == other.items_; }

 private:
  // Both ends included. An IPv6 range never holds an IPv4 address (see Cidr::contains), so that the families are kept
  // apart.
  struct Range {
    IpAddress first;
    IpAddress last;
  };
  std::vector<Cidr> items_;
  std::vector<Range> v4_;  // sorted, none touches another
  std::vector<Range> v6_;
};

// A comma list of addresses and CIDRs; items are trimmed, empty ones are dropped. `bad`: the first item that is
// neither, empty if there is none.
struct ParsedCidrSet {
  CidrSet set;
  std::string bad;
};
ParsedCidrSet parse_cidr_set(std::string_view list);

}  // namespace weir::base
