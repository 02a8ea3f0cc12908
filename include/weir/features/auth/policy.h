// Who may use a location (spec 4.2): basic or digest authentication, and how it is joined with the lists of addresses
// (satisfy). The names come from annotations, `users` is filled in by model/credentials.cc. Consumed by
// features/auth/filter.cc.
#pragma once

#include "weir/features/auth/users.h"

#include <memory>
#include <string>

namespace weir::features {

struct AuthPolicy {
  bool basic = false;
  bool digest = false;                 // not both
  std::string secret;                  // `name` or `namespace/name`, as written
  bool map = false;                    // the Secret's layout: auth-map instead of auth-file
  std::string realm;                   // of the challenge; of digest authentication, also of the lines that count
  bool any = false;                    // satisfy: one of addresses and authentication is enough
  std::shared_ptr<const Users> users;  // null: not resolved, nobody gets in

  bool on() const { return basic || digest; }
  bool operator==(const AuthPolicy& other) const {
    return basic == other.basic && digest == other.digest && secret == other.secret && map == other.map &&
           realm == other.realm && any == other.any &&
           (users == other.users || (users && other.users && *users == *other.users));
  }
};

}  // namespace weir::features
