#include "weir/upstream/failure.h"

#include "weir/features/proxy/policy.h"

#include <array>
#include <cstddef>

namespace weir::upstream {
namespace {

using features::kRetryError;
using features::kRetryInvalidHeader;
using features::kRetryTimeout;

constexpr std::array<FailureInfo, static_cast<std::size_t>(Failure::count)> kTable{{
    {Side::self, 0, "", 0},                                                   // none
    {Side::client, 400, "bad-request", 0},                                    // bad_request
    {Side::client, 400, "path-invalid", 0},                                   // bad_path
    {Side::client, 405, "method-trace", 0},                                   // trace_method
    {Side::client, 400, "plain-http-on-https-port", 0},                       // plain_http_on_https
    {Side::client, 408, "client-head-timeout", 0},                            // head_timeout
    {Side::client, 400, "head-cut", 0},                                       // head_cut
    {Side::client, 408, "client-body-timeout", 0},                            // body_timeout
    {Side::client, 413, "body-too-large", 0},                                 // body_too_large
    {Side::client, 400, "body-malformed", 0},                                 // body_malformed
    {Side::client, 499, "client-aborted", 0},                                 // client_aborted
    {Side::client, 408, "client-send-timeout", 0},                            // client_send_timeout
    {Side::self, 503, "not-ready", 0},                                        // not_ready
    {Side::self, 404, "no-default-backend", 0},                               // no_default_backend
    {Side::self, 503, "denied", 0},                                           // denied
    {Side::self, 503, "no-endpoints", 0},                                     // no_endpoints
    {Side::self, 503, "external-name-unresolved", 0},                         // resolve_failed
    {Side::self, 503, "out-of-descriptors", 0},                               // no_descriptors
    {Side::self, 500, "body-file", 0},                                        // body_file
    {Side::self, 403, "status-page", 0},                                      // status_page_forbidden
    {Side::self, 500, "out-of-memory", 0},                                    // out_of_memory
    {Side::self, 503, "draining", 0},                                         // draining
    {Side::upstream, 502, "upstream-connect", kRetryError},                   // connect_failed
    {Side::upstream, 504, "upstream-connect-timeout", kRetryTimeout},         // connect_timeout
    {Side::upstream, 502, "upstream-tls", kRetryError},                       // tls_failed
    {Side::upstream, 502, "upstream-certificate", kRetryError},               // tls_untrusted
    {Side::upstream, 502, "upstream-send", kRetryError},                      // send_failed
    {Side::upstream, 504, "upstream-send-timeout", kRetryTimeout},            // send_timeout
    {Side::upstream, 502, "upstream-reset", kRetryError},                     // receive_failed
    {Side::upstream, 502, "upstream-closed", kRetryError},                    // closed_early
    {Side::upstream, 504, "upstream-read-timeout", kRetryTimeout},            // read_timeout
    {Side::upstream, 502, "upstream-invalid-header", kRetryInvalidHeader},    // invalid_header
    {Side::upstream, 502, "upstream-header-too-large", kRetryInvalidHeader},  // header_too_large
    {Side::upstream, 502, "upstream-none-left", 0},                           // no_endpoint_left
    {Side::upstream, 502, "upstream-truncated", 0},                           // truncated
}};

}  // namespace

const FailureInfo& info(Failure failure) {
  return kTable[static_cast<std::size_t>(failure)];
}

}  // namespace weir::upstream
