#include "weir/upstream/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace weir::upstream {
namespace {

using Clock = std::chrono::steady_clock;

// IPv4 addresses are kept in their mapped form (base/cidr.h).
void append_address(const sockaddr& address, std::vector<base::IpAddress>& out) {
  base::IpAddress ip;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(&ip.bytes[12], &v4.sin_addr, 4);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
  } else {
    return;
  }
  if (std::find(out.begin(), out.end(), ip) == out.end()) out.push_back(ip);
}

// Search list and ndots of /etc/resolv.conf are the system resolver's business; so is a trailing dot.
std::vector<base::IpAddress> system_lookup(const std::string& name, bool ipv4_only) {
  std::vector<base::IpAddress> out;
  for (int family : {AF_INET, AF_INET6}) {
    if (family == AF_INET6 && ipv4_only) break;
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) continue;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) append_address(*one->ai_addr, out);
    freeaddrinfo(found);
    if (!out.empty()) break;
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

struct Resolver::Entry {
  std::mutex mutex;
  AddressList addresses;         // of the last successful look-up
  Clock::time_point answered{};  // when that was
  Clock::time_point asked{};     // when the last look-up began; it may still run
  bool running = false;
};

class Resolver::Query : public Work {
 public:
  Query(std::string name, const Lookup& lookup, std::shared_ptr<Entry> entry)
      : name_(std::move(name)), lookup_(lookup), entry_(std::move(entry)) {}

  int run() override {
    {
      std::lock_guard lock(entry_->mutex);
      // Another worker's question was answered while this one was queued.
      if (!entry_->running && Clock::now() - entry_->asked < kRefreshAfter) return 1;
    }
    std::vector<base::IpAddress> found = lookup_(name_);
    std::lock_guard lock(entry_->mutex);
    entry_->running = false;
    entry_->asked = Clock::now();
    if (!found.empty()) {
      entry_->addresses = std::make_shared<const std::vector<base::IpAddress>>(std::move(found));
      entry_->answered = entry_->asked;
    }
    return 1;
  }

 private:
  const std::string name_;
  const Lookup lookup_;
  const std::shared_ptr<Entry> entry_;
};

Resolver::Resolver(Lookup lookup) : lookup_(std::move(lookup)) {
  if (lookup_) return;
  lookup_ = [this](const std::string& name) { return system_lookup(name, ipv4_only_.load(std::memory_order_relaxed)); };
}

std::shared_ptr<Resolver::Entry> Resolver::entry_of(const std::string& name) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[name];
  if (!entry) entry = std::make_shared<Entry>();
  return entry;
}

net::Task<AddressList> Resolver::resolve(const std::string& name, const PostToWorker& post) {
  std::shared_ptr<Entry> entry = entry_of(name);
  bool ask = false;
  bool usable = false;
  AddressList known;
  {
    std::lock_guard lock(entry->mutex);
    Clock::time_point now = Clock::now();
    known = entry->addresses;
    usable = known && now - entry->answered < kKeepFor;
    ask = !entry->running && (entry->asked == Clock::time_point{} || now - entry->asked >= kRefreshAfter);
    if (ask) entry->running = true;
    // A name that failed within the last second fails at once.
    if (!usable && !ask && !entry->running) co_return AddressList{};
  }
  if (usable) {
    if (ask) offload_.submit(std::make_shared<Query>(name, lookup_, entry));
    co_return known;
  }
  // Also when another request asks already: one thread works in order, so this ends right after that one.
  WorkPtr query = std::make_shared<Query>(name, lookup_, entry);
  (void)co_await offload_.run(post, query);
  std::lock_guard lock(entry->mutex);
  bool fresh = entry->addresses && Clock::now() - entry->answered < kKeepFor;
  co_return fresh ? entry->addresses : AddressList{};
}

}  // namespace weir::upstream
