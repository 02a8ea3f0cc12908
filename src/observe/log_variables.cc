#include "log_variables.h"

#include "weir/base/ascii.h"
#include "weir/base/cidr.h"
#include "weir/base/escaped_uri.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace weir::observe {

namespace {

using Entry = AccessLogEntry;
using View = std::string_view;

template <class T>
void number(LogText& out, T value) {
  constexpr std::size_t kMost = 24;
  char* const begin = out.room(kMost);
  out.advance(static_cast<std::size_t>(std::to_chars(begin, begin + kMost, value).ptr - begin));
}

// Microseconds as seconds with three decimals, cut as nginx does.
void seconds(LogText& out, std::int64_t micros) {
  const std::int64_t millis = std::max<std::int64_t>(micros, 0) / 1000;
  char* const begin = out.room(32);
  char* end = std::to_chars(begin, begin + 20, millis / 1000).ptr;
  const auto rest = static_cast<int>(millis % 1000);
  *end++ = '.';
  *end++ = static_cast<char>('0' + rest / 100);
  *end++ = static_cast<char>('0' + rest / 10 % 10);
  *end++ = static_cast<char>('0' + rest % 10);
  out.advance(static_cast<std::size_t>(end - begin));
}

// Formatting a time costs more than the rest of a line, and lines come in bursts: kept for the second.
struct TimeTexts {
  std::int64_t second = -1;
  std::string local;
  std::string iso;
};

const TimeTexts& time_texts(std::int64_t micros) {
  thread_local TimeTexts texts;
  const std::int64_t second = micros / 1'000'000;
  if (texts.second == second) return texts;
  texts.second = second;
  const auto clock = static_cast<std::time_t>(second);
  std::tm parts{};
  ::localtime_r(&clock, &parts);
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const long offset = parts.tm_gmtoff / 60;
  const long magnitude = offset < 0 ? -offset : offset;
  const char sign = offset < 0 ? '-' : '+';
  char text[64];
  int size = std::snprintf(text, sizeof text, "%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld", parts.tm_mday,
                           kMonths[static_cast<std::size_t>(parts.tm_mon) % 12], parts.tm_year + 1900, parts.tm_hour,
                           parts.tm_min, parts.tm_sec, sign, magnitude / 60, magnitude % 60);
  texts.local.assign(text, static_cast<std::size_t>(size));
  size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, sign, magnitude / 60,
                       magnitude % 60);
  texts.iso.assign(text, static_cast<std::size_t>(size));
  return texts;
}

// "a, b : c": tries are separated by ", ", the group after an internal redirect by " : ".
template <class Append>
void list(const Entry& e, LogText& out, Append append) {
  bool first = true;
  for (const UpstreamTry& t : e.tries) {
    if (!first) out.append(t.new_group ? " : " : ", ");
    first = false;
    append(t);
  }
}

void time_list(const Entry& e, LogText& out, std::int64_t UpstreamTry::*member) {
  list(e, out, [&](const UpstreamTry& t) {
    if (t.*member < 0) {
      out.push_back('-');
    } else {
      seconds(out, t.*member);
    }
  });
}

void size_list(const Entry& e, LogText& out, std::uint64_t UpstreamTry::*member) {
  list(e, out, [&](const UpstreamTry& t) { number(out, t.*member); });
}

// $http_x_y names the field X-Y: ASCII case-insensitive, "-" written as "_".
bool names_field(View variable, View field) {
  return variable.size() == field.size() &&
         std::equal(variable.begin(), variable.end(), field.begin(),
                    [](char v, char f) { return base::to_lower(v) == (f == '-' ? '_' : base::to_lower(f)); });
}

void field_values(const FieldList* fields, View variable, LogText& out) {
  if (!fields) return;
  bool first = true;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const FieldList::View field = fields->at(i);
    if (!names_field(variable, field.name)) continue;
    if (!first) out.append(", ");
    first = false;
    out.append(field.value);
  }
}

void cookie_value(const FieldList* fields, View field_name, View cookie, LogText& out) {
  if (!fields) return;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const FieldList::View field = fields->at(i);
    if (!names_field(field_name, field.name)) continue;
    View rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const View pair = base::trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals != View::npos && base::iequals(pair.substr(0, equals), cookie)) {
        out.append(pair.substr(equals + 1));
        return;
      }
    }
  }
}

void argument_value(View args, View name, LogText& out) {
  while (!args.empty()) {
    const std::size_t end = std::min(args.find('&'), args.size());
    const View pair = args.substr(0, end);
    args.remove_prefix(std::min(end + 1, args.size()));
    const std::size_t equals = pair.find('=');
    if (equals != View::npos && base::iequals(pair.substr(0, equals), name)) {
      out.append(pair.substr(equals + 1));
      return;
    }
  }
}

