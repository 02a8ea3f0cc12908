// Step 6 of life-of-a-request: digest authentication (spec 4.2; RFC 7616). Stop: live backend.
#include "features/auth/filter_refusal.h"
#include "features/filter_order_entries.h"
#include "weir/http/digest_credentials.h"
#include "weir/proxy/digest_check.h"

#include <optional>
#include <string>
#include <utility>

namespace weir::features {
namespace {

using proxy::DigestCheck;
using proxy::RequestContext;
using proxy::Verdict;

// An internal redirect led from one to the other: the client has answered, and the count of its answer is used up.
bool asks_the_same(const AuthPolicy* passed, const AuthPolicy& policy) {
  return passed != nullptr && passed->realm == policy.realm && passed->users != nullptr && policy.users != nullptr &&
         *passed->users == *policy.users;
}

class DigestFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "digest-auth"; }
  bool active(const Policies& policies) const override { return policies.auth.digest; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    std::optional<http::DigestCredentials> given =
        http::parse_digest_credentials(request.head.fields.get(http::FieldId::authorization));
    drop_authorization(request);
    if (given) request.remote_user = given->username;
    if (admitted_by_address(request)) return Verdict::go_on;
    if (!given) return challenge(request, "password-missing");

    const AuthPolicy& policy = request.policies().auth;
    if (asks_the_same(request.digest_passed, policy)) {
      request.password_right = true;
      return Verdict::go_on;
    }
    const User* user = policy.users ? policy.users->find(given->username) : nullptr;
    DigestCheck::Asked asked;
    asked.method = request.head.client_method();
    asked.target = request.head.target();
    asked.realm = policy.realm;
    if (user != nullptr) asked.hash = user->hash;
    switch (request.digests->check(*given, asked)) {
      case DigestCheck::Outcome::right:
        request.password_right = true;
        request.digest_passed = &policy;
        return Verdict::go_on;
      case DigestCheck::Outcome::stale:
        request.nonce_stale = true;
        return challenge(request, "digest-nonce-stale");
      case DigestCheck::Outcome::wrong:
        break;
    }
    return challenge(request, "password-wrong");
  }
};

}  // namespace

const proxy::Filter& digest_filter() {
  static const DigestFilter filter;
  return filter;
}

}  // namespace weir::features
