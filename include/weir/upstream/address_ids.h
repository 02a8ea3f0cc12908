// AddressIds: under which ids connections and TLS sessions are kept that lead to addresses of no table: those of
// external names and of authentication services, which requests can name (auth-url with $host). Bounded: the longest
// unused target is forgotten first, which costs its next request a new connection.
//
// Thread rule: one worker.
#pragma once

#include "weir/base/cidr.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace weir::upstream {

class AddressIds {
 public:
  // As many as there are TLS sessions (tls::ClientSessions); at some 200 bytes each, 1 MiB.
  static constexpr std::size_t kMost = 4096;
  // Tables give out ids from below.
  static constexpr route::EndpointId kFirst = 0x80000000u;

  // `came_round`: all ids were used once; whatever is kept under one of them has to be forgotten now.
  explicit AddressIds(std::function<void()> came_round, route::EndpointId first = kFirst)
      : came_round_(std::move(came_round)), next_(first) {}

  // `tls_name`: what the other side's certificate has to be for; empty: plain, or the context says it. Connections that
  // were verified for one name are never used for another.
  route::EndpointId of(const base::IpAddress& ip, std::uint16_t port, std::string_view tls_name = {});
  std::size_t size() const { return by_target_.size(); }

 private:
  using Target = std::tuple<base::IpAddress, std::uint16_t, std::string>;
  struct Entry;
  // Compares with names that are only looked at. std::less<> of tuples of different texts is beyond Clang 14.
  struct Before {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      if (std::get<0>(a) != std::get<0>(b)) return std::get<0>(a) < std::get<0>(b);
      if (std::get<1>(a) != std::get<1>(b)) return std::get<1>(a) < std::get<1>(b);
      return std::string_view(std::get<2>(a)) < std::string_view(std::get<2>(b));
    }
  };
  using ByTarget = std::map<Target, Entry, Before>;
  using ByUse = std::list<ByTarget::iterator>;  // last used first
  struct Entry {
    route::EndpointId id = 0;
    ByUse::iterator use;
  };

  std::function<void()> came_round_;
  route::EndpointId next_;
  ByTarget by_target_;
  ByUse by_use_;
};

}  // namespace weir::upstream
