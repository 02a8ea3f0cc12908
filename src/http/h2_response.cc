// Step 9 of life-of-a-request, for HTTP/2: the response head and what follows the body.
#include "weir/http/h2_response.h"

#include "http/field_text.h"
#include "http/reject.h"
#include "http/scan.h"

#include <algorithm>
#include <utility>

namespace weir::http {
namespace {

constexpr std::uint64_t response_bit(FieldId id) {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// RFC 9113 8.2.2.
constexpr std::uint64_t kOfConnections = response_bit(FieldId::connection) | response_bit(FieldId::keep_alive) |
                                         response_bit(FieldId::proxy_connection) |
                                         response_bit(FieldId::transfer_encoding) | response_bit(FieldId::upgrade);

// RFC 9110 6.5.1: framing, routing, authentication, control data, and how the content is to be read.
constexpr std::uint64_t kNotInTrailers =
    response_bit(FieldId::authorization) | response_bit(FieldId::content_length) |
    response_bit(FieldId::content_range) | response_bit(FieldId::content_type) | response_bit(FieldId::cookie) |
    response_bit(FieldId::date) | response_bit(FieldId::host) | response_bit(FieldId::location) |
    response_bit(FieldId::proxy_authenticate) | response_bit(FieldId::refresh) | response_bit(FieldId::set_cookie) |
    response_bit(FieldId::te) | response_bit(FieldId::trailer) | response_bit(FieldId::vary) |
    response_bit(FieldId::www_authenticate);

bool all_of(std::string_view text, scan::Class wanted) {
  return scan::by_table(text.data(), text.data() + text.size(), wanted) == text.data() + text.size();
}

bool is_lower_case_token(std::string_view name) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return !name.empty() && all_of(name, scan::kToken) && std::none_of(name.begin(), name.end(), upper);
}

// Three digits, 100 or more.
bool is_status(std::string_view value) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return value.size() == 3 && std::all_of(value.begin(), value.end(), digit) && value.front() != '0';
}

bool has_any(const Fields& fields, std::uint64_t ids) {
  const auto is_one = [ids](const Field& field) { return (response_bit(field.id) & ids) != 0; };
  return std::any_of(fields.all().begin(), fields.all().end(), is_one);
}

}  // namespace

void H2ResponseBlock::begin(const H1Limits& limits) {
  limits_ = limits;
  fault_ = {};
  fields_ = 0;
  status_.clear();
  lines_.clear();
}

bool H2ResponseBlock::refuse_as(const ParseResult& fault) {
  fault_ = fault;
  fault_.http_status = 502;
  return false;
}

bool H2ResponseBlock::add(std::string_view name, std::string_view value) {
  if (fault_.status == ParseStatus::bad) return false;
  if (++fields_ > limits_.fields) return refuse_as(refuse(Reject::too_many_fields));
  if (lines_.size() + name.size() + value.size() + 4 > limits_.head) return refuse_as(refuse(Reject::head_too_large));
  if (name == ":status") {
    if (!status_.empty() || !lines_.empty() || !is_status(value)) return refuse_as(refuse(Reject::status_line));
    status_.assign(value);
    return true;
  }
  // Another pseudo-field is no token.
  if (!is_lower_case_token(name)) return refuse_as(refuse(Reject::field_name));
  if (!all_of(value, scan::kValue)) return refuse_as(refuse(Reject::field_value));
  lines_.append(name).append(": ").append(value).append("\r\n");
  return true;
}

// The HTTP/1 head that says the same. Nothing in it can end a line but what is written here.
ParseResult H2ResponseBlock::parse(std::string_view status, ResponseHead& out) {
  if (fault_.status == ParseStatus::bad) return fault_;
  text_.assign("HTTP/1.1 ").append(status).append(" \r\n").append(lines_).append("\r\n");
  H1Limits limits = limits_;
  limits.head = limits.request_line = static_cast<std::uint32_t>(text_.size()) + 1;
  ParseResult result = parse_response_head(text_, limits, out);
  // All of it is here: a head that is not complete is one that the limits have cut.
  if (result.status == ParseStatus::more) result = refuse(Reject::head_too_large);
  if (result.status == ParseStatus::done && has_any(out.fields, kOfConnections)) result = refuse(Reject::field_name);
  if (result.status == ParseStatus::bad) result.http_status = 502;
  return result;
}

ParseResult H2ResponseBlock::finish(bool end_stream, ResponseHead& out) {
  if (fault_.status != ParseStatus::bad && status_.empty()) refuse_as(refuse(Reject::status_line));
  const ParseResult result = parse(status_, out);
  if (result.status != ParseStatus::done) return result;
  out.keep_alive = true;
  if (out.body == BodyKind::until_close) out.body = end_stream ? BodyKind::length : BodyKind::chunked;
  return result;
}

ParseResult H2ResponseBlock::finish_trailers(Fields& out) {
  if (fault_.status != ParseStatus::bad && !status_.empty()) refuse_as(refuse(Reject::status_line));
  const ParseResult result = parse("200", trailers_);
  out.clear();
  if (result.status != ParseStatus::done) return result;
  for (Field& field : trailers_.fields.all()) {
    if ((response_bit(field.id) & kNotInTrailers) != 0) field.dropped = true;
  }
  std::swap(out, trailers_.fields);
  return result;
}

}  // namespace weir::http
