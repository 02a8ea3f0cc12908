// Step 9 of life-of-a-request: what an X-Accel-Redirect says, and what it leaves of its response.
#include "proxy/internal_redirect.h"

#include "weir/base/ascii.h"
#include "weir/http/normalize.h"

#include <optional>

namespace weir::proxy {
namespace {

using http::FieldId;

// What nginx keeps of the first response.
enum class Carried : std::uint8_t {
  no,
  list,    // next to the other response's
  single,  // unless the other response has its own
  body     // the same, and only next to an upstream's body
};

Carried kind_of(const http::Fields& fields, const http::Field& field) {
  switch (field.id) {
    case FieldId::set_cookie:
      return Carried::list;
    case FieldId::content_type:
    case FieldId::x_accel_limit_rate:
      return Carried::body;
    case FieldId::other:
      break;
    default:
      return Carried::no;
  }
  const std::string_view name = fields.name(field);
  if (base::iequals(name, "Cache-Control")) return Carried::list;
  if (base::iequals(name, "Expires") || base::iequals(name, "Content-Disposition")) return Carried::single;
  return base::iequals(name, "Accept-Ranges") ? Carried::body : Carried::no;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::optional<char> byte = http::unescape_at(text, i);
    if (!byte) continue;
    out += *byte;
    i += 2;
  }
  return out;
}

bool has_parent_segment(std::string_view path) {
  for (std::size_t at = path.find("/.."); at != std::string_view::npos; at = path.find("/..", at + 1)) {
    if (at + 3 == path.size() || path[at + 3] == '/') return true;
  }
  return false;
}

// What would end the request line, or is no part of a target.
void append_query(std::string_view query, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && c != '#') {
      out += c;
      continue;
    }
    const char escape[3] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    out.append(escape, sizeof escape);
  }
}

}  // namespace

bool read_redirect(std::string_view said, std::string& path, std::string& query) {
  const std::string decoded = unescape(said.substr(0, said.find('?')));
  if (!decoded.starts_with('/') || decoded.find('\0') != std::string::npos || has_parent_segment(decoded)) return false;
  std::string escaped;
  http::escape_path(decoded, escaped);
  query.clear();
  append_query(http::query_of(said), query);
  return http::normalize_path(escaped, path);
}

void carry_fields(Request& request) {
  const http::Fields& from = request.upstream_head.fields;
  request.carried.clear();
  for (const http::Fields* fields : {&from, &request.response.added()}) {
    for (const http::Field& field : fields->all()) {
      if (field.dropped || kind_of(*fields, field) == Carried::no) continue;
      request.carried.add(field.id, fields->name(field), fields->value(field));
    }
  }
}

void add_carried_fields(Request& request) {
  const http::Fields& carried = request.carried;
  http::Fields* const upstream = request.upstream_fields;
  for (const http::Field& field : carried.all()) {
    const Carried kind = kind_of(carried, field);
    const std::string_view name = carried.name(field);
    if (request.response.replaces(carried, field)) continue;
    if (upstream == nullptr) {
      if (kind != Carried::body) request.response.add(field.id, name, carried.value(field));
    } else if (kind == Carried::list || upstream->find(name) == nullptr) {
      upstream->add(field.id, name, carried.value(field));
    }
  }
}

}  // namespace weir::proxy
