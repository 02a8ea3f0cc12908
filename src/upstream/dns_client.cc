#include "weir/upstream/dns_client.h"

#include <ares.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace weir::upstream {
namespace {

constexpr const char* kResolvConf = "/etc/resolv.conf";
// Without anything to be done the thread still looks at c-ares' own timeouts that often.
constexpr int kIdleMs = 60'000;

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
  out.push_back(ip);
}

DnsAnswer answer_of(const ares_addrinfo& found) {
  DnsAnswer answer;
  int ttl = -1;
  const auto limit = [&ttl](int of_record) { ttl = ttl < 0 ? of_record : std::min(ttl, of_record); };
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    append_address(*node->ai_addr, answer.addresses);
    limit(node->ai_ttl);
  }
  for (const ares_addrinfo_cname* alias = found.cnames; alias != nullptr; alias = alias->next) limit(alias->ttl);
  std::sort(answer.addresses.begin(), answer.addresses.end());
  answer.addresses.erase(std::unique(answer.addresses.begin(), answer.addresses.end()), answer.addresses.end());
  answer.ttl = std::chrono::seconds(std::max(ttl, 0));
  return answer;
}

// Another time, or another file behind a link: another text.
std::pair<std::int64_t, std::uint64_t> version_of_resolv_conf() {
  struct stat info {};
  if (::stat(kResolvConf, &info) != 0) return {};
  return {std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_ino};
}

// Once for the process, before the first thread that uses it; there is nothing to be given back at its end.
void init_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  if (status != ARES_SUCCESS) throw std::system_error(ENOMEM, std::generic_category(), ares_strerror(status));
}

}  // namespace

class DnsClient::Loop {
 public:
  explicit Loop(DnsOptions options) : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    init_library();
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    stopping_.store(true, std::memory_order_relaxed);
    wake();
    thread_.join();
    ::close(wake_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void ask(std::string name, Done done) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back({std::move(name), std::move(done)});
    }
    wake();
  }
  void set_ipv4_only(bool only) { ipv4_only_.store(only, std::memory_order_relaxed); }

 private:
  struct Question {
    std::string name;
    Done done;
  };
  // What a question under way needs; c-ares holds the pointer.
  struct Asked {
    Loop& loop;
    Question question;
    int family;
  };

  void wake() {
    const std::uint64_t one = 1;
    // Full: it is awake anyway.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }
  void run();
  void wait();
  void begin_queued();
  void open_channel();
  void close_channel();
  void look_up(Question question, int family);
  static void answered(void* data, int status, int timeouts, ares_addrinfo* found);
  void take(Asked& asked, int status, const ares_addrinfo* found);
  static void socket_changed(void* data, ares_socket_t socket, int readable, int writable);

  const DnsOptions options_;
  const int wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ipv4_only_{false};
  std::mutex mutex_;
  std::vector<Question> queue_;  // mutex_

  // The thread's own.
  ares_channel channel_ = nullptr;
  std::pair<std::int64_t, std::uint64_t> read_version_;  // of resolv.conf
  std::size_t under_way_ = 0;
  std::map<ares_socket_t, short> sockets_;  // what c-ares waits for: POLLIN, POLLOUT
  std::thread thread_;                      // last: it uses all of the above
};

void DnsClient::Loop::socket_changed(void* data, ares_socket_t socket, int readable, int writable) {
  auto& sockets = static_cast<Loop*>(data)->sockets_;
  if (readable == 0 && writable == 0) {
    sockets.erase(socket);
  } else {
    sockets[socket] = static_cast<short>((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0));
  }
}

