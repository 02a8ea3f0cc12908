// Step 6 of life-of-a-request: what filters may do with a request.
#include "weir/proxy/filter.h"

#include "weir/base/ascii.h"

namespace weir::proxy {

void ResponseFields::set(http::FieldId id, std::string_view name, std::string_view value) {
  for (http::Field& field : added_.all()) {
    if (field.id == id && base::iequals(added_.name(field), name)) field.dropped = true;
  }
  add(id, name, value);
  if (id == http::FieldId::other) {
    others_ = true;
  } else {
    ids_ |= std::uint64_t{1} << static_cast<unsigned>(id);
  }
}

void ResponseFields::add(http::FieldId id, std::string_view name, std::string_view value) {
  added_.add(id, name, value);
}

void ResponseFields::clear() {
  added_.clear();
  ids_ = 0;
  others_ = false;
}

bool ResponseFields::replaces(const http::Fields& of, const http::Field& field) const {
  if (field.id != http::FieldId::other) return (ids_ >> static_cast<unsigned>(field.id) & 1) != 0;
  return others_ && added_.find(of.name(field)) != nullptr;
}

Verdict RequestContext::reply(int status, std::string_view reason) {
  answer.clear();
  answer.status = status;
  answer.reason = reason;
  return Verdict::answered;
}

// Absolute redirects carry the real scheme, the Host without its port and, if use-port-in-redirects asks for it, the
// port of the listener unless it is the scheme's own (spec 1.1).
Verdict RequestContext::redirect(int status, std::string_view to, std::string_view reason, bool keep_relative) {
  reply(status, reason);
  if (keep_relative || to.empty() || to.front() != '/') {
    answer.location = to;
    return Verdict::answered;
  }
  answer.location = connection->https ? "https://" : "http://";
  answer.location += head.host.empty() ? connection->local_address_text : head.host;
  const bool default_port = connection->local_port == (connection->https ? 443 : 80);
  if (location != nullptr && policies().https_redirect.use_port && !default_port) {
    answer.location.append(":").append(std::to_string(connection->local_port));
  }
  answer.location += to;
  return Verdict::answered;
}

void RequestContext::clear_context() {
  head.clear();
  path.clear();
  connection = nullptr;
  forwarded.address_text.clear();
  forwarded.scheme = forwarded.host = {};
  forwarded.port.clear();
  forwarded.client_port = 0;
  forwarded.trusted = false;
  table = nullptr;
  host = nullptr;
  location = nullptr;
  target.clear();
  redirected = false;
  redirect_query.clear();
  forwarded_prefix.clear();
  answer.clear();
  response.clear();
  response_status = 0;
  upstream_fields = nullptr;
  limits = nullptr;
  digests = nullptr;
  passwords = nullptr;
  auth = nullptr;
  password_right = false;
  client_gone = false;
  nonce_stale = false;
  upstream_added.clear();
  auth_cookies.clear();
  remote_user.clear();
  limit_hold.release();
  rates_counted = false;
  digest_passed = nullptr;
}

}  // namespace weir::proxy
