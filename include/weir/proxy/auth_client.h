// AuthClient: asks the service of auth-url or global-auth-url about a request (spec 4.1), and remembers its answers
// where auth-cache-key says so (proxy/auth_cache.h). The certificate of an https service has to be for the host of its
// URL, unless --verify-auth-url=false. Whatever keeps the service from answering is an AuthAnswer with a
// reason: nothing of that lets a request pass.
//
// Thread rule: one worker, which owns it. Lifetime: the worker's; ask() refers to the request until it has ended.
#pragma once

#include "weir/net/task.h"
#include "weir/proxy/auth_answer.h"
#include "weir/route/routing_table.h"

#include <memory>
#include <string>
#include <vector>

namespace weir::proxy {

class AuthCache;
struct AuthTarget;
class Worker;
struct RequestContext;

class AuthClient {
 public:
  explicit AuthClient(Worker& worker);
  ~AuthClient();
  AuthClient(const AuthClient&) = delete;
  AuthClient& operator=(const AuthClient&) = delete;

  // An answer that is still valid; null: the service has to be asked. Valid until the next call of this object.
  const AuthAnswer* known(const RequestContext& request);
  // The sub-request; it ends within the 60 s that the original allows for each step, or when the client leaves.
  net::Task<void> ask(const RequestContext& request, AuthAnswer& into);

 private:
  net::Task<void> find_endpoints(const AuthTarget& to, std::vector<route::Endpoint>& into);

  Worker& worker_;
  std::unique_ptr<AuthCache> cache_;
  std::string key_text_, scratch_;  // room for the keys of the cache
};

}  // namespace weir::proxy
