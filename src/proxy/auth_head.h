// The head of a sub-request to an external authentication service (spec 4.1).
#pragma once

#include "proxy/auth_target.h"
#include "proxy/request.h"
#include "weir/upstream/exchange.h"

namespace weir::proxy {

class AuthHead final : public upstream::HeadSource {
 public:
  AuthHead(const Request& request, const AuthTarget& target) : request_(request), target_(target) {}
  void write_head(upstream::OutBuffer& out) override;

 private:
  const Request& request_;
  const AuthTarget& target_;
};

}  // namespace weir::proxy
