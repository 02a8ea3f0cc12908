#include "proxy/request.h"

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
  error_code = 0;
  error_page = false;
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

void RequestReturner::operator()(Request* request) const noexcept {
  std::unique_ptr<Request> owned(request);
  const std::size_t kept = request->head.fields.text().capacity() + request->upstream_head.fields.text().capacity() +
                           request->sent_head.capacity();
  if (kept > kLargestKept || free->size() == free->capacity()) return;
  request->clear();
  free->push_back(std::move(owned));  // within the capacity: does not throw
}

}  // namespace weir::proxy
