// Step 9 of life-of-a-request: copies to a mirror, beside the exchange with the endpoint.
#include "proxy/mirror_client.h"

#include "proxy/auth_target.h"
#include "proxy/stored_body.h"
#include "proxy/worker.h"
#include "weir/base/cidr.h"
#include "weir/http/h1_writer.h"
#include "weir/http/normalize.h"
#include "weir/observe/log.h"

#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace weir::proxy {
namespace {

using http::field_bit;
using http::FieldId;
using observe::MirrorEnd;

// A worker tells of lost copies this often: each request can bring one.
constexpr std::uint64_t kMirrorLogMs = 1000;

// The fields of the client that the copy does not have. Nobody but Weir may tell of a client's certificate.
constexpr std::uint64_t kNotCopied = field_bit(FieldId::host) | field_bit(FieldId::content_length) |
                                     field_bit(FieldId::ssl_client_cert) | field_bit(FieldId::ssl_client_issuer_dn) |
                                     field_bit(FieldId::ssl_client_subject_dn) | field_bit(FieldId::ssl_client_verify);

// Where the copy goes: a URL with variables as it comes out, a fixed one with the client's query, one without a path
// to what the client asked for.
std::optional<AuthTarget> mirror_target_of(const Request& request) {
  const features::VariableText& target = request.policies().mirror.target;
  std::string scratch;
  const std::string_view url = request.text_of(target, scratch);
  std::optional<AuthTarget> to = parse_auth_target(url);
  if (!to) return to;
  if (url.find_first_of("/?", url.find("://") + 3) == std::string_view::npos) {
    to->target = request.head.target();
  } else if (target.is_literal()) {
    std::string_view query = request.query();
    if (!query.empty() && to->target.find('?') != std::string::npos) {
      to->target += '&';
      query.remove_prefix(1);
    }
    to->target += query;
  }
  return to;
}

// The client's fields and none of Weir's own.
bool write_mirror_head(http::HeadWriter& head, const Request& request, const AuthTarget& to,
                       std::optional<std::uint64_t> body_size) {
  head.append(request.head.method_text());
  head.append(" ");
  head.append(to.target);
  head.append(" HTTP/1.0\r\n");
  std::string scratch;
  const std::string_view host = request.text_of(request.policies().mirror.host, scratch);
  head.field("Host", host.empty() ? std::string_view(to.host) : host);
  head.append("Connection: close\r\n");
  if (body_size) head.field("Content-Length", *body_size);
  const http::Fields& fields = request.head.fields;
  for (const http::Field& field : fields.all()) {
    if ((field_bit(field.id) & kNotCopied) != 0) continue;
    // Basic and digest authentication take it from the request for the endpoint, not from the copy.
    const bool password = field.id == FieldId::authorization && request.policies().auth.on();
    if (field.dropped && !password) continue;
    head.clean_field(fields.name(field), fields.value(field));
  }
  head.finish();
  return head.ok();
}

std::string mirror_head_of(const Request& request, const AuthTarget& to, std::optional<std::uint64_t> body_size) {
  std::string out;
  for (std::size_t bound = 512 + 2 * request.head.fields.text().size() + to.target.size();; bound *= 2) {
    out.resize(bound);
    http::HeadWriter head(out.data(), out.size());
    if (!write_mirror_head(head, request, to, body_size)) continue;
    out.resize(head.size());
    return out;
  }
}

// Nginx's own times, whatever the location's proxy-* say (spec 4.9).
features::ProxyPolicy policy_of_mirror() {
  features::ProxyPolicy policy;
  policy.connect_timeout = policy.send_timeout = policy.read_timeout = std::chrono::seconds(60);
  policy.http_1_0 = policy.connection_close = true;
  return policy;
}

MirrorEnd end_of(upstream::Failure failure) {
  switch (failure) {
    case upstream::Failure::none:
      return MirrorEnd::answered;
    case upstream::Failure::connect_timeout:
    case upstream::Failure::send_timeout:
    case upstream::Failure::read_timeout:
      return MirrorEnd::timeout;
    case upstream::Failure::invalid_header:
    case upstream::Failure::header_too_large:
      return MirrorEnd::malformed;
    default:
      return MirrorEnd::unreachable;
  }
}

class ReadyHead final : public upstream::HeadSource {
 public:
  explicit ReadyHead(const std::string& text) : text_(text) {}
  void write_head(upstream::OutBuffer& out) override {
    out.ensure(text_.size());
    out.put(text_);
  }

 private:
  const std::string& text_;
};

}  // namespace

struct MirrorClient::Copy {
  explicit Copy(MirrorClient& owner) : client(owner) { ++client.copies_; }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    --client.copies_;
    client.bytes_ -= bytes;
  }

  MirrorClient& client;
  std::size_t bytes = 0;  // counted in client.bytes_
  SnapshotRef snapshot;   // what the rest refers to
  AuthTarget to;
  const tls::ClientContext* tls = nullptr;
  std::string head;
  StoredBody body;
  bool has_body = false;
  http::Method method = http::Method::get;
  features::ProxyPolicy policy = policy_of_mirror();
  route::Backend backend;
  std::vector<route::Endpoint> endpoints;
  http::ResponseHead answer;
  std::vector<observe::UpstreamTry> tries;
};

