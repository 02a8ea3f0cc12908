// Ids: numbers for backends, endpoints and locations, by which workers keep what outlives a table. An id keeps its
// meaning for the life of the process. Control thread.
#pragma once

#include "weir/base/cidr.h"
#include "weir/route/routing_table.h"

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::route {

class Ids {
 public:
  BackendId backend(const std::string& name) { return number(backends_, name); }
  LocationId location(std::string_view host, const Location& location);
  EndpointId endpoint(const base::IpAddress& ip, std::uint16_t port) {
    return endpoints_.try_emplace({ip, port}, static_cast<EndpointId>(endpoints_.size())).first->second;
  }
  std::size_t backends() const { return backends_.size(); }

 private:
  using Numbers = std::unordered_map<std::string, std::uint32_t>;
  static std::uint32_t number(Numbers& numbers, const std::string& key) {
    return numbers.try_emplace(key, static_cast<std::uint32_t>(numbers.size())).first->second;
  }

  Numbers backends_;
  Numbers locations_;
  std::map<std::pair<base::IpAddress, std::uint16_t>, EndpointId> endpoints_;
};

}  // namespace weir::route
