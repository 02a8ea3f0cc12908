// Step 6 of life-of-a-request: external authentication (spec 4.1). Stop: live backend.
#include "features/auth/filter_refusal.h"
#include "features/filter_order_entries.h"
#include "weir/base/ascii.h"
#include "weir/proxy/auth_client.h"

#include <algorithm>
#include <string>

namespace weir::features {
namespace {

using proxy::AuthAnswer;
using proxy::RequestContext;
using proxy::Verdict;

// The client cannot say what the service is asked to say, `_` for `-` included.
bool is_same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return base::to_lower(x == '_' ? '-' : x) == base::to_lower(y == '_' ? '-' : y);
         });
}

void pass_headers(RequestContext& request, const AuthAnswer& answer) {
  const std::vector<std::string>& names = request.policies().external_auth.response_headers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (http::Field& field : request.head.fields.all()) {
      if (is_same_name(request.head.fields.name(field), names[i])) field.leave_out();
    }
    if (i >= answer.values.size() || answer.values[i].empty()) continue;
    request.upstream_added.add(http::classify_field(names[i]), names[i], answer.values[i]);
  }
}

// What satisfy any leaves undecided until now is decided here.
Verdict refuse(RequestContext& request, const AuthAnswer& answer) {
  const AuthPolicy& basic = request.policies().auth;
  const bool password_asked = basic.on() && basic.any;
  if (answer.status == 403 && !password_asked) return request.reply(403, "auth-service-refused");
  if (password_asked) set_challenge(request);
  if (!answer.challenge.empty()) {
    request.response.add(http::FieldId::www_authenticate, "WWW-Authenticate", answer.challenge);
  }
  const Verdict verdict = refuse_unauthorized(request, "auth-service-refused");
  if (request.answer.status != 401) request.response.clear();
  return verdict;
}

Verdict act(RequestContext& request, const AuthAnswer& answer) {
  if (!answer.reason.empty()) {
    request.client_gone = answer.client_gone();
    return request.reply(answer.status, answer.reason);
  }
  request.auth_cookies = answer.cookies;
  if (answer.accepts()) {
    pass_headers(request, answer);
    return Verdict::go_on;
  }
  if (answer.status == 401 || answer.status == 403) return refuse(request, answer);
  return request.reply(500, "auth-service-status");
}

net::Task<Verdict> ask_and_act(RequestContext& request) {
  AuthAnswer answer;
  co_await request.auth->ask(request, answer);
  co_return act(request, answer);
}

// There is nobody to ask (weir explain): the decision stays open, and what waits for it is told so.
net::Task<Verdict> wait_without_end() {
  co_await std::suspend_always{};
  co_return Verdict::answered;
}

bool passes_cookies(int status) {
  constexpr int kStatus[] = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
  return std::find(std::begin(kStatus), std::end(kStatus), status) != std::end(kStatus);
}

class ExternalAuthFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "external-auth"; }
  bool active(const Policies& policies) const override { return policies.external_auth.on(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    // Dropped also for those whom satisfy any has let in without asking the service.
    const bool admitted = admitted_by_address(request) || (request.password_right && request.policies().auth.any);
    if (admitted) {
      pass_headers(request, {});
      return Verdict::go_on;
    }
    if (request.auth == nullptr) return wait_without_end();
    if (const AuthAnswer* known = request.auth->known(request)) return act(request, *known);
    return ask_and_act(request);
  }

  void on_response(RequestContext& request) const override {
    if (request.auth_cookies.empty()) return;
    if (!request.policies().external_auth.always_set_cookie && !passes_cookies(request.response_status)) return;
    for (const std::string& cookie : request.auth_cookies) {
      request.response.add(http::FieldId::set_cookie, "Set-Cookie", cookie);
    }
  }
};

}  // namespace

const proxy::Filter& external_auth_filter() {
  static const ExternalAuthFilter filter;
  return filter;
}

}  // namespace weir::features
