// Resolver: addresses of external names (ExternalName services, spec 2.7) as one worker knows them. An answer is used
// for its TTL (at least a second, at most an hour); after that it is still used for 30 s while it is looked up again in
// the background. A failure is kept for a second. Requests that come before the first answer wait for it.
// Requests can name hosts (auth-url with $host): at most kMost names are known, the longest unused is forgotten first.
//
// Thread rule: one worker; `lookup` may answer on any thread. Lifetime: the coroutines that wait end before it; answers
// that come later are dropped.
#pragma once

#include "weir/base/cidr.h"
#include "weir/net/task.h"
#include "weir/upstream/dns_client.h"
#include "weir/upstream/offload.h"

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::upstream {

using AddressList = std::shared_ptr<const std::vector<base::IpAddress>>;

class Resolver {
 public:
  using Clock = std::chrono::steady_clock;
  // A name and its addresses take some 500 bytes: 2 MiB. More questions than this are never under way either.
  static constexpr std::size_t kMost = 4096;
  // Never blocks; DnsClient::ask().
  using Lookup = std::function<void(const std::string& name, DnsClient::Done done)>;
  using Now = std::function<Clock::time_point()>;  // for tests

  // `post` leads to this worker; it and what `lookup` uses must outlive all answers.
  Resolver(Lookup lookup, PostToWorker post, Now now = &Clock::now);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Null or empty: the name does not resolve now, or all that may be known are being asked for. `name` outlives the
  // Task.
  net::Task<AddressList> resolve(const std::string& name);
  std::size_t size() const { return entries_.size(); }

 private:
  class Waiting;
  struct Entry;

  void ask(const std::string& name, Entry& entry);
  void take(const std::string& name, DnsAnswer answer);
  // nullptr: there is no room.
  Entry* entry_of(const std::string& name);
  bool forget_one();

  const Lookup lookup_;
  const PostToWorker post_;
  const Now now_;
  std::map<std::string, Entry> entries_;
  std::list<std::map<std::string, Entry>::iterator> by_use_;  // last used first
  std::shared_ptr<Resolver*> self_;                           // what posted answers hold weakly
};

}  // namespace weir::upstream
