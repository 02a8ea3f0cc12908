// Step 3 of life-of-a-request, for HTTP/2: the request head.
#include "weir/http/h2_head.h"

#include "http/field_text.h"
#include "http/reject.h"
#include "http/scan.h"

#include <algorithm>

namespace weir::http {
namespace {

enum Pseudo : std::uint8_t { kMethod = 1, kScheme = 2, kAuthority = 4, kPath = 8 };

constexpr std::string_view kVersion1 = "HTTP/1.1";
constexpr std::string_view kVersion2 = "HTTP/2.0";

bool all_of_class(std::string_view text, scan::Class wanted) {
  return scan::by_table(text.data(), text.data() + text.size(), wanted) == text.data() + text.size();
}

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// RFC 9113 8.2.1 forbids blanks at the ends, too.
Reject fault_of_value(std::string_view value) {
  if (all_of_class(value, scan::kValue)) return Reject::field_value;
  if (value.find('\0') != std::string_view::npos) return Reject::nul;
  if (value.find('\n') != std::string_view::npos) return Reject::bare_lf;
  if (value.find('\r') != std::string_view::npos) return Reject::bare_cr;
  return Reject::field_value;
}

bool is_good_value(std::string_view value) {
  if (!all_of_class(value, scan::kValue)) return false;
  return value.empty() || trim_blanks(value).size() == value.size();
}

// RFC 9113 8.2.2.
bool belongs_to_connection(FieldId id, std::string_view value) {
  switch (id) {
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
      return true;
    case FieldId::te:
      return !iequals_ascii(value, "trailers");
    default:
      return false;
  }
}

}  // namespace

void H2RequestBlock::begin(const H1Limits& limits) {
  limits_ = limits;
  fault_ = {};
  fields_ = 0;
  pseudo_ = 0;
  expect_ = false;
  for (std::string* part : {&method_, &path_, &authority_, &host_, &cookie_, &lines_, &text_}) part->clear();
}

void H2RequestBlock::refuse_as(const ParseResult& fault) {
  if (fault_.status == ParseStatus::more) fault_ = fault;
}

void H2RequestBlock::add(std::string_view name, std::string_view value) {
  if (fault_.status == ParseStatus::bad) return;
  if (++fields_ > limits_.fields) return refuse_as(refuse(Reject::too_many_fields));
  if (lines_.size() + cookie_.size() + name.size() + value.size() + 4 > limits_.head) {
    return refuse_as(refuse(Reject::head_too_large));
  }
  if (name.empty()) return refuse_as(refuse(Reject::field_name));
  if (name.front() == ':') return add_pseudo(name, value);
  add_field(name, value);
}

void H2RequestBlock::add_pseudo(std::string_view name, std::string_view value) {
  Pseudo which{};
  std::string* place = nullptr;
  if (name == ":method") {
    which = kMethod;
    place = &method_;
  } else if (name == ":path") {
    which = kPath;
    place = &path_;
  } else if (name == ":authority") {
    which = kAuthority;
    place = &authority_;
  } else if (name == ":scheme") {
    which = kScheme;
  }
  const bool late = !lines_.empty() || !cookie_.empty() || !host_.empty();
  if (which == Pseudo{} || late || (pseudo_ & which) != 0 || value.empty()) {
    return refuse_as(refuse(Reject::pseudo_field));
  }
  pseudo_ |= which;
  switch (which) {
    case kMethod:
      if (!all_of_class(value, scan::kToken)) return refuse_as(refuse(Reject::method));
      break;
    case kPath:
      // A fragment is told from other faults by the parser.
      if (!all_of_class(value.substr(0, value.find('#')), scan::kTarget)) {
        return refuse_as(refuse(Reject::target_character));
      }
      if (value.front() != '/' && value != "*") return refuse_as(refuse(Reject::target_form));
      if (value.find('#') != std::string_view::npos) return refuse_as(refuse(Reject::target_fragment));
      break;
    case kAuthority:
      if (!all_of_class(value, scan::kTarget)) return refuse_as(refuse(Reject::host_invalid));
      break;
    case kScheme:
      if (value != "http" && value != "https") return refuse_as(refuse(Reject::pseudo_field));
      return;
  }
  place->assign(value);
}

void H2RequestBlock::add_field(std::string_view name, std::string_view value) {
  if (!all_of_class(name, scan::kToken)) return refuse_as(refuse(Reject::field_name));
  if (has_upper_case(name)) return refuse_as(refuse(Reject::field_name_case));
  if (!is_good_value(value)) return refuse_as(refuse(fault_of_value(value)));
  const FieldId id = classify_field(name);
  if (belongs_to_connection(id, value)) return refuse_as(refuse(Reject::connection_field));
  if (id == FieldId::host) {
    if (!host_.empty()) return refuse_as(refuse(Reject::host_several));
    if (value.empty()) return refuse_as(refuse(Reject::host_missing));
    host_.assign(value);
    return;
  }
  if (id == FieldId::cookie) {
    cookie_.append(cookie_.empty() ? "cookie: " : "; ").append(value);
    return;
  }
  if (id == FieldId::expect) expect_ = true;
  lines_.append(name).append(": ").append(value).append("\r\n");
}

// The HTTP/1 head that says the same. Nothing in it can end a line but what is written here.
ParseResult H2RequestBlock::compose() {
  if (fault_.status == ParseStatus::bad) return fault_;
  if (method_ == "CONNECT") return refuse(Reject::connect);
  constexpr std::uint8_t kNeeded = kMethod | kScheme | kPath;
  if ((pseudo_ & kNeeded) != kNeeded) return refuse(Reject::pseudo_field);
  if (!host_.empty() && !authority_.empty() && !iequals_ascii(host_, authority_)) {
    return refuse(Reject::authority_differs);
  }
  const std::string& host = authority_.empty() ? host_ : authority_;
  text_.append(method_).append(" ").append(path_).append(" ").append(kVersion1).append("\r\n");
  if (!host.empty()) text_.append("host: ").append(host).append("\r\n");
  text_.append(lines_);
  if (!cookie_.empty()) text_.append(cookie_).append("\r\n");
  text_.append("\r\n");
  return {ParseStatus::done, 200, {}};
}

ParseResult H2RequestBlock::finish(bool end_stream, RequestHead& out) {
  ParseResult result = compose();
  if (result.status == ParseStatus::done) result = parse_request_head(text_, limits_, out);
  // All of it is here: a head that is not complete is one that the limits have cut.
  if (result.status == ParseStatus::more) result = refuse(Reject::head_too_large);
  if (result.status == ParseStatus::bad) return result;
  if (end_stream && out.body == BodyKind::length && out.content_length > 0) return refuse(Reject::length_without_body);
  if (!end_stream && out.body == BodyKind::none) out.body = BodyKind::chunked;
  out.expect_continue = expect_ && out.body != BodyKind::none;
  out.http2 = true;
  out.fields.text().replace(method_.size() + path_.size() + 2, kVersion2.size(), kVersion2);
  return result;
}

}  // namespace weir::http
