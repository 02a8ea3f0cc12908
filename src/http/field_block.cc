#include "http/field_block.h"

#include "http/field_text.h"
#include "http/scan.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <limits>

namespace weir::http {
namespace {

constexpr std::uint64_t bit(FieldId id) {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// Fields of this connection only (RFC 9110 7.6.1), and Proxy, which CGI programs would take for HTTP_PROXY (httpoxy).
// Expect is answered here (spec 5.1).
constexpr std::uint64_t kHopByHop =
    bit(FieldId::connection) | bit(FieldId::keep_alive) | bit(FieldId::proxy_connection) | bit(FieldId::te) |
    bit(FieldId::trailer) | bit(FieldId::transfer_encoding) | bit(FieldId::upgrade) | bit(FieldId::http2_settings);
constexpr std::uint64_t kDroppedOfClient = kHopByHop | bit(FieldId::proxy) | bit(FieldId::expect);

// With underscores allowed, a name that a CGI-like backend could not tell from one of these is still dropped.
constexpr std::uint64_t kNeverWithUnderscore =
    bit(FieldId::content_length) | bit(FieldId::transfer_encoding) | bit(FieldId::proxy_connection) |
    bit(FieldId::keep_alive) | bit(FieldId::http2_settings) | bit(FieldId::forwarded_for) |
    bit(FieldId::forwarded_host) | bit(FieldId::forwarded_port) | bit(FieldId::forwarded_proto) |
    bit(FieldId::forwarded_scheme) | bit(FieldId::original_forwarded_for) | bit(FieldId::original_forwarded_host) |
    bit(FieldId::original_uri) | bit(FieldId::real_ip) | bit(FieldId::request_id) | bit(FieldId::scheme);

constexpr std::size_t kLongestFoldedName = 32;
constexpr unsigned kMostNominated = 64;

bool folds_to_own_name(std::string_view name) {
  if (name.size() > kLongestFoldedName) return false;
  char folded[kLongestFoldedName];
  std::transform(name.begin(), name.end(), folded, [](char c) { return c == '_' ? '-' : c; });
  return (bit(classify_field({folded, name.size()})) & kNeverWithUnderscore) != 0;
}

Reject reason_of_name_stop(char c) {
  switch (c) {
    case '\n':
      return Reject::bare_lf;
    case '\0':
      return Reject::nul;
    case ' ':
    case '\t':
      return Reject::field_name_blank;
    default:
      return Reject::field_name;
  }
}

bool is_digits(std::string_view text, std::uint64_t& number) {
  if (text.empty()) return false;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  number = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMost - digit) / 10) return false;
    number = number * 10 + digit;
  }
  return true;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         scan::by_table(text.data(), text.data() + text.size(), scan::kToken) == text.data() + text.size();
}

// 501 for codings that could be meant honestly: known syntax, chunked once and last (RFC 9112 6.1).
Reject reason_of_coding(std::string_view value) {
  unsigned codings = 0;
  unsigned chunked = 0;
  bool tokens = true;
  std::string_view last;
  for_each_element(value, [&](std::string_view coding) {
    ++codings;
    if (!is_token(coding)) tokens = false;
    if (same_token(coding, "chunked")) ++chunked;
    last = coding;
    return true;
  });
  const bool honest = tokens && codings > 1 && chunked == 1 && same_token(last, "chunked");
  return honest ? Reject::te_unknown : Reject::te_invalid;
}

void nominate(Fields& fields, std::string_view name) {
  for (Field& field : fields.all()) {
    if (field.name_size != name.size() || field.dropped) continue;
    if (field.id == FieldId::host || field.id == FieldId::content_length) continue;
    if (iequals_ascii(fields.name(field), name)) field.dropped = true;
  }
}

}  // namespace

HeadInput clamp(std::string_view input, const H1Limits& limits) {
  const std::size_t size = std::min<std::size_t>(input.size(), limits.head);
  return {input.data(), input.data() + size, input.size() >= limits.head};
}

ParseResult more_or(const HeadInput& input, Reject when_full) {
  return input.full ? refuse(when_full) : ParseResult{};
}

