// Resolver: addresses of external names (ExternalName services, spec 2.7), one per process. Look-ups run on a thread of
// their own. Answers are kept for 30 s but looked up again in the background once they are a second old; a failure is
// kept for a second. A answers are preferred, AAAA are used only if there is no A.
//
// Thread rule: any worker. Lifetime: destroyed before the workers (see Offload).
#pragma once

#include "weir/base/cidr.h"
#include "weir/net/task.h"
#include "weir/upstream/offload.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace weir::upstream {

using AddressList = std::shared_ptr<const std::vector<base::IpAddress>>;

class Resolver {
 public:
  // Replaceable for tests; blocks. An empty list means the name has no address.
  using Lookup = std::function<std::vector<base::IpAddress>(const std::string& name)>;

  explicit Resolver(Lookup lookup = {});
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Null or empty: the name does not resolve now. `name` and `post` outlive the Task.
  // disable-ipv6-dns, for look-ups from now on. Any thread.
  void set_ipv4_only(bool on) { ipv4_only_.store(on, std::memory_order_relaxed); }

  net::Task<AddressList> resolve(const std::string& name, const PostToWorker& post);

 private:
  struct Entry;
  class Query;
  static constexpr std::chrono::seconds kRefreshAfter{1};
  static constexpr std::chrono::seconds kKeepFor{30};

  std::shared_ptr<Entry> entry_of(const std::string& name);

  std::atomic<bool> ipv4_only_{false};
  Lookup lookup_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  Offload offload_;  // last: its thread uses what is above
};

}  // namespace weir::upstream
