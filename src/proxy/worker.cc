// Step 1 of life-of-a-request, the thread: what a worker owns and what it does between requests.
#include "proxy/worker.h"

#include "proxy/clock.h"
#include "proxy/session.h"
#include "weir/observe/log.h"

#include <unistd.h>

#include <algorithm>
#include <random>

namespace weir::proxy {
namespace {

constexpr std::size_t kRelayScratch = 64 * 1024;
// Requests kept for reuse: about as many as a batch of events can end, a few KiB each.
constexpr std::size_t kFreeRequests = 1024;
constexpr std::uint64_t kHousekeepingMs = 1000;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// spec 3.6: number x size of large_client_header_buffers; a line fits into one buffer.
http::H1Limits limits_of(const features::Settings& settings) {
  constexpr std::uint64_t kMost = net::BufferPool::kLarge - 1;
  const std::uint64_t line = std::clamp<std::uint64_t>(settings.large_header_buffer_size, 256, kMost);
  const std::uint64_t all = std::max<std::uint64_t>(settings.large_header_buffers, 1) * line;
  http::H1Limits limits;
  limits.request_line = limits.field_line = static_cast<std::uint32_t>(line);
  limits.head = static_cast<std::uint32_t>(std::min(all, kMost));
  limits.underscores_in_names = settings.underscores_in_headers;
  return limits;
}

}  // namespace

Worker::Worker(const WorkerServices& services, upstream::PostToWorker post)
    : services_(services),
      post_(std::move(post)),
      balancer_(random_seed()),
      relay_scratch_(kRelayScratch),
      upstream_{reactor_, pool_, balancer_, out_, services.metrics, &upstream_sessions_},
      request_ids_(http::RequestIds::from_system()),
      body_files_{*services_.files, post_, services_.temp_directory},
      passwords_(*services_.hashes, post_),
      auth_(*this),
      resolver_([dns = services_.dns](const std::string& name,
                                      upstream::DnsClient::Done done) { dns->ask(name, std::move(done)); },
                post_),
      address_ids_([this] {
        pool_.clear();
        upstream_sessions_.clear();
      }),
      mirror_(*this),
      ports_(*this) {
  for (std::size_t i = 0; i < services_.filters.size(); ++i) {
    filters_at_[static_cast<std::size_t>(services_.filters[i].stop)] |= std::uint64_t{1} << i;
  }
  if (services_.access_log != nullptr) access_log_ = services_.access_log->make_buffer();
  free_requests_.reserve(kFreeRequests);
}

Worker::~Worker() {
  acceptors_.clear();
  for (const Listening& one : listening_) ::close(one.fd);
  jobs_.destroy_all();
  mirror_.cut();
  ports_.cut();
}

bool Worker::in_relay_scratch(std::string_view bytes) {
  const std::string_view all = relay_scratch_.view();
  return bytes.data() >= all.data() && bytes.data() < all.data() + all.size();
}

std::string_view Worker::date() {
  return dates_.at(wall_clock_us() / 1'000'000);
}

void Worker::add_resolved(const std::vector<base::IpAddress>& addresses, std::uint16_t port,
                          std::vector<route::Endpoint>& endpoints) {
  for (const base::IpAddress& ip : addresses) {
    route::Endpoint& endpoint = endpoints.emplace_back();
    endpoint.id = address_ids_.of(ip, port);
    endpoint.ip = ip;
    endpoint.port = port;
    endpoint.text = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
    endpoint.text.append(":").append(std::to_string(port));
  }
}

RequestPtr Worker::take_request() {
  std::unique_ptr<Request> request;
  if (free_requests_.empty()) {
    request = std::make_unique<Request>();
  } else {
    request = std::move(free_requests_.back());
    free_requests_.pop_back();
  }
  spare_requests_ = std::min(spare_requests_, free_requests_.size());
  return {request.release(), RequestReturner{&free_requests_}};
}

bool Worker::gzip_is_disabled(const Request& request) {
  if (!gzip_disable_) return false;
  const std::string_view agent = request.head.fields.get(http::FieldId::user_agent);
  return !agent.empty() && lookup_.contains(*gzip_disable_, agent);
}

void Worker::take_table(route::RoutingTablePtr table) {
  const std::string& disable = table->settings->compression.gzip_disable;
  if (disable != gzip_disable_text_) {
    gzip_disable_text_ = disable;
    gzip_disable_ = disable.empty() ? nullptr : route::compile_search(disable);
  }
  limits_ = limits_of(*table->settings);
  if (ports_.has_more_than(*table)) reactor_.drain();  // what waits in their queues is a client already
  snapshot_ = SnapshotRef(std::move(table));
  ports_.follow(snapshot_.table());
}

void Worker::listen(const std::vector<Listening>& sockets) {
  for (const Listening& one : sockets) {
    listening_.push_back(one);
    const bool https = one.https;
    acceptors_.push_back(std::make_unique<net::Acceptor>(
        reactor_, one.fd, [this, https](int fd, const net::Address& peer) { accept_client(*this, fd, peer, https); }));
    if (int error = acceptors_.back()->error(); error != 0) {
      observe::log::error("proxy", "listener: cannot be watched, error {}", -error);
    }
  }
}

void Worker::tick() {
  reactor_.expire();
  const std::uint64_t now = reactor_.now_ms();
  pauses_.resume_due(now);
  ports_.tick(now);
  if (access_log_ && access_log_->has_lines() &&
      now - last_flush_ms_ >= static_cast<std::uint64_t>(observe::AccessLogBuffer::kFlushInterval.count())) {
    access_log_->flush();
    last_flush_ms_ = now;
  }
  if (now - last_housekeeping_ms_ < kHousekeepingMs) return;
  last_housekeeping_ms_ = now;
  pool_.expire(now);
  // Half of those that nobody needed since the last time.
  const auto unneeded = static_cast<std::ptrdiff_t>((spare_requests_ + 1) / 2);
  free_requests_.erase(free_requests_.begin(), free_requests_.begin() + unneeded);
  spare_requests_ = free_requests_.size();
  metrics().regex_limit_hits.set(static_cast<std::int64_t>(lookup_.regex_limit_hits()));
  const std::size_t exceptions = jobs_.exceptions() + mirror_.exceptions();
  if (exceptions != exceptions_seen_) {
    observe::log::error("proxy", "{} connections ended by an exception (out of memory)", exceptions - exceptions_seen_);
    exceptions_seen_ = exceptions;
  }
  std::uint64_t shed = ports_.shed();
  for (const auto& acceptor : acceptors_) shed += acceptor->shed();
  if (shed > shed_seen_) {
    observe::log::error("proxy", "{} new connections closed: no file descriptor left (raise the limit)",
                        shed - shed_seen_);
    metrics().accepted.add(static_cast<std::int64_t>(shed - shed_seen_));
    shed_seen_ = shed;
  }
}

void Worker::begin_drain() {
  if (draining_) return;
  draining_ = true;
  reactor_.drain();  // what waits in the accept queue is a client already
  acceptors_.clear();
  for (const Listening& one : listening_) ::close(one.fd);
  listening_.clear();
  ports_.begin_drain();
  reactor_.cancel_idle();
  mirror_.begin_drain();
}

void Worker::cut() {
  jobs_.destroy_all();
  mirror_.cut();
  ports_.cut();
}

}  // namespace weir::proxy
