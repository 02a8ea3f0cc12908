// DnsClient: looks up addresses of names by c-ares, many at a time, on a thread of its own, and knows how long an
// answer may be kept. Search list and ndots of /etc/resolv.conf and the names of /etc/hosts count, as for any program;
// a changed resolv.conf is read again. A addresses are preferred: AAAA is asked only if there is no A.
//
// Thread rule: ask() and set_ipv4_only() from any thread; `done` runs on the client's thread. Lifetime: destroying it
// ends the thread; what was not answered by then is not answered any more.
#pragma once

#include "weir/base/cidr.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir::upstream {

struct DnsAnswer {
  std::vector<base::IpAddress> addresses;  // sorted, unique; IPv4 in mapped form; empty: none, or no answer
  std::chrono::seconds ttl{0};             // the shortest of the records that led here; 0 of /etc/hosts
};

struct DnsOptions {
  std::string servers;                      // "127.0.0.1:53,[::1]:53"; empty: those of /etc/resolv.conf
  std::chrono::milliseconds timeout{2000};  // for the first try of a server; doubled when all were tried
  int tries = 2;
};

class DnsClient {
 public:
  using Done = std::function<void(DnsAnswer)>;

  explicit DnsClient(DnsOptions options = {});
  ~DnsClient();
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;

  void ask(std::string name, Done done);
  // disable-ipv6-dns of the ConfigMap. From the next question on.
  void set_ipv4_only(bool only);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace weir::upstream