void nothing(const Entry&, View, LogText&) {}

template <auto Member>
void port(const Entry& e, View, LogText& out) {
  if (e.*Member != 0) number(out, e.*Member);
}

template <auto Member>
void count(const Entry& e, View, LogText& out) {
  number(out, e.*Member);
}

void write_status(const Entry& e, View, LogText& out) {
  const int status = std::clamp(e.status, 0, 999);
  out.push_back(static_cast<char>('0' + status / 100));
  out.push_back(static_cast<char>('0' + status / 10 % 10));
  out.push_back(static_cast<char>('0' + status % 10));
}

void write_msec(const Entry& e, View, LogText& out) {
  seconds(out, e.finished_at);
}
void write_time_local(const Entry& e, View, LogText& out) {
  out.append(time_texts(e.finished_at).local);
}
void write_time_iso(const Entry& e, View, LogText& out) {
  out.append(time_texts(e.finished_at).iso);
}
void write_request_time(const Entry& e, View, LogText& out) {
  seconds(out, e.request_time);
}
void write_scheme(const Entry& e, View, LogText& out) {
  out.append(e.tls ? "https" : "http");
}
void write_https(const Entry& e, View, LogText& out) {
  if (e.tls) out.append("on");
}
void write_is_args(const Entry& e, View, LogText& out) {
  if (!e.args.empty()) out.push_back('?');
}
void write_completion(const Entry& e, View, LogText& out) {
  if (e.status != 499) out.append("OK");
}
void write_session_reused(const Entry& e, View, LogText& out) {
  if (e.tls) out.push_back(e.ssl_session_reused ? 'r' : '.');
}
void write_pid(const Entry&, View, LogText& out) {
  number(out, ::getpid());
}
void write_version(const Entry&, View, LogText& out) {
  out.append(WEIR_VERSION);
}
void write_pipe(const Entry&, View, LogText& out) {
  out.push_back('.');
}

void write_upstream_addr(const Entry& e, View, LogText& out) {
  list(e, out, [&](const UpstreamTry& t) { out.append(t.address); });
}
void write_upstream_status(const Entry& e, View, LogText& out) {
  list(e, out, [&](const UpstreamTry& t) {
    if (t.status == 0) {
      out.push_back('-');
    } else {
      number(out, t.status);
    }
  });
}
void write_upstream_connect_time(const Entry& e, View, LogText& out) {
  time_list(e, out, &UpstreamTry::connect_time);
}
void write_upstream_header_time(const Entry& e, View, LogText& out) {
  time_list(e, out, &UpstreamTry::header_time);
}
void write_upstream_response_time(const Entry& e, View, LogText& out) {
  time_list(e, out, &UpstreamTry::response_time);
}
void write_upstream_response_length(const Entry& e, View, LogText& out) {
  size_list(e, out, &UpstreamTry::response_length);
}
void write_upstream_bytes_sent(const Entry& e, View, LogText& out) {
  size_list(e, out, &UpstreamTry::bytes_sent);
}
void write_upstream_bytes_received(const Entry& e, View, LogText& out) {
  size_list(e, out, &UpstreamTry::bytes_received);
}

// Four or sixteen bytes.
void write_binary_remote_addr(const Entry& e, View, LogText& out) {
  const auto address = base::parse_ip(e.remote_addr);
  if (!address) return;
  const std::size_t skipped = address->is_v4() ? 12 : 0;
  out.append(View(reinterpret_cast<const char*>(address->bytes.data()), address->bytes.size()).substr(skipped));
}
void write_escaped_request_uri(const Entry& e, View, LogText& out) {
  std::string text;
  base::append_escaped_uri(e.request_uri, text);
  out.append(text);
}
// Log formats have it as a literal; this is for other texts.
void write_hostname(const Entry&, View, LogText& out) {
  static const std::string name = [] {
    char text[256] = {};
    return std::string(::gethostname(text, sizeof text - 1) == 0 ? text : "");
  }();
  out.append(name);
}

