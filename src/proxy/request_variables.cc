// Steps 6, 7, 9 and 10 of life-of-a-request: what texts with $variables (spec 0.4) say for a request. Their compiled
// form, made with the table, is features/variables.h.
#include "proxy/request_variables.h"

#include "proxy/clock.h"
#include "proxy/log_entry.h"
#include "proxy/request.h"
#include "weir/base/ascii.h"
#include "weir/base/escaped_uri.h"
#include "weir/http/cookies.h"
#include "weir/http/normalize.h"
#include "weir/observe/log_format.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace weir::proxy {
namespace {

using features::Variable;
using features::VariableText;

std::string_view args_of(const RequestContext& request) {
  std::string_view query = request.query();
  if (!query.empty()) query.remove_prefix(1);
  return query;
}

// The first argument of that name, as it was written.
std::string_view argument(std::string_view args, std::string_view name) {
  while (!args.empty()) {
    const std::size_t end = std::min(args.find('&'), args.size());
    const std::string_view pair = args.substr(0, end);
    args.remove_prefix(end == args.size() ? end : end + 1);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (equals < pair.size() && base::iequals(pair.substr(0, equals), name)) return pair.substr(equals + 1);
  }
  return {};
}

// The variable's name of a field has '_' for '-'.
bool names_field(std::string_view variable, std::string_view field) {
  return field.size() == variable.size() &&
         std::equal(field.begin(), field.end(), variable.begin(),
                    [](char a, char b) { return (a == '-' ? '_' : base::to_lower(a)) == base::to_lower(b); });
}

// All lines of the field, joined. A view if there is one line at most.
std::optional<std::string_view> view_of_field(const http::Fields& fields, std::string_view name) {
  std::optional<std::string_view> found;
  for (const http::Field& field : fields.all()) {
    if (!names_field(name, fields.name(field))) continue;
    if (found) return std::nullopt;
    found = fields.value(field);
  }
  return found.value_or(std::string_view());
}

void append_field(const http::Fields& fields, std::string_view name, std::string& out) {
  bool first = true;
  for (const http::Field& field : fields.all()) {
    if (!names_field(name, fields.name(field))) continue;
    if (!first) out += ", ";
    out += fields.value(field);
    first = false;
  }
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

void append_printable(std::string_view text, std::string& out) {
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return !is_control(c); });
}

// As nginx escapes a capture in an argument.
void append_argument(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kEscaped = "\"#%&+;?";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && kEscaped.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
}

