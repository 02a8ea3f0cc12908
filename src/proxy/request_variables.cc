// Steps 7 and 9 of life-of-a-request: texts with $variables.
#include "proxy/request_variables.h"

#include "weir/base/ascii.h"
#include "weir/http/cookies.h"
#include "weir/http/normalize.h"

#include <algorithm>

namespace weir::proxy {
namespace {

std::string_view args_of(const Request& request) {
  std::string_view query = http::query_of(request.head.target());
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

// All lines of the field, joined; '-' in its name is '_' in the variable's.
void append_field(const http::Fields& fields, std::string_view name, std::string& out) {
  bool first = true;
  for (const http::Field& field : fields.all()) {
    const std::string_view own = fields.name(field);
    const bool same = own.size() == name.size() && std::equal(own.begin(), own.end(), name.begin(), [](char a, char b) {
                        return (a == '-' ? '_' : base::to_lower(a)) == base::to_lower(b);
                      });
    if (!same) continue;
    if (!first) out += ", ";
    out += fields.value(field);
    first = false;
  }
}

bool append_family(const Request& request, std::string_view name, std::string& out) {
  const auto rest = [name](std::string_view family) -> std::string_view {
    return name.starts_with(family) ? name.substr(family.size()) : std::string_view();
  };
  if (const auto field = rest("http_"); !field.empty()) {
    append_field(request.head.fields, field, out);
  } else if (const auto arg = rest("arg_"); !arg.empty()) {
    out += argument(args_of(request), arg);
  } else if (const auto cookie = rest("cookie_"); !cookie.empty()) {
    out += http::find_cookie(request.head.fields, cookie, http::CookieCase::ignored);
  } else {
    return false;
  }
  return true;
}

std::string_view of_client(const Request& request, std::string_view name) {
  if (name == "remote_addr" || name == "binary_remote_addr") return request.forwarded.address_text;
  if (name == "realip_remote_addr") return request.connection->address_text;
  if (name == "scheme") return request.connection->https ? "https" : "http";
  if (name == "https") return request.connection->https ? "on" : "";
  if (name == "server_addr") return request.connection->local_address_text;
  if (name == "server_protocol") return request.head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
  if (name == "best_http_host") return request.forwarded.host;
  if (name == "pass_access_scheme") return request.forwarded.scheme;
  if (name == "pass_port") return request.forwarded.port;
  return {};
}

std::string_view of_location(const Request& request, std::string_view name) {
  if (name == "server_name") return request.host->name;
  if (name == "namespace") return request.location->ns;
  if (name == "ingress_name") return request.location->ingress;
  if (name == "service_name") return request.location->service;
  if (name == "service_port") return request.location->service_port;
  if (name == "location_path") return request.location->path;
  if (name == "proxy_alternative_upstream_name") return request.canary;
  if (name != "proxy_upstream_name") return {};
  const route::Backend* primary = request.table->find_backend(request.location->backend);
  return primary != nullptr ? std::string_view(primary->name) : std::string_view();
}

void append_variable(const Request& request, std::string_view name, std::string& out) {
  if (name == "request_uri") {
    out += request.head.target();
  } else if (name == "uri" || name == "document_uri") {
    out += request.path;
  } else if (name == "args" || name == "query_string") {
    out += args_of(request);
  } else if (name == "is_args") {
    out += args_of(request).empty() ? "" : "?";
  } else if (name == "host") {
    out += request.head.host.empty() ? request.host->name : request.head.host;
  } else if (name == "http_host") {
    out += request.head.authority;
  } else if (name == "request_method") {
    out += request.head.method_text();
  } else if (name == "request_id" || name == "req_id") {
    out += request.request_id;
  } else if (name == "content_type") {
    out += request.head.fields.get(http::FieldId::content_type);
  } else if (name == "content_length") {
    out += request.head.fields.get(http::FieldId::content_length);
  } else if (name == "remote_port") {
    out += std::to_string(request.connection->port);
  } else if (name == "server_port" || name == "pass_server_port") {
    out += std::to_string(request.connection->local_port);
  } else if (name.size() == 1 && base::is_digit(name[0])) {
    request.lookup->expand(*request.location, std::string("$").append(name), request.path, out);
  } else if (!append_family(request, name, out)) {
    out += of_client(request, name);
    out += of_location(request, name);
  }
}

bool is_name_character(char c) {
  return base::is_alnum(c) || c == '_';
}

}  // namespace

void expand_variables(const Request& request, std::string_view text, std::string& out) {
  std::size_t from = 0;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', from)) {
    out += text.substr(from, at - from);
    std::size_t begin = at + 1;
    std::size_t end = begin;
    if (begin < text.size() && text[begin] == '{' && text.find('}', begin) != std::string_view::npos) {
      end = text.find('}', begin++);
      from = end + 1;
    } else if (begin < text.size() && text[begin] >= '1' && text[begin] <= '9') {
      from = end = begin + 1;  // a capture is one digit
    } else {
      while (end < text.size() && is_name_character(text[end])) ++end;
      from = end;
    }
    append_variable(request, text.substr(begin, end - begin), out);
  }
  out += text.substr(std::min(from, text.size()));
}

}  // namespace weir::proxy