void write_http_field(const Entry& e, View name, LogText& out) {
  field_values(e.request_fields, name, out);
}
void write_sent_field(const Entry& e, View name, LogText& out) {
  field_values(e.response_fields, name, out);
}
void write_upstream_field(const Entry& e, View name, LogText& out) {
  field_values(e.upstream_fields, name, out);
}
void write_cookie(const Entry& e, View name, LogText& out) {
  cookie_value(e.request_fields, "cookie", name, out);
}
void write_upstream_cookie(const Entry& e, View name, LogText& out) {
  cookie_value(e.upstream_fields, "set_cookie", name, out);
}
void write_arg(const Entry& e, View name, LogText& out) {
  argument_value(e.args, name, out);
}
void write_content_length(const Entry& e, View, LogText& out) {
  field_values(e.request_fields, "content_length", out);
}
void write_content_type(const Entry& e, View, LogText& out) {
  field_values(e.request_fields, "content_type", out);
}
// The client's X-Forwarded-For, and an address behind it.
void forwarded_for_and(const Entry& e, View address, LogText& out) {
  const std::size_t start = out.size();
  field_values(e.request_fields, "x_forwarded_for", out);
  if (out.size() > start) out.append(", ");
  out.append(address);
}
void write_full_forwarded_for(const Entry& e, View, LogText& out) {
  forwarded_for_and(e, e.realip_remote_addr, out);
}
void write_added_forwarded_for(const Entry& e, View, LogText& out) {
  forwarded_for_and(e, e.remote_addr, out);
}
void write_pass_server_port(const Entry& e, View, LogText& out) {
  if (e.pass_server_port.empty()) return port<&Entry::server_port>(e, {}, out);
  out.append(e.pass_server_port);
}
void write_server_name(const Entry& e, View, LogText& out) {
  out.append(e.server_name.empty() ? "_" : e.server_name);
}

constexpr bool kRaw = true;

constexpr LogVariable text(View name, View Entry::*member, bool dash_when_empty = true) {
  return {name, nullptr, false, dash_when_empty, member};
}