void append_number(std::uint16_t value, std::string& out) {
  char text[8];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

std::string_view upstream_name(const RequestContext& request) {
  if (request.location == nullptr) return {};
  const route::Backend* primary = request.table->find_backend(request.location->backend);
  return primary != nullptr ? std::string_view(primary->name) : std::string_view();
}

std::string_view host_of(const RequestContext& request) {
  if (!request.head.host.empty() || request.host == nullptr) return request.head.host;
  return request.host->name;
}

std::string_view address_of(const RequestContext& request) {
  const std::string& resolved = request.forwarded.address_text;
  return resolved.empty() ? std::string_view(request.connection->address_text) : std::string_view(resolved);
}

std::string_view owner_of(const RequestContext& request, std::string route::Location::*member) {
  return request.location != nullptr ? std::string_view(request.location->*member) : std::string_view();
}

// Works out one text for one request.
class Expansion {
 public:
  Expansion(const RequestContext& request, const VariableText& text, bool url = false)
      : request_(request), text_(text), url_(url) {}

  // The value where it lies in memory as it is; nullopt: it has to be put together.
  std::optional<std::string_view> view(const VariableText::Piece& piece) const;
  void append(const VariableText::Piece& piece, std::string& out);

 private:
  std::optional<std::string_view> view_of_client(Variable what) const;
  std::string_view capture(std::string_view digit);
  void append_logged(std::string_view name, std::string& out);

  const RequestContext& request_;
  const VariableText& text_;
  const bool url_;                // captures are escaped
  std::optional<bool> captured_;  // whether the path's expression matches; not looked at before it is needed
  std::optional<LogEntry> entry_;
};

std::optional<std::string_view> Expansion::view(const VariableText::Piece& piece) const {
  using features::Variable;
  const http::RequestHead& head = request_.head;
  switch (piece.what) {
    case Variable::literal:
      return text_.text_of(piece);
    case Variable::unknown:
      return std::string_view();
    case Variable::field:
      return view_of_field(head.fields, text_.text_of(piece));
    case Variable::argument:
      return argument(args_of(request_), text_.text_of(piece));
    case Variable::cookie:
      return http::find_cookie(head.fields, text_.text_of(piece), http::CookieCase::ignored);
    case Variable::args:
      return args_of(request_);
    case Variable::content_length:
      return head.fields.get(http::FieldId::content_length);
    case Variable::content_type:
      return head.fields.get(http::FieldId::content_type);
    case Variable::host:
      return host_of(request_);
    case Variable::http_host:
      return std::string_view(head.authority);
    case Variable::is_args:
      return std::string_view(args_of(request_).empty() ? "" : "?");
    case Variable::request_method:
      return head.method_text();
    case Variable::request_uri:
      return head.target();
    case Variable::subdomain:
      return subdomain_of(request_);
    case Variable::uri:
      if (has_control(request_.path)) return std::nullopt;
      return std::string_view(request_.path);
    case Variable::server_name:
      return request_.host != nullptr ? std::string_view(request_.host->name) : std::string_view("_");
    case Variable::ns:
      return owner_of(request_, &route::Location::ns);
    case Variable::ingress_name:
      return owner_of(request_, &route::Location::ingress);
    case Variable::service_name:
      return owner_of(request_, &route::Location::service);
    case Variable::service_port:
      return owner_of(request_, &route::Location::service_port);
    case Variable::location_path:
      return owner_of(request_, &route::Location::path);
    case Variable::proxy_upstream_name:
      return upstream_name(request_);
    case Variable::proxy_alternative_upstream_name:
      return request_.whole != nullptr ? request_.whole->canary : std::string_view();
    case Variable::request_id:
      return request_.whole != nullptr ? request_.whole->request_id : std::string_view();
    default:
      return view_of_client(piece.what);
  }
}

std::optional<std::string_view> Expansion::view_of_client(Variable what) const {
  const ClientConnection& connection = *request_.connection;
  switch (what) {
    case Variable::remote_addr:
      return address_of(request_);
    case Variable::realip_remote_addr:
      return std::string_view(connection.address_text);
    case Variable::server_addr:
      return std::string_view(connection.local_address_text);
    case Variable::server_protocol:
      return request_.head.version_text();
    case Variable::scheme:
      return std::string_view(connection.https ? "https" : "http");
    case Variable::https:
      return std::string_view(connection.https ? "on" : "");
    case Variable::best_http_host:
      return request_.forwarded.host;
    case Variable::pass_access_scheme:
      return request_.forwarded.scheme;
    case Variable::pass_port:
      return std::string_view(request_.forwarded.port);
    default:
      return std::nullopt;
  }
}

void Expansion::append(const VariableText::Piece& piece, std::string& out) {
  if (const std::optional<std::string_view> ready = view(piece)) {
    out += *ready;
    return;
  }
  switch (piece.what) {
    case Variable::field:
      append_field(request_.head.fields, text_.text_of(piece), out);
      return;
    case Variable::uri:
      append_printable(request_.path, out);
      return;
    case Variable::capture:
      if (url_) {
        append_argument(capture(text_.text_of(piece)), out);
      } else {
        append_printable(capture(text_.text_of(piece)), out);
      }
      return;
    case Variable::escaped_request_uri:
      base::append_escaped_uri(request_.head.target(), out);
      return;
    case Variable::remote_port:
      append_number(request_.forwarded.client_port != 0 ? request_.forwarded.client_port : request_.connection->port,
                    out);
      return;
    case Variable::server_port:
      append_number(request_.connection->local_port, out);
      return;
    default:
      append_logged(text_.text_of(piece), out);
  }
}

std::string_view Expansion::capture(std::string_view digit) {
  if (!captured_) {
    captured_ = request_.location != nullptr && request_.lookup != nullptr &&
                request_.lookup->match_captures(*request_.location, request_.path);
  }
  if (!*captured_) return {};
  return request_.lookup->capture(static_cast<unsigned>(digit.front() - '0'), request_.path);
}

// What only the log knows.
void Expansion::append_logged(std::string_view name, std::string& out) {
  if (request_.whole == nullptr) return;
  if (!entry_) entry_.emplace(*request_.whole, monotonic_us() - request_.whole->began_us);
  std::string value;
  observe::append_log_variable(entry_->entry, name, value);
  append_printable(value, out);
}

}  // namespace

std::string_view subdomain_of(const RequestContext& request) {
  if (request.host == nullptr || !request.host->name.starts_with("*.")) return {};
  const std::string_view rest = std::string_view(request.host->name).substr(1);
  const std::string_view name = request.head.host;
  return name.ends_with(rest) ? name.substr(0, name.size() - rest.size()) : std::string_view();
}

void set_added_headers(Request& request) {
  if (request.table == nullptr || request.settings().add_headers.empty()) return;
  std::string scratch;
  for (const features::HeaderText& one : request.settings().add_headers) {
    const std::string_view value = request.text_of(one.value, scratch);
    if (!value.empty()) request.response.set(http::classify_field(one.name), one.name, value);
  }
}

void RequestContext::expand(const VariableText& text, std::string& out) const {
  Expansion expansion(*this, text);
  for (const VariableText::Piece& piece : text.pieces()) expansion.append(piece, out);
}

void RequestContext::expand_url(const VariableText& text, std::string& out) const {
  Expansion expansion(*this, text, true);
  for (const VariableText::Piece& piece : text.pieces()) expansion.append(piece, out);
}

std::string_view RequestContext::text_of(const VariableText& text, std::string& scratch) const {
  if (text.pieces().size() == 1) {
    if (const auto ready = Expansion(*this, text).view(text.pieces().front())) return *ready;
  }
  scratch.clear();
  expand(text, scratch);
  return scratch;
}

std::string_view RequestContext::limit_client(std::string& text) const {
  const VariableText& key = settings().limit_key;
  const bool is_address = key.pieces().size() == 1 && key.pieces().front().what == Variable::remote_addr;
  if (!is_address) return text_of(key, text);
  const auto& bytes = forwarded.address.bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace weir::proxy
