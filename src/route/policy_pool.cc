#include "route/policy_pool.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace weir::route {
namespace {

// Over fields that often differ between Ingresses; equality decides, so that any choice is right.
std::size_t hash_of(const features::Policies& policies) {
  std::size_t hash = 0;
  auto add = [&hash](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ull + (hash >> 29); };
  auto add_text = [&add](const std::string& text) { add(std::hash<std::string>{}(text)); };
  add_text(policies.deny.reason);
  add_text(policies.rewrite.target.source());
  add_text(policies.rewrite.app_root.source());
  add_text(policies.redirect.url);
  add_text(policies.upstream_host.value.source());
  add_text(policies.custom_errors.default_backend);
  add_text(policies.mirror.target.source());
  add_text(policies.external_auth.url.source());
  add_text(policies.auth.secret);
  add_text(policies.proxy_ssl.secret);
  for (const std::string& name : policies.host_alias.names) add_text(name);
  add(policies.proxy.body_size);
  add(static_cast<std::size_t>(policies.proxy.read_timeout.count()));
  add(static_cast<std::size_t>(policies.proxy.connect_timeout.count()));
  add(static_cast<std::size_t>(policies.https_redirect.ssl_redirect) * 2 + policies.https_redirect.force);
  return hash;
}

// Its scheme may be a variable.
bool may_be_https(std::string_view url) {
  const std::string_view scheme = url.substr(0, url.find("://"));
  return base::iequals(scheme, "https") || scheme.find('$') != std::string_view::npos;
}

bool may_need_tls(features::BackendProtocol protocol) {
  return protocol != features::BackendProtocol::http && protocol != features::BackendProtocol::grpc;
}

void deny(LocationPolicies& policies, std::string problem) {
  policies.problem = std::move(problem);
  policies.policies.deny.reason = policies.problem.substr(0, policies.problem.find(':')) + "-broken";
}

}  // namespace

std::shared_ptr<const LocationPolicies> PolicyPool::get(const features::Policies& policies) {
  const std::size_t hash = hash_of(policies);
  const auto [first, last] = known_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    auto known = entry->second.lock();
    if (known && known->policies == policies) return known;
  }
  auto made = std::make_shared<LocationPolicies>();
  made->policies = policies;
  if (policies.hsts.enabled) made->hsts_value = features::header_value(policies.hsts);
  if (may_need_tls(policies.backend_protocol.protocol)) add_upstream_tls(*made);
  if (may_be_https(policies.external_auth.url.source())) add_auth_tls(*made);
  if (may_be_https(policies.mirror.target.source())) add_mirror_tls(*made);
  made->filters = options_.filter_mask ? options_.filter_mask(policies) : 0;
  known_.emplace(hash, made);
  if (known_.size() >= prune_at_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    prune_at_ = std::max<std::size_t>(1024, known_.size() * 2);
  }
  return made;
}

// What of the policy counts: without a Secret, nothing.
void PolicyPool::add_upstream_tls(LocationPolicies& to) {
  if (to.policies.deny.denied()) return;
  const features::ProxySslPolicy wanted =
      to.policies.proxy_ssl.material ? to.policies.proxy_ssl : features::ProxySslPolicy{};
  std::size_t hash = std::hash<std::string>{}(wanted.secret + '\0' + wanted.name);
  if (wanted.material) hash ^= std::hash<std::string>{}(wanted.material->ca + wanted.material->certificate) * 31;
  const auto [first, last] = contexts_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    to.upstream_tls = entry->second.policy == wanted ? entry->second.context.lock() : nullptr;
    if (to.upstream_tls) return;
  }
  auto made = tls::make_client_context(wanted, ++next_context_);
  if (!made) return deny(to, made.error().text());
  to.upstream_tls = *made;
  contexts_.emplace(hash, KnownContext{wanted, *made});
  if (contexts_.size() >= prune_contexts_at_) {
    std::erase_if(contexts_, [](const auto& entry) { return entry.second.context.expired(); });
    prune_contexts_at_ = std::max<std::size_t>(64, contexts_.size() * 2);
  }
}

// One per set of authorities: locations with the same one share connections and sessions.
void PolicyPool::add_auth_tls(LocationPolicies& to) {
  if (to.policies.deny.denied()) return;
  const features::TlsMaterial* more = to.policies.proxy_ssl.material.get();
  const std::string authorities = more == nullptr || !options_.verify_auth_url ? "" : more->ca + '\0' + more->crl;
  std::weak_ptr<const tls::ClientContext>& known = auth_contexts_[authorities];
  to.auth_tls = known.lock();
  if (to.auth_tls) return;
  auto made = tls::make_service_context(more, options_.verify_auth_url, ++next_context_);
  if (!made) return deny(to, made.error().text());
  known = to.auth_tls = *made;
  std::erase_if(auth_contexts_, [](const auto& entry) { return entry.second.expired(); });
}

// Spec 4.9: nothing is verified. Without a context nothing is copied, which hurts no request.
void PolicyPool::add_mirror_tls(LocationPolicies& to) {
  to.mirror_tls = mirror_context_.lock();
  if (to.mirror_tls) return;
  if (auto made = tls::make_service_context(nullptr, false, ++next_context_)) mirror_context_ = to.mirror_tls = *made;
}

}  // namespace weir::route