ParseResult parse_field_block(const HeadInput& input, const char* p, const H1Limits& limits, Side side, Fields& out,
                              FieldFacts& facts) {
  const char* const end = input.end;
  const std::ptrdiff_t longest = std::min<std::uint32_t>(limits.field_line, std::numeric_limits<std::uint16_t>::max());
  const std::uint64_t dropped = side == Side::client ? kDroppedOfClient : kHopByHop;
  std::vector<Field>& fields = out.all();
  std::uint64_t seen = 0;
  std::uint64_t repeated = 0;
  for (;;) {
    if (p == end) return more_or(input, Reject::head_too_large);
    if (*p == '\r') {
      if (p + 1 == end) return more_or(input, Reject::head_too_large);
      if (p[1] != '\n') return refuse(Reject::bare_cr);
      facts = {p + 2, seen, repeated};
      return finished();
    }
    if (*p == ' ' || *p == '\t') return refuse(Reject::obs_fold);
    if (fields.size() >= limits.fields) return refuse(Reject::too_many_fields);

    const char* const line = p;
    const char* const stop = end - line > longest ? line + longest : end;
    bool underscore = false;
    p = scan::name(line, stop, underscore);
    if (p == stop) {
      if (stop == end) return more_or(input, Reject::head_too_large);
      return refuse(Reject::field_line_too_long);
    }
    if (*p != ':' || p == line) return refuse(reason_of_name_stop(*p));
    const std::string_view name(line, static_cast<std::size_t>(p - line));
    ++p;
    while (p != stop && (*p == ' ' || *p == '\t')) ++p;
    const char* const value = p;
    p = scan::value(p, stop);
    if (p == end) return more_or(input, Reject::head_too_large);
    if (*p != '\r') {
      if (p == stop) return refuse(Reject::field_line_too_long);
      return refuse(*p == '\n' ? Reject::bare_lf : *p == '\0' ? Reject::nul : Reject::field_value);
    }
    if (p + 1 == end) return more_or(input, Reject::head_too_large);
    if (p[1] != '\n') return refuse(Reject::bare_cr);
    const char* value_end = p;
    while (value_end != value && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    p += 2;

    const FieldId id = classify_field(name);
    const std::uint64_t mask = bit(id);
    repeated |= seen & mask;
    seen |= mask;
    Field field;
    field.name = static_cast<std::uint32_t>(line - input.begin);
    field.name_size = static_cast<std::uint16_t>(name.size());
    field.value = static_cast<std::uint32_t>(value - input.begin);
    field.value_size = static_cast<std::uint16_t>(value_end - value);
    field.id = id;
    field.dropped = (mask & dropped) != 0;
    if (underscore && side == Side::client && (!limits.underscores_in_names || folds_to_own_name(name))) {
      field.dropped = true;
    }
    fields.push_back(field);
  }
}

ConnectionFacts apply_connection(Fields& fields, const FieldFacts& facts) {
  ConnectionFacts result;
  if (!facts.has(FieldId::connection)) return result;
  unsigned nominated = 0;
  for (const Field& field : fields.all()) {
    if (field.id != FieldId::connection) continue;
    for_each_element(fields.value(field), [&](std::string_view option) {
      if (iequals_ascii(option, "close")) {
        result.close = true;
      } else if (iequals_ascii(option, "keep-alive")) {
        result.keep_alive = true;
      } else if (iequals_ascii(option, "upgrade")) {
        result.upgrade = true;
      } else if (++nominated > kMostNominated) {
        result.too_long = true;
      } else {
        nominate(fields, option);
      }
      return !result.too_long;
    });
    if (result.too_long) break;
  }
  return result;
}

ParseResult read_framing(const Fields& fields, const FieldFacts& facts, std::uint8_t minor_version, Side side,
                         Framing& out) {
  const bool coded = facts.has(FieldId::transfer_encoding);
  const bool sized = facts.has(FieldId::content_length);
  if (coded) {
    if (minor_version == 0) return refuse(Reject::te_http10);
    if (sized) return refuse(Reject::te_and_cl);
    if (facts.repeats(FieldId::transfer_encoding)) return refuse(Reject::te_several);
    const std::string_view coding = fields.get(FieldId::transfer_encoding);
    if (!iequals_ascii(coding, "chunked")) return refuse(reason_of_coding(coding));
    out.body = BodyKind::chunked;
    return finished();
  }
  if (!sized) return finished();
  if (side == Side::client && facts.repeats(FieldId::content_length)) return refuse(Reject::content_length_several);
  bool first = true;
  for (const Field& field : fields.all()) {
    if (field.id != FieldId::content_length) continue;
    std::uint64_t length = 0;
    if (!is_digits(fields.value(field), length)) return refuse(Reject::content_length_invalid);
    if (!first && length != out.length) return refuse(Reject::content_length_several);
    out.length = length;
    first = false;
  }
  out.body = BodyKind::length;
  return finished();
}

bool offers_upgrade(const Fields& fields, const FieldFacts& facts) {
  if (!facts.has(FieldId::upgrade) || facts.repeats(FieldId::upgrade)) return false;
  // protocol-name ["/" protocol-version]
  const std::string_view value = fields.get(FieldId::upgrade);
  const std::size_t slash = value.find('/');
  if (!is_token(value.substr(0, slash))) return false;
  if (slash != std::string_view::npos && !is_token(value.substr(slash + 1))) return false;
  return !iequals_ascii(value.substr(0, slash), "h2c");
}

}  // namespace weir::http
