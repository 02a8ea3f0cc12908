#include "http/reject.h"

#include <array>

namespace weir::http {
namespace {

// In the order of Reject. docs/wire-strictness.md repeats this table; a test compares them.
constexpr std::array<Rejection, static_cast<std::size_t>(Reject::count)> kRejections = {{
    {"empty-lines", 400, "more than four empty lines before the request line"},
    {"method", 400, "the method is empty or not a token"},
    {"request-line", 400, "not exactly: method, one space, target, one space, version, CRLF"},
    {"request-line-too-long", 414, "the request line exceeds its limit"},
    {"target-character", 400, "a control, blank or non-ASCII byte in the target"},
    {"target-fragment", 400, "a '#' in the target"},
    {"target-form", 400, "the target is neither a path, nor an http(s) URI, nor '*' with OPTIONS"},
    {"target-authority", 400, "the host of an absolute-form target is missing or malformed"},
    {"target-path", 400, "broken percent-encoding, %00, or '..' above the root in the path"},
    {"version", 400, "no version, HTTP/0.9, or a malformed version"},
    {"version-unsupported", 505, "HTTP/2.0 or later in an HTTP/1 request line"},
    {"connect", 501, "method CONNECT"},
    {"status-line", 400, "an upstream's first line is not: HTTP/1.0 or HTTP/1.1, three digits from 100, reason"},
    {"bare-cr", 400, "a CR that no LF follows"},
    {"bare-lf", 400, "an LF without a CR before it"},
    {"nul", 400, "a NUL byte"},
    {"obs-fold", 400, "a line that begins with a blank (folded field, or blank after the first line)"},
    {"field-name", 400, "an empty field name, one that is not a token, or a line without a colon"},
    {"field-name-blank", 400, "a blank between field name and colon"},
    {"field-value", 400, "a control character in a field value"},
    {"field-line-too-long", 400, "a field line exceeds its limit"},
    {"too-many-fields", 400, "more field lines than allowed"},
    {"head-too-large", 400, "the whole head exceeds its limit"},
    {"host-missing", 400, "HTTP/1.1 without Host, or an empty Host"},
    {"host-several", 400, "more than one Host field, even if equal"},
    {"host-invalid", 400, "Host is not one host name or address with an optional port"},
    {"content-length-invalid", 400, "Content-Length is not a decimal number below 2^63"},
    {"content-length-several", 400, "more than one Content-Length; from an upstream: with different values"},
    {"te-invalid", 400, "Transfer-Encoding is not exactly 'chunked'"},
    {"te-several", 400, "more than one Transfer-Encoding field"},
    {"te-unknown", 501, "further transfer codings before a final 'chunked'"},
    {"te-http10", 400, "Transfer-Encoding in an HTTP/1.0 message"},
    {"te-and-cl", 400, "Transfer-Encoding and Content-Length together"},
    {"field-repeated", 400, "Authorization, a precondition, Content-Range, If-Range or Expect occurs twice"},
    {"connection-too-long", 400, "Connection nominates more than 64 fields"},
    {"expect", 417, "an expectation other than 100-continue"},
    {"chunk-size", 400, "a chunk size is not 1 to 16 hexadecimal digits followed by ';' or CRLF"},
    {"chunk-too-large", 400, "a chunk size of 2^63 or more"},
    {"chunk-extension", 400, "a malformed chunk extension"},
    {"chunk-extensions-too-long", 400, "more than 4 KiB of chunk extensions in one body"},
    {"chunk-end", 400, "chunk data is not followed by CRLF"},
    {"trailer", 400, "a malformed trailer line"},
    {"trailers-too-long", 400, "more than 8 KiB of trailers"},
    {"pseudo-field", 400, "HTTP/2: a pseudo-field is unknown, missing, empty, repeated or behind another field"},
    {"authority-differs", 400, "HTTP/2: Host is not the same as :authority"},
    {"field-name-case", 400, "HTTP/2: an upper-case letter in a field name"},
    {"connection-field", 400, "HTTP/2: a field that belongs to HTTP/1 connections, or TE other than trailers"},
    {"length-without-body", 400, "HTTP/2: a Content-Length above 0 and no body"},
}};

static_assert(kRejections.back().code == "length-without-body", "kRejections follows Reject");
static_assert(kRejections[static_cast<std::size_t>(Reject::target_path)].code == kPathReason);

}  // namespace

const Rejection& rejection(Reject reject) {
  return kRejections[static_cast<std::size_t>(reject)];
}

std::span<const Rejection> rejections() {
  return kRejections;
}

}  // namespace weir::http
