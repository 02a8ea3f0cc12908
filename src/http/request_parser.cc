// Step 3 of life-of-a-request: the request head.
#include "http/authority.h"
#include "http/field_block.h"
#include "http/field_text.h"
#include "http/scan.h"
#include "weir/base/ascii.h"
#include "weir/http/h1_parser.h"

#include <algorithm>
#include <cstring>

namespace weir::http {
namespace {

constexpr unsigned kMostEmptyLines = 4;

constexpr std::uint64_t bit(FieldId id) {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// Fields the original refuses when they come twice (besides Host and the framing fields): a policy that looks at one of
// them must not see another value than the backend does.
constexpr std::uint64_t kSingle = bit(FieldId::authorization) | bit(FieldId::if_match) |
                                  bit(FieldId::if_modified_since) | bit(FieldId::if_none_match) |
                                  bit(FieldId::if_range) | bit(FieldId::if_unmodified_since) |
                                  bit(FieldId::content_range) | bit(FieldId::expect);

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
  const char* end = nullptr;  // behind its CRLF
};

Method method_of(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      if (text == "PUT") return Method::put;
      break;
    case 4:
      if (text == "HEAD") return Method::head;
      if (text == "POST") return Method::post;
      break;
    case 5:
      if (text == "PATCH") return Method::patch;
      if (text == "TRACE") return Method::trace;
      break;
    case 6:
      if (text == "DELETE") return Method::delete_;
      break;
    case 7:
      if (text == "OPTIONS") return Method::options;
      if (text == "CONNECT") return Method::connect;
      break;
    default:
      break;
  }
  return Method::other;
}

ParseResult skip_empty_lines(const HeadInput& input, const char*& p) {
  for (unsigned lines = 0;; ++lines) {
    if (p == input.end) return more_or(input, Reject::request_line_too_long);
    if (*p == '\n') return refuse(Reject::bare_lf);
    if (*p != '\r') return finished();
    if (lines == kMostEmptyLines) return refuse(Reject::empty_lines);
    if (p + 1 == input.end) return more_or(input, Reject::request_line_too_long);
    if (p[1] != '\n') return refuse(Reject::bare_cr);
    p += 2;
  }
}

// The lexical form: three words, each separated by one space. REQUIRES: p != input.end.
ParseResult read_request_line(const HeadInput& input, const char* p, std::uint32_t limit, RequestLine& out) {
  const char* const end = input.end;
  const char* const stop = end - p > static_cast<std::ptrdiff_t>(limit) ? p + limit : end;
  // `p` reached `stop`: either the input or the allowed length of the line is used up.
  const auto cut = [&] {
    return stop == end ? more_or(input, Reject::request_line_too_long) : refuse(Reject::request_line_too_long);
  };

  const char* const method = p;
  bool underscore = false;
  p = scan::name(p, stop, underscore);
  if (p == stop) return cut();
  if (*p == '\n') return refuse(Reject::bare_lf);
  if (*p == '\0') return refuse(Reject::nul);
  if (*p != ' ' || p == method) return refuse(*p == '\r' ? Reject::request_line : Reject::method);
  out.method = {method, static_cast<std::size_t>(p - method)};

  const char* const target = ++p;
  p = scan::target(p, stop);
  if (p == stop && (stop == end || *p != '\r')) return cut();
  switch (*p) {
    case ' ':
      break;
    case '\n':
      return refuse(Reject::bare_lf);
    case '\0':
      return refuse(Reject::nul);
    case '\r':
      return refuse(Reject::version);  // HTTP/0.9
    case '#':
      return refuse(Reject::target_fragment);
    default:
      return refuse(Reject::target_character);
  }
  if (p == target) return refuse(Reject::request_line);
  out.target = {target, static_cast<std::size_t>(p - target)};

  const char* const version = ++p;
  p = scan::target(p, stop);
  if (p == end) return more_or(input, Reject::request_line_too_long);
  if (*p != '\r') {
    if (p == stop) return refuse(Reject::request_line_too_long);
    if (*p == '\n') return refuse(Reject::bare_lf);
    if (*p == '\0') return refuse(Reject::nul);
    return refuse(*p == ' ' || *p == '\t' ? Reject::request_line : Reject::version);
  }
  if (p + 1 == end) return more_or(input, Reject::request_line_too_long);
  if (p[1] != '\n') return refuse(Reject::bare_cr);
  out.version = {version, static_cast<std::size_t>(p - version)};
  out.end = p + 2;
  return finished();
}

ParseResult read_version(std::string_view text, std::uint8_t& minor) {
  if (text.size() != 8 || std::memcmp(text.data(), "HTTP/", 5) != 0 || !base::is_digit(text[5]) || text[6] != '.' ||
      !base::is_digit(text[7]) || text[5] == '0') {
    return refuse(Reject::version);
  }
  if (text[5] != '1') return refuse(Reject::version_unsupported);
  minor = text[7] == '0' ? 0 : 1;  // 1.2 and later are to be treated as 1.1
  return finished();
}

// The parts of the target, still in the input.
struct Target {
  std::string_view authority;  // of absolute-form; else empty
  std::string_view path;       // with query; may be empty or begin with '?' in absolute-form
};

ParseResult read_target(std::string_view text, Method method, std::string& host, Target& out) {
  if (text.front() == '/') {
    out.path = text;
    return finished();
  }
  if (text == "*" && method == Method::options) {
    out.path = text;
    return finished();
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return refuse(Reject::target_form);
  const std::string_view scheme = text.substr(0, colon);
  if (!iequals_ascii(scheme, "http") && !iequals_ascii(scheme, "https")) return refuse(Reject::target_form);
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  out.authority = rest.substr(0, authority_end);
  out.path = rest.substr(authority_end);
  if (!parse_authority(out.authority, host)) return refuse(Reject::target_authority);
  return finished();
}

// Writes the target in the form the backend gets. REQUIRES: out.fields.text() holds the head.
void place_target(std::string_view path, const char* begin, RequestHead& out) {
  std::string& text = out.fields.text();
  if (!path.empty() && path.front() != '?') {
    out.target_at = static_cast<std::uint32_t>(path.data() - begin);
    out.target_size = static_cast<std::uint32_t>(path.size());
    return;
  }
  out.target_at = static_cast<std::uint32_t>(text.size());
  text.push_back(path.empty() && out.method == Method::options ? '*' : '/');
  text.append(path);
  out.target_size = static_cast<std::uint32_t>(text.size() - out.target_at);
}

// The authority of an absolute-form target replaces the Host field (RFC 9112 3.2.2), which must be valid all the same.
ParseResult read_host(const FieldFacts& facts, const char* begin, std::string_view uri_authority, RequestHead& out) {
  if (facts.repeats(FieldId::host)) return refuse(Reject::host_several);
  if (!facts.has(FieldId::host)) {
    if (out.minor_version != 0) return refuse(Reject::host_missing);
    out.authority.assign(uri_authority);
    return finished();
  }
  const std::string_view value = out.fields.get(FieldId::host);
  if (value.empty()) return refuse(Reject::host_missing);
  std::string& host = out.authority;  // scratch when the URI decides
  if (!parse_authority(value, uri_authority.empty() ? out.host : host)) return refuse(Reject::host_invalid);
  if (uri_authority.empty()) {
    out.authority.assign(value);
    return finished();
  }
  out.authority.assign(uri_authority);
  for (Field& field : out.fields.all()) {
    if (field.id != FieldId::host) continue;
    field.value = static_cast<std::uint32_t>(uri_authority.data() - begin);
    field.value_size = static_cast<std::uint16_t>(uri_authority.size());
  }
  return finished();
}

ParseResult read_expect(const FieldFacts& facts, RequestHead& out) {
  if (!facts.has(FieldId::expect) || out.minor_version == 0) return finished();  // RFC 9110 10.1.1
  if (!iequals_ascii(out.fields.get(FieldId::expect), "100-continue")) return refuse(Reject::expect);
  out.expect_continue = out.body != BodyKind::none;
  return finished();
}

}  // namespace

ParseResult parse_request_head(std::string_view input_text, const H1Limits& limits, RequestHead& out) {
  out.clear();
  const HeadInput input = clamp(input_text, limits);
  const char* p = input.begin;
  RequestLine line;
  Target target;
  FieldFacts facts;

  ParseResult result = skip_empty_lines(input, p);
  if (result.status != ParseStatus::done) return result;
  result = read_request_line(input, p, limits.request_line, line);
  if (result.status != ParseStatus::done) return result;
  result = read_version(line.version, out.minor_version);
  if (result.status != ParseStatus::done) return result;
  out.method = method_of(line.method);
  if (out.method == Method::connect) return refuse(Reject::connect);
  result = read_target(line.target, out.method, out.host, target);
  if (result.status != ParseStatus::done) return result;
  result = parse_field_block(input, line.end, limits, Side::client, out.fields, facts);
  if (result.status != ParseStatus::done) return result;

  out.size = static_cast<std::uint32_t>(facts.end - input.begin);
  out.fields.text().assign(input.begin, out.size);
  out.method_at = static_cast<std::uint32_t>(line.method.data() - input.begin);
  out.method_size = static_cast<std::uint32_t>(line.method.size());
  place_target(target.path, input.begin, out);

  result = read_host(facts, input.begin, target.authority, out);
  if (result.status != ParseStatus::done) return result;
  Framing framing;
  result = read_framing(out.fields, facts, out.minor_version, Side::client, framing);
  if (result.status != ParseStatus::done) return result;
  out.body = framing.body;
  out.content_length = framing.length;
  if ((facts.repeated & kSingle) != 0) return refuse(Reject::field_repeated);
  const ConnectionFacts connection = apply_connection(out.fields, facts);
  if (connection.too_long) return refuse(Reject::connection_too_long);
  out.keep_alive = !connection.close && (out.minor_version != 0 || connection.keep_alive);
  out.upgrade = out.minor_version != 0 && connection.upgrade && offers_upgrade(out.fields, facts);
  return read_expect(facts, out);
}

}  // namespace weir::http
