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

void write_server(http::HeadWriter& head, const Request& request, const ResponseStart& start) {
  if (request.table == nullptr || !request.settings().server_tokens) return;
  const bool from_backend = request.settings().allow_backend_server_header && start.fields != nullptr &&
                            start.fields->find(FieldId::server) != nullptr;
  if (!from_backend) head.clean_field("Server", kServer);
}

void write(http::HeadWriter& head, const Request& request, const ResponseStart& start, Framing framing,
           std::string_view date) {
  head.status_line(start.status, start.phrase);
  head.clean_field("Date", date);
  write_server(head, request, start);
  if (start.fields == nullptr && !start.content_type.empty()) head.field("Content-Type", start.content_type);
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
  if (!start.location.empty()) head.field("Location", start.location);
  if (start.fields != nullptr) {
    head.fields(*start.fields, not_passed(request.table != nullptr ? &request.settings() : nullptr));
  }
  if (!request.response.empty()) head.fields(request.response.added(), 0);
  head.finish();
}

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

}  // namespace weir::proxy
