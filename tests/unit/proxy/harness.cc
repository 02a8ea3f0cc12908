#include "unit/proxy/harness.h"

#include "weir/features/filter_order.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir::proxy::test {
namespace {

constexpr int kWaitMs = 10'000;

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd, 128), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return fd;
}

bool wait_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, kWaitMs) > 0;
}

}  // namespace

Wire::Wire(int fd, std::function<void(int)> before_close) : fd_(fd), before_close_(std::move(before_close)) {}
Wire::Wire(Wire&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      before_close_(std::move(other.before_close_)),
      buffer_(std::move(other.buffer_)),
      reset_(other.reset_),
      ended_(other.ended_) {}
Wire::~Wire() {
  close();
}

void Wire::close() {
  if (fd_ < 0) return;
  if (before_close_) before_close_(fd_);
  ::close(fd_);
  fd_ = -1;
}

bool Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Wire::fill() {
  if (ended_ || !wait_readable(fd_)) return false;
  char chunk[65536];
  const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n <= 0) {
    ended_ = true;
    reset_ = n < 0 && errno == ECONNRESET;
    return false;
  }
  buffer_.append(chunk, static_cast<std::size_t>(n));
  return true;
}

std::string Wire::read_until(std::string_view mark) {
  std::size_t found = std::string::npos;
  while ((found = buffer_.find(mark)) == std::string::npos && fill()) {
  }
  const std::size_t end = found == std::string::npos ? buffer_.size() : found + mark.size();
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return out;
}

std::string Wire::read_exactly(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, out.size());
  return out;
}

std::string Wire::read_all() {
  while (fill()) {
  }
  return std::move(buffer_);
}

std::string Wire::read_response() {
  std::string head = read_head();
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t length = lower.find("content-length: ");
  if (length != std::string::npos) return head + read_exactly(std::stoul(lower.substr(length + 16)));
  if (lower.find("transfer-encoding: chunked") != std::string::npos) return head + read_until("0\r\n\r\n");
  return head;
}

bool Wire::wait_for_close() {
  fill();
  return ended_ && buffer_.empty();
}

void Wire::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void Wire::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void Wire::shrink_receive_buffer() {
  const int small = 32 * 1024;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
}

FakeUpstream::FakeUpstream(Script script)
    : script_(std::move(script)), listener_(listen_on_loopback(port_)), acceptor_([this] { run(); }) {}

FakeUpstream::~FakeUpstream() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& one : threads_) one.join();
}

void FakeUpstream::run() {
  while (!stopping_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int number = connections_++;
    std::lock_guard lock(mutex_);
    open_.insert(fd);  // so that the destructor can end a script that waits
    threads_.emplace_back([this, fd, number] {
      Wire wire(fd, [this](int closing) {
        std::lock_guard closing_lock(mutex_);
        open_.erase(closing);
      });
      script_(wire, number);
    });
  }
}

FakeUpstream::Script FakeUpstream::answering(std::string response) {
  return [response = std::move(response)](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      if (!wire.send(response)) return;
    }
  };
}

std::uint16_t dead_port() {
  std::uint16_t port = 0;
  const int fd = listen_on_loopback(port);
  ::close(fd);
  return port;
}

Rules::Rules() {
  settings.proxy_real_ip_cidr = {*base::parse_cidr("0.0.0.0/0")};
  settings.status_page_clients = base::parse_cidr_set("127.0.0.1,::1").set;
  host("_");
}

model::Host& Rules::host(const std::string& name) {
  for (model::Host& one : model.hosts) {
    if (one.name == name) return one;
  }
  model::Host made;
  made.name = name;
  model::Location root;
  root.path = "/";
  root.implicit = true;
  root.untouched_default = name == "_";
  made.locations.push_back(root);
  model.hosts.push_back(made);
  std::sort(model.hosts.begin(), model.hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return host(name);
}

model::Location& Rules::add(const std::string& name, const std::string& path, const std::string& backend,
                            kube::PathType type) {
  std::vector<model::Location>& all = host(name).locations;
  if (path == "/") std::erase_if(all, [](const model::Location& one) { return one.implicit; });
  model::Location made;
  made.path = path;
  made.type = type;
  made.owner = {"default", "web", "svc", "80"};
  made.backend = backend;
  const auto place = std::find_if(all.begin(), all.end(), [&](const model::Location& one) {
    return one.path.size() < path.size() || (one.path.size() == path.size() && one.path < path);
  });
  return *all.insert(place, made);
}

void Rules::backend(const std::string& name, const std::vector<std::uint16_t>& ports) {
  model::Backend made;
  made.name = name;
  made.ns = "default";
  made.service = name;
  made.port = "80";
  for (const std::uint16_t port : ports) made.endpoints.push_back({*base::parse_ip("127.0.0.1"), port});
  std::sort(made.endpoints.begin(), made.endpoints.end());
  made.state = ports.empty() ? model::BackendState::no_endpoints : model::BackendState::ready;
  std::erase_if(model.backends, [&](const model::Backend& one) { return one.name == name; });
  model.backends.push_back(made);
  std::sort(model.backends.begin(), model.backends.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

namespace {

ServerOptions server_options(unsigned workers, observe::AccessLog* log, bool https, observe::Metrics* metrics) {
  ServerOptions options;
  options.workers = workers;
  options.http_port = options.https_port = 0;
  options.https = https;
  options.bind_addresses = {"127.0.0.1"};
  options.filters = features::filter_order();
  options.access_log = log;
  options.metrics = metrics;
  options.temp_directory = ::testing::TempDir();
  return options;
}

route::CompileOptions compile_options(bool https) {
  route::CompileOptions options;
  options.http_port = 80;
  options.https_port = 443;
  options.tls = https;
  options.filter_mask = features::filter_mask;
  return options;
}

}  // namespace

Proxy::Proxy(const Rules& rules, unsigned workers, observe::AccessLog* log, bool https, observe::Metrics* metrics)
    : server(server_options(workers, log, https, metrics)), compiler_(compile_options(https)) {
  const base::Result<void> started = server.start();
  if (!started) throw std::runtime_error(started.error().text());
  publish(rules);
}

void Proxy::publish(const Rules& rules) {
  model::PlainModel model = rules.model;
  model.settings = std::make_shared<const features::Settings>(rules.settings);
  route::CompileResult compiled = compiler_.compile(model);
  const std::uint64_t generation = compiled.table->generation;
  server.publish(std::move(compiled.table));
  if (!eventually([&] { return server.generation_in_force() >= generation; }))
    throw std::runtime_error("not published");
}

Wire Proxy::connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return Wire(fd);
}

std::string Proxy::get(std::string_view request) const {
  Wire wire = connect();
  wire.send(request);
  return wire.read_response();
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

void pause(std::chrono::milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : response.substr(end + 4);
}

std::string pattern(std::size_t size) {
  std::string out;
  out.reserve(size + 16);
  for (std::size_t i = 0; out.size() < size; i += 8) {
    char word[32];
    std::snprintf(word, sizeof word, "%07zx\n", i);
    out += word;
  }
  out.resize(size);
  return out;
}

}  // namespace weir::proxy::test
