// Life-of-an-object, step 6: the ports that a published table asks for.
#include "proxy/port_opener.h"

#include "weir/net/listen.h"

#include <cerrno>
#include <utility>

namespace weir::proxy {
namespace {

base::Result<int> bind_one(PortKey key, const std::string& address, bool reuse_port) {
  net::ListenOptions how;
  how.reuse_port = reuse_port;
  return key.udp ? net::bind_udp(address, key.port, how) : net::listen_tcp(address, key.port, how);
}

std::string advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; ports below 1024 need the capability NET_BIND_SERVICE (securityContext of the container) or a lower "
             "net.ipv4.ip_unprivileged_port_start";
    case EADDRINUSE:
      return "; something else on this machine or in this Pod uses it";
    default:
      return "";
  }
}

}  // namespace

std::vector<BindAddress> bind_addresses(const std::vector<std::string>& configured, bool ipv6) {
  std::vector<BindAddress> all;
  for (const std::string& one : configured) all.push_back({one, true});
  if (!all.empty()) return all;
  all.push_back({"0.0.0.0", true});
  if (ipv6) all.push_back({"::", false});
  return all;
}

void PortOpener::take(const route::RoutingTable& table) {
  std::map<PortKey, bool> now;
  for (const route::PortService& service : table.port_services) {
    const PortKey key{service.udp, service.port};
    const auto before = wanted_.find(key);
    now[key] = before != wanted_.end() && before->second;
  }
  for (const auto& [key, is_open] : wanted_) {
    if (is_open && !now.contains(key)) closing_[key] = table.generation;
  }
  wanted_ = std::move(now);
}

std::vector<PortProblem> PortOpener::open(std::uint64_t in_force, const Hand& hand) {
  std::vector<PortProblem> problems;
  std::erase_if(closing_, [in_force](const auto& entry) { return entry.second <= in_force; });
  for (auto& [key, is_open] : wanted_) {
    if (is_open) continue;
    base::Result<std::vector<OpenSockets>> sockets = bind(key, closing_.contains(key));
    if (!sockets) {
      problems.push_back({key.udp, key.port, sockets.error().text() + advice(sockets.error().code())});
      continue;
    }
    for (std::size_t i = 0; i < workers_; ++i) hand(i, key, std::move((*sockets)[i]));
    is_open = true;
  }
  return problems;
}

// SO_REUSEPORT would let a second process take a part of what comes, or us of another's, without an error: each address
// is tried without it first. `may_be_ours`: our own sockets on the port may not be closed yet.
base::Result<std::vector<OpenSockets>> PortOpener::bind(PortKey key, bool may_be_ours) const {
  std::vector<OpenSockets> all(workers_);
  for (const BindAddress& at : addresses_) {
    if (!may_be_ours) {
      const base::Result<int> probe = bind_one(key, at.address, false);
      if (probe) {
        ::close(*probe);
      } else if (at.required || probe.error().code() == EADDRINUSE) {
        return probe.error();
      }
    }
    for (OpenSockets& of_worker : all) {
      const base::Result<int> fd = bind_one(key, at.address, true);
      if (fd) {
        of_worker.add(*fd);
        continue;
      }
      const int code = fd.error().code();
      if (!at.required && (code == EAFNOSUPPORT || code == EADDRNOTAVAIL)) break;
      return fd.error();
    }
  }
  return all;
}

}  // namespace weir::proxy
