// Step 9 of life-of-a-request: the head of an upstream's answer.
#include "http/field_block.h"
#include "http/scan.h"
#include "weir/base/ascii.h"
#include "weir/http/h1_parser.h"

#include <algorithm>

namespace weir::http {
namespace {

constexpr std::string_view kVersion = "HTTP/1.";
constexpr std::ptrdiff_t kShortest = 12;  // "HTTP/1.1 200"

// Position of the first byte of [p, p + size) that cannot belong to "HTTP/1.x NNN"; p + size if none.
const char* status_line_prefix(const char* p, std::ptrdiff_t size) {
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    const char c = p[i];
    const bool good = i < 7    ? c == kVersion[static_cast<std::size_t>(i)]
                      : i == 7 ? c == '0' || c == '1'
                      : i == 8 ? c == ' '
                      : i == 9 ? c >= '1' && c <= '9'
                               : base::is_digit(c);
    if (!good) return p + i;
  }
  return p + size;
}

// version SP 3DIGIT [SP reason] CRLF. The space before an empty reason is often left out; that is accepted.
ParseResult read_status_line(const HeadInput& input, const H1Limits& limits, ResponseHead& out, const char*& next) {
  const char* p = input.begin;
  const char* const end = input.end;
  const std::ptrdiff_t there = std::min(end - p, kShortest);
  if (status_line_prefix(p, there) != p + there) return refuse(Reject::status_line);
  if (there < kShortest) return more_or(input, Reject::head_too_large);
  out.minor_version = static_cast<std::uint8_t>(p[7] - '0');
  out.status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
  p += kShortest;
  if (p == end) return more_or(input, Reject::head_too_large);
  if (*p != ' ' && *p != '\r') return refuse(Reject::status_line);
  if (*p == ' ') ++p;
  const char* const stop =
      end - input.begin > static_cast<std::ptrdiff_t>(limits.request_line) ? input.begin + limits.request_line : end;
  const char* const reason = p;
  if (p < stop) p = scan::value(p, stop);
  if (p == end) return more_or(input, Reject::head_too_large);
  if (*p != '\r') {
    if (p >= stop) return refuse(Reject::request_line_too_long);
    return refuse(*p == '\n' ? Reject::bare_lf : *p == '\0' ? Reject::nul : Reject::status_line);
  }
  if (p + 1 == end) return more_or(input, Reject::head_too_large);
  if (p[1] != '\n') return refuse(Reject::bare_cr);
  out.reason_at = static_cast<std::uint32_t>(reason - input.begin);
  out.reason_size = static_cast<std::uint32_t>(p - reason);
  next = p + 2;
  return finished();
}

ParseResult parse(std::string_view input_text, const H1Limits& limits, ResponseHead& out) {
  out.clear();
  const HeadInput input = clamp(input_text, limits);
  const char* fields = nullptr;
  FieldFacts facts;
  ParseResult result = read_status_line(input, limits, out, fields);
  if (result.status != ParseStatus::done) return result;
  result = parse_field_block(input, fields, limits, Side::upstream, out.fields, facts);
  if (result.status != ParseStatus::done) return result;

  out.size = static_cast<std::uint32_t>(facts.end - input.begin);
  out.fields.text().assign(input.begin, out.size);
  Framing framing;
  framing.body = BodyKind::until_close;
  result = read_framing(out.fields, facts, out.minor_version, Side::upstream, framing);
  if (result.status != ParseStatus::done) return result;
  out.body = framing.body;
  out.content_length = framing.length;
  const ConnectionFacts connection = apply_connection(out.fields, facts);
  if (connection.too_long) return refuse(Reject::connection_too_long);
  out.keep_alive = !connection.close && (out.minor_version != 0 || connection.keep_alive);
  out.upgrade = out.status == 101 && connection.upgrade && offers_upgrade(out.fields, facts);
  return finished();
}

}  // namespace

ParseResult parse_response_head(std::string_view input, const H1Limits& limits, ResponseHead& out) {
  ParseResult result = parse(input, limits, out);
  if (result.status == ParseStatus::bad) result.http_status = 502;
  return result;
}

BodyKind body_of_response(const ResponseHead& head, Method request_method) {
  if (request_method == Method::head || head.status < 200 || head.status == 204 || head.status == 304) {
    return BodyKind::none;
  }
  return head.body;
}

}  // namespace weir::http