// Names that nginx knows and whose value a log line of Weir never has print like an undefined variable.
const std::vector<LogVariable>& exact_variables() {
  static const std::vector<LogVariable> table = [] {
    std::vector<LogVariable> v{
        text("args", &Entry::args),
        text("best_http_host", &Entry::best_http_host, false),
        {"binary_remote_addr", write_binary_remote_addr},
        {"body_bytes_sent", count<&Entry::body_bytes_sent>, kRaw},
        {"bytes_sent", count<&Entry::bytes_sent>, kRaw},
        {"connection", count<&Entry::connection>, kRaw},
        {"connection_requests", count<&Entry::connection_requests>, kRaw},
        text("connection_upgrade", &Entry::connection_upgrade, false),
        {"content_length", write_content_length},
        {"content_type", write_content_type},
        text("document_uri", &Entry::uri),
        {"escaped_request_uri", write_escaped_request_uri},
        {"full_x_forwarded_for", write_full_forwarded_for, false, false},
        text("host", &Entry::host),
        {"hostname", write_hostname},
        text("http_referer", &Entry::referer),
        text("http_user_agent", &Entry::user_agent),
        text("http2", &Entry::http2),
        {"https", write_https, kRaw, false},
        text("ingress_name", &Entry::ingress, false),
        {"is_args", write_is_args, kRaw, false},
        text("location_path", &Entry::location_path, false),
        {"msec", write_msec, kRaw},
        text("namespace", &Entry::ns, false),
        {"nginx_version", write_version, kRaw},
        text("pass_access_scheme", &Entry::pass_access_scheme, false),
        text("pass_port", &Entry::pass_port, false),
        {"pass_server_port", write_pass_server_port, false, false},
        {"pid", write_pid, kRaw},
        {"pipe", write_pipe, kRaw},
        {"proxy_add_x_forwarded_for", write_added_forwarded_for},
        text("proxy_alternative_upstream_name", &Entry::alternative_upstream_name, false),
        text("proxy_host", &Entry::proxy_host),
        text("proxy_protocol_addr", &Entry::proxy_protocol_addr),
        {"proxy_protocol_port", port<&Entry::proxy_protocol_port>, kRaw},
        text("proxy_protocol_server_addr", &Entry::proxy_protocol_server_addr),
        {"proxy_protocol_server_port", port<&Entry::proxy_protocol_server_port>, kRaw},
        text("proxy_upstream_name", &Entry::upstream_name),
        text("query_string", &Entry::args),
        text("realip_remote_addr", &Entry::realip_remote_addr),
        {"realip_remote_port", port<&Entry::realip_remote_port>, kRaw},
        text("remote_addr", &Entry::remote_addr),
        {"remote_port", port<&Entry::remote_port>, kRaw},
        text("remote_user", &Entry::remote_user),
        text("req_id", &Entry::request_id),
        text("request", &Entry::request),
        text("request_body", &Entry::request_body),
        {"request_completion", write_completion, kRaw, false},
        text("request_id", &Entry::request_id),
        {"request_length", count<&Entry::request_length>, kRaw},
        text("request_method", &Entry::method),
        {"request_time", write_request_time, kRaw},
        text("request_uri", &Entry::request_uri),
        {"scheme", write_scheme, kRaw},
        text("server_addr", &Entry::server_addr),
        {"server_name", write_server_name},
        {"server_port", port<&Entry::server_port>, kRaw},
        text("server_protocol", &Entry::protocol),
        text("service_name", &Entry::service, false),
        text("service_port", &Entry::service_port, false),
        text("ssl_cipher", &Entry::ssl_cipher),
        text("ssl_client_fingerprint", &Entry::ssl_client_fingerprint),
        text("ssl_client_i_dn", &Entry::ssl_client_i_dn),
        text("ssl_client_s_dn", &Entry::ssl_client_s_dn),
        text("ssl_client_serial", &Entry::ssl_client_serial),
        text("ssl_client_verify", &Entry::ssl_client_verify),
        text("ssl_protocol", &Entry::ssl_protocol),
        text("ssl_server_name", &Entry::ssl_server_name),
        {"ssl_session_reused", write_session_reused, kRaw},
        {"status", write_status, kRaw},
        text("subdomain", &Entry::subdomain),
        {"time_iso8601", write_time_iso, kRaw},
        {"time_local", write_time_local, kRaw},
        {"upstream_addr", write_upstream_addr},
        {"upstream_bytes_received", write_upstream_bytes_received, kRaw},
        {"upstream_bytes_sent", write_upstream_bytes_sent, kRaw},
        {"upstream_connect_time", write_upstream_connect_time, kRaw},
        {"upstream_header_time", write_upstream_header_time, kRaw},
        {"upstream_response_length", write_upstream_response_length, kRaw},
        {"upstream_response_time", write_upstream_response_time, kRaw},
        {"upstream_status", write_upstream_status, kRaw},
        text("uri", &Entry::uri),
        text("weir_reason", &Entry::reason),
    };
    for (const View name : {"1",
                            "2",
                            "3",
                            "4",
                            "5",
                            "6",
                            "7",
                            "8",
                            "9",
                            "auth_cookie",
                            "balancer_ewma_score",
                            "document_root",
                            "gzip_ratio",
                            "limit_conn_status",
                            "limit_rate",
                            "limit_req_status",
                            "opentelemetry_context_b3",
                            "opentelemetry_context_traceparent",
                            "opentelemetry_span_id",
                            "opentelemetry_trace_id",
                            "proxy_port",
                            "realpath_root",
                            "request_body_file",
                            "request_filename",
                            "ssl_alpn_protocol",
                            "ssl_client_cert",
                            "ssl_client_escaped_cert",
                            "ssl_client_raw_cert",
                            "ssl_client_v_end",
                            "ssl_client_v_remain",
                            "ssl_client_v_start",
                            "ssl_ciphers",
                            "ssl_curve",
                            "ssl_curves",
                            "ssl_early_data",
                            "ssl_session_id",
                            "tcpinfo_rcv_space",
                            "tcpinfo_rtt",
                            "tcpinfo_rttvar",
                            "tcpinfo_snd_cwnd",
                            "the_real_ip",
                            "upstream_cache_status",
                            "upstream_queue_time"}) {
      v.push_back({name, nothing, kRaw});
    }
    std::sort(v.begin(), v.end(), [](const LogVariable& a, const LogVariable& b) { return a.name < b.name; });
    return v;
  }();
  return table;
}

constexpr std::array<LogVariable, 11> kFamilies{{{"arg_", write_arg},
                                                 {"authHeader", nothing},
                                                 {"cookie_", write_cookie},
                                                 {"geoip2_", nothing},
                                                 {"geoip_", nothing},
                                                 {"http_", write_http_field},
                                                 {"sent_http_", write_sent_field},
                                                 {"sent_trailer_", nothing},
                                                 {"upstream_cookie_", write_upstream_cookie},
                                                 {"upstream_http_", write_upstream_field},
                                                 {"upstream_trailer_", nothing}}};

}  // namespace

const LogVariable* find_log_variable(std::string_view name, std::string_view& argument) {
  const auto& table = exact_variables();
  const auto it = std::lower_bound(table.begin(), table.end(), name,
                                   [](const LogVariable& v, std::string_view n) { return v.name < n; });
  if (it != table.end() && it->name == name) {
    argument = {};
    return &*it;
  }
  for (const LogVariable& family : kFamilies) {
    if (name.size() > family.name.size() && name.starts_with(family.name)) {
      argument = name.substr(family.name.size());
      return &family;
    }
  }
  return nullptr;
}

std::vector<std::string_view> log_variable_names() {
  std::vector<std::string_view> names;
  for (const LogVariable& v : exact_variables()) names.push_back(v.name);
  return names;
}

}  // namespace weir::observe