void MirrorClient::send_copy(const Request& request) {
  try {
    std::unique_ptr<Copy> copy = make_copy(request);
    if (copy) run(jobs_, copy);
  } catch (const std::bad_alloc&) {  // the request itself may still fit
    end(MirrorEnd::memory, "");
  }
}

void MirrorClient::begin_drain() {
  drain_until_ms_ = worker_.reactor().now_ms() + kDrainMs;
}

bool MirrorClient::idle() const {
  return copies_ == 0 || (drain_until_ms_ != 0 && worker_.reactor().now_ms() >= drain_until_ms_);
}

// nullptr: there is none, which has been told.
std::unique_ptr<MirrorClient::Copy> MirrorClient::make_copy(const Request& request) {
  const features::MirrorPolicy& policy = request.policies().mirror;
  std::optional<AuthTarget> to = mirror_target_of(request);
  if (!to || (to->https && !request.location->shared->mirror_tls)) {
    end(MirrorEnd::invalid_url, policy.target.source());
    return nullptr;
  }
  if (copies_ >= kMostCopies) {
    end(MirrorEnd::busy, to->host);
    return nullptr;
  }
  const bool has_body = policy.body && request.body.has_bytes();
  const std::optional<std::uint64_t> size =
      policy.body && request.body.exists() ? std::optional<std::uint64_t>(request.body.size()) : std::nullopt;
  std::string head = mirror_head_of(request, *to, size);
  const std::size_t bytes = head.size() + (has_body ? request.body.in_memory().size() : 0);
  if (bytes_ + bytes > kMostBytes) {
    end(MirrorEnd::memory, to->host);
    return nullptr;
  }
  auto copy = std::make_unique<Copy>(*this);
  bytes_ += copy->bytes = bytes;
  copy->snapshot = request.snapshot;
  copy->to = std::move(*to);
  copy->head = std::move(head);
  copy->tls = request.location->shared->mirror_tls.get();
  copy->has_body = has_body;
  if (has_body) copy->body = request.body.stored();
  copy->method = request.head.method;
  return copy;
}

// `given` is the caller's: it is taken before anything else.
net::Job MirrorClient::run(net::JobGroup&, std::unique_ptr<Copy>& given) {
  const std::unique_ptr<Copy> copy = std::move(given);
  const MirrorEnd how = co_await send(*copy);
  end(how, copy->to.host);
}

net::Task<MirrorEnd> MirrorClient::send(Copy& copy) {
  const AuthTarget& to = copy.to;
  upstream::AddressList found;
  if (const auto ip = base::parse_ip(to.plain_host())) {
    found = std::make_shared<const std::vector<base::IpAddress>>(1, *ip);
  } else {
    found = co_await worker_.resolver().resolve(to.host);
  }
  if (!found || found->empty()) co_return MirrorEnd::unresolved;
  for (const base::IpAddress& ip : *found) {
    route::Endpoint& endpoint = copy.endpoints.emplace_back();
    endpoint.id = worker_.address_ids().of(ip, to.port, to.tls_name);
    endpoint.ip = ip;
    endpoint.port = to.port;
    endpoint.text = to.host;
  }
  const route::RoutingTable& table = copy.snapshot.table();
  // Round-robin positions are kept by id; this one is behind those of the table.
  copy.backend.id = static_cast<route::BackendId>(table.backends.size());
  copy.backend.name = to.host;
  ReadyHead head(copy.head);
  upstream::Plan plan;
  plan.backend = &copy.backend;
  plan.endpoints = copy.endpoints;
  plan.policy = &copy.policy;
  plan.settings = table.settings.get();
  if (to.https) plan.tls = copy.tls;
  plan.tls_name = to.tls_name;
  plan.head = &head;
  plan.body = copy.has_body ? &copy.body : nullptr;
  plan.method = copy.method;
  plan.idempotent = http::is_idempotent(copy.method);
  plan.received_ms = worker_.reactor().now_ms();
  upstream::Exchange exchange(worker_.upstream(), plan, copy.answer, copy.tries);
  const upstream::Failure failure = co_await exchange.start();
  exchange.finish(false);  // nobody wants the answer
  co_return end_of(failure);
}

void MirrorClient::end(MirrorEnd how, const std::string& host) {
  worker_.metrics().count_mirror(how);
  if (how == MirrorEnd::answered) return;
  const std::uint64_t now = worker_.reactor().now_ms();
  if (told_ms_ != 0 && now - told_ms_ < kMirrorLogMs) {
    ++untold_;
    return;
  }
  observe::log::warn("proxy", "copy of a request to the mirror {} is lost: {} ({} more since the last such line)", host,
                     observe::to_string(how), untold_);
  told_ms_ = now;
  untold_ = 0;
}

}  // namespace weir::proxy