void DnsClient::Loop::open_channel() {
  const auto version = version_of_resolv_conf();
  if (channel_ != nullptr && under_way_ == 0 && version != read_version_) close_channel();
  if (channel_ != nullptr) return;
  read_version_ = version;
  ares_options options{};
  options.timeout = static_cast<int>(options_.timeout.count());
  options.tries = options_.tries;
  options.sock_state_cb = &Loop::socket_changed;
  options.sock_state_cb_data = this;
  ares_channel made = nullptr;
  if (ares_init_options(&made, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
      ARES_SUCCESS) {
    return;  // tried again with the next question
  }
  if (!options_.servers.empty() && ares_set_servers_ports_csv(made, options_.servers.c_str()) != ARES_SUCCESS) {
    ares_destroy(made);
    return;
  }
  channel_ = made;
}

void DnsClient::Loop::close_channel() {
  if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
  sockets_.clear();
}

void DnsClient::Loop::look_up(Question question, int family) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;  // sorting asks the kernel for routes
  ++under_way_;
  auto asked = std::make_unique<Asked>(Asked{*this, std::move(question), family});
  const std::string name = asked->question.name;  // the callback may run, and end `asked`, before the call returns
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Loop::answered, asked.release());
}

void DnsClient::Loop::answered(void* data, int status, int /*timeouts*/, ares_addrinfo* found) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(data));
  asked->loop.take(*asked, status, found);
  if (found != nullptr) ares_freeaddrinfo(found);
}

void DnsClient::Loop::take(Asked& asked, int status, const ares_addrinfo* found) {
  --under_way_;
  if (status == ARES_EDESTRUCTION || stopping_.load(std::memory_order_relaxed)) return;
  DnsAnswer answer;
  if (status == ARES_SUCCESS && found != nullptr) answer = answer_of(*found);
  // A server that is silent is silent about AAAA too.
  const bool silent = status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED;
  if (answer.addresses.empty() && asked.family == AF_INET && !silent && !ipv4_only_.load(std::memory_order_relaxed)) {
    return look_up(std::move(asked.question), AF_INET6);
  }
  asked.question.done(std::move(answer));
}

void DnsClient::Loop::begin_queued() {
  std::vector<Question> questions;
  {
    const std::lock_guard lock(mutex_);
    questions.swap(queue_);
  }
  if (questions.empty()) return;
  open_channel();
  for (Question& question : questions) {
    if (const auto ip = base::parse_ip(question.name)) {  // c-ares would ask servers for it in the other family
      DnsAnswer itself;
      if (ip->is_v4() || !ipv4_only_.load(std::memory_order_relaxed)) itself.addresses.push_back(*ip);
      question.done(std::move(itself));
    } else if (channel_ == nullptr) {
      question.done({});
    } else {
      look_up(std::move(question), AF_INET);
    }
  }
}

void DnsClient::Loop::wait() {
  std::vector<pollfd> waiting{{wake_, POLLIN, 0}};
  for (const auto& [socket, events] : sockets_) waiting.push_back({socket, events, 0});
  int timeout = kIdleMs;
  if (channel_ != nullptr && under_way_ != 0) {
    timeval most{kIdleMs / 1000, 0};
    timeval left{};
    const timeval* until = ares_timeout(channel_, &most, &left);
    timeout = static_cast<int>(until->tv_sec * 1000 + (until->tv_usec + 999) / 1000);
  }
  if (::poll(waiting.data(), waiting.size(), timeout) < 0 && errno != EINTR) return;
  if (waiting.front().revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(wake_, &count, sizeof count);
  }
  if (channel_ == nullptr) return;
  for (std::size_t i = 1; i < waiting.size(); ++i) {
    const short seen = waiting[i].revents;
    if (seen == 0) continue;
    const bool failed = (seen & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    const bool readable = (seen & POLLIN) != 0 || failed;
    const bool writable = (seen & POLLOUT) != 0;
    ares_process_fd(channel_, readable ? waiting[i].fd : ARES_SOCKET_BAD, writable ? waiting[i].fd : ARES_SOCKET_BAD);
  }
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
}

void DnsClient::Loop::run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    begin_queued();
    wait();
  }
  close_channel();
}

DnsClient::DnsClient(DnsOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}
DnsClient::~DnsClient() = default;

void DnsClient::ask(std::string name, Done done) {
  loop_->ask(std::move(name), std::move(done));
}

void DnsClient::set_ipv4_only(bool only) {
  loop_->set_ipv4_only(only);
}

}  // namespace weir::upstream
