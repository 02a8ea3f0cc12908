// Step 6 of life-of-a-request: the sub-request to an external authentication service.
#include "weir/proxy/auth_client.h"

#include "proxy/auth_cache.h"
#include "proxy/auth_head.h"
#include "proxy/auth_log.h"
#include "proxy/auth_target.h"
#include "proxy/clock.h"
#include "proxy/relay.h"
#include "proxy/worker.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr.h"

#include <array>
#include <string>
#include <utility>

namespace weir::proxy {
namespace {

using upstream::Failure;

void refuse_auth(AuthAnswer& answer, int status, std::string_view reason) {
  answer = {};
  answer.status = status;
  answer.reason = reason;
}

std::string_view auth_reason_of(Failure failure) {
  switch (failure) {
    case Failure::connect_timeout:
    case Failure::send_timeout:
    case Failure::read_timeout:
      return "auth-service-timeout";
    case Failure::invalid_header:
    case Failure::header_too_large:
      return "auth-service-malformed";
    case Failure::tls_untrusted:
      return "auth-service-untrusted";
    default:
      return "auth-service-unreachable";
  }
}

// The names are compared without regard to case; several lines of one name are one list.
std::string joined_value(const http::Fields& fields, std::string_view name) {
  std::string out;
  for (const http::Field& field : fields.all()) {
    if (!base::iequals(fields.name(field), name)) continue;
    if (!out.empty()) out += ", ";
    out += fields.value(field);
  }
  return out;
}

void read_answer(const http::ResponseHead& head, const features::ExternalAuthPolicy& policy, AuthAnswer& into) {
  into = {};
  into.status = head.status;
  for (const std::string& name : policy.response_headers) into.values.push_back(joined_value(head.fields, name));
  if (head.status == 401) into.challenge = joined_value(head.fields, "WWW-Authenticate");
  for (const http::Field& field : head.fields.all()) {
    if (field.id == http::FieldId::set_cookie) into.cookies.emplace_back(head.fields.value(field));
  }
}

bool is_kept(const features::ExternalAuthPolicy& policy) {
  const bool safe = policy.method.empty() || policy.method == "GET" || policy.method == "HEAD";
  return safe && !policy.cache_key.empty();
}

// Host, location and the key as spec 4.1 has it, and all of the policy that decides what an answer says, so that an
// answer given to other settings is never found. Each part with its size in front. `text` and `scratch` are room that
// requests share.
tls::Sha256 key_of_answer(const RequestContext& request, std::string& text, std::string& scratch) {
  const features::ExternalAuthPolicy& policy = request.policies().external_auth;
  text.clear();
  const auto add = [&text](std::string_view part) {
    const std::uint64_t size = part.size();
    text.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
  };
  add(request.host->name);
  add(request.location->path);
  add(request.location->type == route::PathType::exact ? "exact" : "prefix");
  add(policy.method);
  for (const std::string& name : policy.response_headers) add(name);
  scratch.clear();
  add(request.text_of(policy.url, scratch));
  scratch.clear();
  add(request.text_of(policy.cache_key, scratch));
  return tls::sha256(text);
}

// Nginx's own times for what the location's proxy-* do not set here (spec 4.1).
features::ProxyPolicy policy_of_auth(const features::ProxyPolicy& of_location) {
  features::ProxyPolicy policy;
  policy.connect_timeout = policy.send_timeout = policy.read_timeout = std::chrono::seconds(60);
  policy.buffer_size = of_location.buffer_size;
  policy.http_1_0 = of_location.http_1_0;
  return policy;
}

http::Method auth_method_of(const std::string& method) {
  constexpr std::array<std::pair<std::string_view, http::Method>, 7> kNames{{{"HEAD", http::Method::head},
                                                                             {"POST", http::Method::post},
                                                                             {"PUT", http::Method::put},
                                                                             {"PATCH", http::Method::patch},
                                                                             {"DELETE", http::Method::delete_},
                                                                             {"CONNECT", http::Method::other},
                                                                             {"OPTIONS", http::Method::options}}};
  for (const auto& [name, value] : kNames) {
    if (method == name) return value;
  }
  return method == "TRACE" ? http::Method::trace : http::Method::get;
}

}  // namespace

AuthClient::AuthClient(Worker& worker) : worker_(worker), cache_(std::make_unique<AuthCache>()) {}

AuthClient::~AuthClient() = default;

const AuthAnswer* AuthClient::known(const RequestContext& request) {
  if (!is_kept(request.policies().external_auth)) return nullptr;
  return cache_->find(key_of_answer(request, key_text_, scratch_), worker_.reactor().now_ms());
}

// Empty: the host has no address now.
net::Task<void> AuthClient::find_endpoints(const AuthTarget& to, std::vector<route::Endpoint>& into) {
  upstream::AddressList found;
  if (const auto ip = base::parse_ip(to.plain_host())) {
    found = std::make_shared<const std::vector<base::IpAddress>>(1, *ip);
  } else {
    found = co_await worker_.resolver().resolve(to.host);
  }
  if (!found) co_return;
  for (const base::IpAddress& ip : *found) {
    route::Endpoint& endpoint = into.emplace_back();
    endpoint.id = worker_.address_ids().of(ip, to.port, to.tls_name);
    endpoint.ip = ip;
    endpoint.port = to.port;
    endpoint.text = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
    endpoint.text.append(":").append(std::to_string(to.port));
  }
}

net::Task<void> AuthClient::ask(const RequestContext& context, AuthAnswer& into) {
  const Request& request = *context.whole;
  const features::ExternalAuthPolicy& policy = request.policies().external_auth;
  SubRequest sub;
  sub.began_us = worker_.reactor().now_us();
  std::string scratch;
  const std::optional<AuthTarget> to = parse_auth_target(request.text_of(policy.url, scratch));
  if (!to || (to->https && request.location->shared->auth_tls == nullptr)) {
    refuse_auth(into, 500, "auth-url-invalid");
    co_return;
  }
  sub.host = to->host;
  sub.target = to->target;
  std::vector<route::Endpoint> endpoints;
  co_await find_endpoints(*to, endpoints);
  if (endpoints.empty()) {
    refuse_auth(into, 500, "auth-service-unresolved");
    co_return log_sub_request(worker_, request, into, sub);
  }

  // Round-robin positions are kept by id; this one is behind those of the table.
  route::Backend backend;
  backend.id = static_cast<route::BackendId>(request.table->backends.size());
  backend.name = to->host;
  const features::ProxyPolicy proxy_policy = policy_of_auth(request.policies().proxy);
  AuthHead head(request, *to);
  upstream::Plan plan;
  plan.backend = &backend;
  plan.endpoints = endpoints;
  plan.policy = &proxy_policy;
  plan.settings = &request.settings();
  if (to->https) plan.tls = request.location->shared->auth_tls.get();
  plan.tls_name = to->tls_name;
  plan.head = &head;
  plan.method = auth_method_of(policy.method);
  plan.idempotent = http::is_idempotent(plan.method);
  plan.client = request.client;
  plan.received_ms = worker_.reactor().now_ms();
  upstream::Exchange exchange(worker_.upstream(), plan, sub.head, sub.tries);
  const Failure failure = co_await exchange.start();
  if (failure != Failure::none) {
    exchange.finish(false);
    if (failure == Failure::client_aborted) {
      refuse_auth(into, AuthAnswer::kClientGone, upstream::info(failure).reason);
    } else {
      refuse_auth(into, 500, auth_reason_of(failure));
    }
    co_return log_sub_request(worker_, request, into, sub);
  }
  read_answer(sub.head, policy, into);
  exchange.finish(body_is_here(exchange, worker_));
  log_sub_request(worker_, request, into, sub);
  if (!is_kept(policy)) co_return;
  const std::int64_t seconds = auth_answer_lifetime(sub.head, policy.cache, wall_clock_us() / 1'000'000);
  if (seconds > 0) cache_->keep(key_of_answer(request, key_text_, scratch_), into, worker_.reactor().now_ms(), seconds);
}

}  // namespace weir::proxy
