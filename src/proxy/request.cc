#include "proxy/request.h"

#include <utility>

namespace weir::proxy {
namespace {

constexpr std::size_t kLargestKept = 16 * 1024;  // bytes of head text worth keeping

}  // namespace

void Request::clear() {
  clear_context();
  snapshot.reset();
  body.reset();
  client = nullptr;
  backend = nullptr;
  canary = {};
  if (selection.backend != nullptr) selection.clear();
  endpoints = {};
  resolved_endpoints.clear();
  past_endpoints.clear();
  error_code = 0;
  error_page = errors_replaced = false;
  redirects_now = false;
  redirect_to.clear();
  redirects = 0;
  carried.clear();
  upstream_head.clear();
  tries.clear();
  request_id = {};
  began_us = 0;
  connection_serial = connection_requests = 0;
  bad_line.clear();
  status = 0;
  reason = {};
  sent_head.clear();
  head_bytes_sent = body_bytes_sent = 0;
  keep_alive = response_started = cut = cancelled = silent = false;
}

void Request::retire_endpoints() {
  endpoints = {};
  if (!resolved_endpoints.empty()) past_endpoints.push_back(std::move(resolved_endpoints));
  resolved_endpoints.clear();
}

void Request::leave_location() {
  location = nullptr;
  backend = nullptr;
  canary = {};
  if (selection.backend != nullptr) selection.clear();
  retire_endpoints();
  error_code = 0;
  error_page = false;
  forwarded_prefix.clear();
  answer.clear();
  response.clear();
  upstream_added.clear();
  auth_cookies.clear();
  password_right = nonce_stale = false;  // whom one location lets in is not whom another does
  response_status = 0;
}

void RequestReturner::operator()(Request* request) const noexcept {
  std::unique_ptr<Request> owned(request);
  const std::size_t kept = request->head.fields.text().capacity() + request->upstream_head.fields.text().capacity() +
                           request->sent_head.capacity();
  if (kept > kLargestKept || free->size() == free->capacity()) return;
  request->clear();
  free->push_back(std::move(owned));  // within the capacity: does not throw
}

}  // namespace weir::proxy
