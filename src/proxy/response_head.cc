// Step 10 of life-of-a-request: the response head on its way to the client.
#include "proxy/response_head.h"

#include "weir/base/ascii.h"
#include "weir/http/h1_writer.h"

#include <algorithm>

namespace weir::proxy {
namespace {

using http::field_bit;
using http::FieldId;

// Ours, or never passed on (spec 5.3). Hop-by-hop fields were marked by the parser.
constexpr std::uint64_t kNotPassed =
    field_bit(FieldId::date) | field_bit(FieldId::server) | field_bit(FieldId::content_length) |
    field_bit(FieldId::x_pad) | field_bit(FieldId::x_accel_buffering) | field_bit(FieldId::x_accel_charset) |
    field_bit(FieldId::x_accel_expires) | field_bit(FieldId::x_accel_limit_rate) | field_bit(FieldId::x_accel_redirect);

constexpr std::string_view kServer = "weir/" WEIR_VERSION;

std::uint64_t not_passed(const features::Settings* settings) {
  const bool backend_server = settings != nullptr && settings->server_tokens && settings->allow_backend_server_header;
  return backend_server ? kNotPassed & ~field_bit(FieldId::server) : kNotPassed;
}

// `Head`: http::HeadWriter or FieldCollector.
template <class Head>
void write_server(Head& head, const Request& request, const ResponseStart& start) {
  if (request.table == nullptr || !request.settings().server_tokens) return;
  const bool from_backend = request.settings().allow_backend_server_header && start.fields != nullptr &&
                            start.fields->find(FieldId::server) != nullptr;
  if (!from_backend) head.clean_field("Server", kServer);
}

// In front of the fields that say how the body comes.
template <class Head>
void write_beginning(Head& head, const Request& request, const ResponseStart& start, std::string_view date) {
  head.status_line(start.status, start.phrase);
  head.clean_field("Date", date);
  write_server(head, request, start);
  if (start.fields == nullptr && !start.content_type.empty()) head.field("Content-Type", start.content_type);
}

// Behind them.
template <class Head>
void write_rest(Head& head, const Request& request, const ResponseStart& start) {
  if (!start.location.empty()) head.field("Location", start.location);
  if (start.fields != nullptr) {
    head.fields(*start.fields, not_passed(request.table != nullptr ? &request.settings() : nullptr));
  }
  if (!request.response.empty()) head.fields(request.response.added(), 0);
}

void write(http::HeadWriter& head, const Request& request, const ResponseStart& start, Framing framing,
           std::string_view date) {
  write_beginning(head, request, start, date);
  if (framing == Framing::length || (framing == Framing::none && start.length_told)) {
    head.field("Content-Length", start.length);
  } else if (framing == Framing::chunked) {
    head.append("Transfer-Encoding: chunked\r\n");
  }
  if (!start.upgrade.empty()) {
    head.field("Upgrade", start.upgrade);
    head.append("Connection: upgrade\r\n");
  } else {
    head.append(request.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
  }
  write_rest(head, request, start);
  head.finish();
}

// RFC 9113 8.2.2.
constexpr std::uint64_t kNotInHttp2 = field_bit(FieldId::connection) | field_bit(FieldId::keep_alive) |
                                      field_bit(FieldId::proxy_connection) | field_bit(FieldId::transfer_encoding) |
                                      field_bit(FieldId::upgrade);

}  // namespace

void drop_hidden_fields(http::Fields& fields, const RequestContext& request) {
  const std::vector<std::string>& hidden = request.settings().hide_headers;
  const bool own_reason = request.settings().reason_header;  // nobody else may say why Weir answered
  if (request.response.empty() && hidden.empty() && !own_reason) return;
  for (http::Field& field : fields.all()) {
    const std::string_view name = fields.name(field);
    const bool hide =
        std::any_of(hidden.begin(), hidden.end(), [&](const std::string& one) { return base::iequals(one, name); });
    if (hide || (own_reason && base::iequals(kReasonField, name)) || request.response.replaces(fields, field))
      field.dropped = true;
  }
}

void write_response_head(upstream::OutBuffer& out, const Request& request, const ResponseStart& start, Framing framing,
                         std::string_view date) {
  std::size_t bound = 1024 + 3 * start.location.size() + request.response.added().text().size();
  if (start.fields != nullptr) bound += start.fields->text().size() + 4 * start.fields->all().size();
  for (;; bound *= 2) {
    out.ensure(bound);
    http::HeadWriter head(out.end(), out.room());
    write(head, request, start, framing, date);
    if (!head.ok()) continue;
    out.advance(head.size());
    return;
  }
}

void collect_response_head(FieldCollector& out, const Request& request, const ResponseStart& start,
                           std::string_view date) {
  out.clear();
  write_beginning(out, request, start, date);
  if (start.body == http::BodyKind::length || (start.body == http::BodyKind::none && start.length_told)) {
    out.field("Content-Length", start.length);
  }
  write_rest(out, request, start);
}

void FieldCollector::clear() {
  text_.clear();
  entries_.clear();
}

FieldCollector::Entry FieldCollector::at(std::size_t i) const {
  const Place& place = entries_[i];
  const std::string_view text = text_;
  return {text.substr(place.name, place.name_size), text.substr(place.name + place.name_size, place.value_size)};
}

std::string FieldCollector::as_lines() const {
  std::string out;
  for (std::size_t i = 0; i < size(); ++i) {
    const Entry entry = at(i);
    out.append(entry.name).append(": ").append(entry.value).append("\r\n");
  }
  return out.append("\r\n");
}

void FieldCollector::add(std::string_view name, std::string_view value) {
  entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

void FieldCollector::status_line(int status, std::string_view) {
  field(":status", static_cast<std::uint64_t>(status));
}

void FieldCollector::field(std::string_view name, std::string_view value) {
  add(name, value);
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  std::replace_if(text_.end() - static_cast<std::ptrdiff_t>(value.size()), text_.end(), is_control, ' ');
}

void FieldCollector::field(std::string_view name, std::uint64_t value) {
  add(name, std::to_string(value));
}

void FieldCollector::fields(const http::Fields& fields, std::uint64_t skip) {
  for (const http::Field& field : fields.all()) {
    if (field.dropped || ((skip | kNotInHttp2) & field_bit(field.id)) != 0) continue;
    add(fields.name(field), fields.value(field));
  }
}

}  // namespace weir::proxy
