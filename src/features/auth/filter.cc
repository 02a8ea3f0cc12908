// Step 6 of life-of-a-request: basic authentication (spec 4.2; RFC 7617). Stop: live backend.
#include "features/auth/filter_refusal.h"
#include "features/base64.h"
#include "features/filter_order_entries.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <optional>
#include <string>

namespace weir::features {
namespace {

using proxy::PasswordCheck;
using proxy::RequestContext;
using proxy::Verdict;

// Who the client says it is.
struct Claim {
  std::string name;
  std::string password;
};

std::optional<Claim> claim_of(const http::Fields& fields) {
  constexpr std::string_view kScheme = "Basic ";
  const std::string_view value = fields.get(http::FieldId::authorization);
  if (value.size() <= kScheme.size() || !base::iequals(value.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto decoded = decode_base64(value.substr(kScheme.size()));
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos || decoded->find('\0') != std::string::npos) return std::nullopt;
  return Claim{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

Verdict decide(RequestContext& request, PasswordCheck::Outcome outcome, bool known) {
  if (outcome == PasswordCheck::Outcome::busy) return request.reply(503, "password-checks-busy");
  if (!known || outcome != PasswordCheck::Outcome::right) return challenge(request, "password-wrong");
  request.password_right = true;
  return Verdict::go_on;
}

// Suspends until the hash is worked out.
net::Task<Verdict> wait_and_decide(RequestContext& request, net::MaybeTask<PasswordCheck::Outcome> running,
                                   bool known) {
  const PasswordCheck::Outcome outcome = co_await running;
  co_return decide(request, outcome, known);
}

class AuthFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "auth"; }
  bool active(const Policies& policies) const override { return policies.auth.basic; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    std::optional<Claim> claim = claim_of(request.head.fields);
    drop_authorization(request);
    if (claim) request.remote_user = claim->name;
    if (admitted_by_address(request)) return Verdict::go_on;
    if (!claim) return challenge(request, "password-missing");

    // An unknown name costs as much as a wrong password: the time tells nothing about who exists.
    const std::shared_ptr<const Users>& users = request.policies().auth.users;
    if (!users) return challenge(request, "password-wrong");
    const User* user = users->find(claim->name);
    const bool known = user != nullptr && !user->hash.empty();
    if (!known) {
      const auto decoy =
          std::find_if(users->all.begin(), users->all.end(), [](const User& one) { return !one.hash.empty(); });
      if (decoy == users->all.end()) return challenge(request, "password-wrong");
      user = &*decoy;
    }
    net::MaybeTask<PasswordCheck::Outcome> running = request.passwords->verify(claim->password, user->hash);
    if (!running.await_ready()) return wait_and_decide(request, std::move(running), known);
    return decide(request, running.await_resume(), known);
  }
};

}  // namespace

const proxy::Filter& auth_filter() {
  static const AuthFilter filter;
  return filter;
}

}  // namespace weir::features
