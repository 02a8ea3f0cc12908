// Failure: why a request was not answered by its endpoint as asked (architecture 4.4). One table gives each code its
// side, the status the client sees and the stable reason of logs and metrics; `fail()` of the pipeline is its only user
// that makes an answer of it. Values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::upstream {

enum class Side : std::uint8_t { client, self, upstream };

enum class Failure : std::uint8_t {
  none,
  // --- client
  bad_request,  // the parser's own reason is kept beside it
  bad_path,
  trace_method,
  plain_http_on_https,
  head_timeout,
  head_cut,  // the client left in the middle of a head; only the log sees the status
  body_timeout,
  body_too_large,
  body_malformed,
  client_aborted,  // 499: nobody sees the status but the log
  client_send_timeout,
  // --- self
  not_ready,           // no table has been published yet
  no_default_backend,  // the built-in 404
  denied,              // the policy's own reason is kept beside it
  no_endpoints,
  resolve_failed,  // an external name has no address: as no endpoints (spec 2.7)
  no_descriptors,
  body_file,  // the temporary file of a request body cannot be written or read
  status_page_forbidden,
  out_of_memory,
  draining,  // the deadline of a drain cut the request
  // --- upstream
  connect_failed,
  connect_timeout,
  tls_failed,     // no TLS with the endpoint
  tls_untrusted,  // its certificate is refused
  send_failed,
  send_timeout,
  receive_failed,  // reset before a whole head
  closed_early,    // end of stream before a whole head
  read_timeout,
  invalid_header,
  header_too_large,
  no_endpoint_left,  // every one failed (session-cookie-change-on-failure)
  truncated,         // the body ended early; the client's connection is cut
  count
};

struct FailureInfo {
  Side side = Side::self;
  int status = 0;           // what the client gets, or what the log says when it gets nothing
  std::string_view reason;  // stable
  std::uint32_t retry = 0;  // the bit of proxy-next-upstream that allows another try; 0: never
};

const FailureInfo& info(Failure failure);

}  // namespace weir::upstream
