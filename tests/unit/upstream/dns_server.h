// A DNS server on loopback for tests: answers A and AAAA questions over UDP from a list of names (RFC 1035).
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weir::upstream::test {

class DnsServer {
 public:
  struct Name {
    std::vector<std::string> addresses;  // of either family
    std::uint32_t ttl = 60;
    bool silent = false;     // is not answered
    std::string alias_of{};  // a CNAME record leads there, with `ttl`
  };

  DnsServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port for the DNS server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~DnsServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
    thread_.join();
    ::close(socket_);
    ::close(stop_);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void set(const std::string& name, Name what) {
    const std::lock_guard lock(mutex_);
    names_[name] = std::move(what);
  }
  // "db.example A", in the order of arrival.
  std::vector<std::string> questions() const {
    const std::lock_guard lock(mutex_);
    return questions_;
  }

 private:
  static constexpr std::uint16_t kA = 1, kCname = 5, kAaaa = 28;

  static void put16(std::string& out, std::uint32_t value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value));
  }
  static std::string labels(const std::string& name) {
    std::string out;
    for (std::size_t at = 0; at < name.size();) {
      const std::size_t end = std::min(name.find('.', at), name.size());
      out.push_back(static_cast<char>(end - at));
      out.append(name, at, end - at);
      at = end + 1;
    }
    out.push_back('\0');
    return out;
  }
  static void put_record(std::string& out, const std::string& owner, std::uint16_t type, std::uint32_t ttl,
                         const std::string& data) {
    out += labels(owner);
    put16(out, type);
    put16(out, 1);
    put16(out, ttl >> 16);
    put16(out, ttl & 0xffff);
    put16(out, static_cast<std::uint32_t>(data.size()));
    out += data;
  }

  void run() {
    std::array<char, 2048> buffer;
    for (;;) {
      std::array<pollfd, 2> waiting{{{socket_, POLLIN, 0}, {stop_, POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
      if (waiting[1].revents != 0) return;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(socket_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 12) continue;
      const std::string answer = answer_to(std::string(buffer.data(), static_cast<std::size_t>(got)));
      if (answer.empty()) continue;
      ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  std::string answer_to(const std::string& question) {
    std::string name;
    std::size_t at = 12;
    while (at < question.size() && question[at] != '\0') {
      const auto length = static_cast<unsigned char>(question[at]);
      name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
      at += 1u + length;
    }
    if (at + 5 > question.size()) return {};
    const std::string asked = question.substr(12, at + 5 - 12);
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 2]));

    const std::lock_guard lock(mutex_);
    questions_.push_back(name + (type == kA ? " A" : type == kAaaa ? " AAAA" : " ?"));
    const auto found = names_.find(name);
    if (found != names_.end() && found->second.silent) return {};
    std::string records;
    std::uint32_t count = 0;
    const Name* what = found == names_.end() ? nullptr : &found->second;
    std::string owner = name;
    if (what != nullptr && !what->alias_of.empty()) {
      put_record(records, owner, kCname, what->ttl, labels(what->alias_of));
      ++count;
      owner = what->alias_of;
      what = &names_[owner];
    }
    if (what != nullptr) {
      for (const std::string& address : what->addresses) {
        std::array<char, 16> bytes{};
        const bool v6 = address.find(':') != std::string::npos;
        if ((type == kAaaa) != v6 || ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) continue;
        put_record(records, owner, type, what->ttl, std::string(bytes.data(), v6 ? 16 : 4));
        ++count;
      }
    }
    std::string out = question.substr(0, 2);
    put16(out, what == nullptr ? 0x8183 : 0x8180);  // a response; name error
    put16(out, 1);
    put16(out, count);
    put16(out, 0);
    put16(out, 0);
    return out + asked + records;
  }

  const int socket_;
  const int stop_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Name> names_;   // mutex_
  std::vector<std::string> questions_;  // mutex_
  std::thread thread_;
};

}  // namespace weir::upstream::test
