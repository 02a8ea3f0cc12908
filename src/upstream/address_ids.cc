// Step 8 of life-of-a-request: names for connections to addresses that no table knows.
#include "weir/upstream/address_ids.h"

#include <utility>

namespace weir::upstream {

route::EndpointId AddressIds::of(const base::IpAddress& ip, std::uint16_t port, std::string_view tls_name) {
  const auto known = by_target_.find(std::tuple(ip, port, tls_name));
  if (known != by_target_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, known->second.use);
    return known->second.id;
  }
  if (by_target_.size() >= kMost) {
    by_target_.erase(by_use_.back());
    by_use_.pop_back();
  }
  const auto made = by_target_.try_emplace(Target(ip, port, tls_name)).first;
  by_use_.push_front(made);
  made->second = {next_, by_use_.begin()};
  if (++next_ != 0) return made->second.id;
  const Entry last = made->second;
  by_target_.clear();
  by_use_.clear();
  next_ = kFirst;
  came_round_();
  return last.id;
}

}  // namespace weir::upstream
