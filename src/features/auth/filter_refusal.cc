// Step 6 of life-of-a-request: 401 and the way to the sign-in page.
#include "features/auth/filter_refusal.h"

#include "weir/proxy/digest_check.h"

#include <algorithm>
#include <string>

namespace weir::features {
namespace {

// Does the URL say already where the way back is?
bool has_way_back(std::string_view url, std::string_view param) {
  std::size_t at = std::min(url.find('?'), url.size());
  while (at < url.size()) {
    const std::string_view rest = url.substr(at + 1);
    const std::string_view pair = rest.substr(0, std::min(rest.find('&'), rest.size()));
    if (pair.size() > param.size() + 1 && pair.starts_with(param) && pair[param.size()] == '=') return true;
    at += 1 + pair.size();
  }
  return false;
}

}  // namespace

proxy::Verdict refuse_unauthorized(proxy::RequestContext& request, std::string_view reason) {
  const ExternalAuthPolicy& policy = request.policies().external_auth;
  if (policy.signin.empty()) return request.reply(401, reason);
  static const VariableText way_back("$pass_access_scheme://$http_host$escaped_request_uri");
  std::string to;
  request.expand(policy.signin, to);
  if (!has_way_back(policy.signin.source(), policy.signin_param)) {
    to += policy.signin.source().find('?') == std::string::npos ? '?' : '&';
    to += policy.signin_param;
    to += '=';
    request.expand(way_back, to);
  }
  return request.redirect(302, to, "auth-signin");
}

void set_challenge(proxy::RequestContext& request) {
  const AuthPolicy& policy = request.policies().auth;
  std::string value = policy.digest ? R"(Digest algorithm="MD5", qop="auth", )" : "Basic ";
  value += "realm=\"";
  for (const char c : policy.realm) {
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  value += '"';
  if (policy.digest) {
    value += ", nonce=\"" + request.digests->make_nonce() + '"';
    if (request.nonce_stale) value += ", stale=true";
  }
  request.response.set(http::FieldId::www_authenticate, "WWW-Authenticate", value);
}

proxy::Verdict challenge(proxy::RequestContext& request, std::string_view reason) {
  if (request.policies().auth.any && request.policies().external_auth.on()) return proxy::Verdict::go_on;
  const proxy::Verdict verdict = refuse_unauthorized(request, reason);
  if (request.answer.status == 401) set_challenge(request);
  return verdict;
}

void drop_authorization(proxy::RequestContext& request) {
  for (http::Field& field : request.head.fields.all()) {
    if (field.id == http::FieldId::authorization) field.leave_out();
  }
}

bool admitted_by_address(const proxy::RequestContext& request) {
  const IpAccessPolicy& addresses = request.policies().ip_access;
  // A list of denials alone lets nobody in: whom it does not name is left to authentication, as in nginx.
  return request.policies().auth.any && !addresses.allow.empty() && addresses.admits(request.forwarded.address);
}

}  // namespace weir::features
