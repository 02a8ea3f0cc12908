// ConfigMap keys of spec 6.3: client side.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/byte_size.h"
#include "weir/base/cidr.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr std::string_view kTokenExtra = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return base::is_alnum(c) || kTokenExtra.find(c) != std::string_view::npos;
  });
}

std::optional<std::string> check_header_name(std::string_view value) {
  if (!is_token(value)) return "is no header name";
  return std::nullopt;
}

// RFC 9110 8.3.1 without parameters: the original cannot take them either.
std::optional<std::string> check_media_type(std::string_view value) {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos || !is_token(value.substr(0, slash)) || !is_token(value.substr(slash + 1)))
    return "is no media type, such as text/plain";
  return std::nullopt;
}

// "4 8k".
std::optional<std::string> read_large_buffers(std::string_view value, Settings& into) {
  const std::vector<std::string> words = base::split_list(value, ' ');
  const auto number = words.size() == 2 ? base::parse_int(words[0]) : std::nullopt;
  const auto size = words.size() == 2 ? base::parse_size(words[1]) : std::nullopt;
  if (!number || *number < 1 || *number > 1024 || !size || *size == 0)
    return "is not a number and a size, such as `4 8k`";
  into.large_header_buffers = static_cast<std::uint32_t>(*number);
  into.large_header_buffer_size = *size;
  return std::nullopt;
}

std::string large_buffers_text(const Settings& from) {
  return std::to_string(from.large_header_buffers) + " " + base::size_text(from.large_header_buffer_size);
}

std::optional<std::string> check_not_zero(std::string_view value) {
  if (base::parse_size(value) == std::uint64_t{0}) return "is 0";
  return std::nullopt;
}

std::optional<std::string> read_addresses(std::string_view value, Settings& into) {
  std::string bad;
  for (std::string& item : base::split_list(value)) {
    if (base::parse_ip(item)) {
      into.bind_addresses.push_back(std::move(item));
    } else {
      bad = item;
    }
  }
  if (!bad.empty()) return "has `" + bad + "`, which is no address; it is left out";
  return std::nullopt;
}

// Who is trusted: a wrong item is left out. The default, everyone, would trust more than was asked for.
std::optional<std::string> read_trusted(std::string_view value, Settings& into) {
  const std::vector<std::string> items = base::split_list(value);
  if (items.empty()) return "names nobody; everyone (0.0.0.0/0) is in force";
  into.proxy_real_ip_cidr.clear();
  std::string bad;
  for (const std::string& item : items) {
    if (const auto cidr = base::parse_cidr(item)) {
      into.proxy_real_ip_cidr.push_back(*cidr);
    } else {
      bad = item;
    }
  }
  if (!bad.empty()) return "has `" + bad + "`, which is neither an address nor a CIDR; it is left out";
  return std::nullopt;
}

std::string trusted_text(const Settings& from) {
  std::vector<std::string> out;
  for (const base::Cidr& cidr : from.proxy_real_ip_cidr) out.push_back(cidr.to_string());
  return base::join(out, ",");
}

std::vector<SettingSpec> connection_settings() {
  return {
      SettingSpec("bind-address", Support::exact, "comma list of addresses", "",
                  "Addresses to listen on; all if empty.")
          .restart()
          .apply(read_addresses)
          .print([](const Settings& from) { return base::join(from.bind_addresses, ","); }),
      setting("disable-ipv6", in_settings(&Settings::disable_ipv6), "No IPv6 listeners.").restart(),
      setting("disable-ipv6-dns", in_settings(&Settings::disable_ipv6_dns),
              "No IPv6 look-ups. Otherwise they are made where a name has no IPv4 address."),
      ignore_setting("reuse-port", "bool", "true", "Every worker has its own listening socket."),
      setting("use-http2", in_settings(&Settings::use_http2),
              "HTTP/2 by ALPN on the HTTPS port, and with prior knowledge on the HTTP port."),
      setting("http2-max-concurrent-streams", in_settings(&Settings::http2_max_concurrent_streams),
              "HTTP/2 requests at a time on one connection.")
          .check(check_not_zero),
      ignore_setting("http2-max-field-size", "size", "", "Obsolete in the original."),
      ignore_setting("http2-max-header-size", "size", "", "Obsolete in the original."),
      ignore_setting("http2-max-requests", "number", "0", "Obsolete in the original."),
      setting("keep-alive", in_settings(&Settings::keep_alive), "Idle time of a client connection; 0 closes each."),
      setting("keep-alive-requests", in_settings(&Settings::keep_alive_requests), "Requests per client connection."),
      setting("client-header-buffer-size", in_settings(&Settings::client_header_buffer_size),
              "First buffer of a request head.")
          .check(check_not_zero),
      SettingSpec("large-client-header-buffers", Support::exact, "number and size", "",
                  "Further buffers; a longer request line gives 414, more or longer fields give 400.")
          .apply(read_large_buffers)
          .print(large_buffers_text),
      setting("client-header-timeout", in_settings(&Settings::client_header_timeout), "Time to send a request head."),
      setting("client-body-timeout", in_settings(&Settings::client_body_timeout),
              "Longest gap between two reads of a request body."),
      setting("client-body-buffer-size", in_defaults(&Policies::proxy, &ProxyPolicy::client_body_buffer_size),
              "Part of a request body that is kept in memory."),
      setting("use-proxy-protocol", in_settings(&Settings::use_proxy_protocol),
              "Every connection must begin with a PROXY header, version 1 or 2; others are closed."),
      time_setting("proxy-protocol-header-timeout", in_settings(&Settings::proxy_protocol_header_timeout),
                   "Time to send the PROXY header, on every listener."),
  };
}

std::vector<SettingSpec> header_settings() {
  return {
      setting("enable-underscores-in-headers", in_settings(&Settings::underscores_in_headers),
              "Keeps header names with `_`."),
      ignore_setting("ignore-invalid-headers", "bool", "true",
                     "Header names that are no tokens are always answered with 400."),
      setting("default-type", in_settings(&Settings::default_type),
              "Content-Type of Weir's own answers without a page, such as health checks. Responses of backends keep "
              "theirs, pages are text/html.")
          .type("media type")
          .check(check_media_type),
      setting("weir-reason-header", in_settings(&Settings::reason_header),
              "Weir's own: X-Weir-Reason on every answer that Weir makes itself, with the code of `$weir_reason`; a "
              "backend's field of that name is dropped."),
      setting("use-forwarded-headers", in_settings(&Settings::use_forwarded_headers),
              "Trusts X-Forwarded-* of the client."),
      setting("enable-real-ip", in_settings(&Settings::enable_real_ip),
              "Takes the client address from forwarded-for-header."),
      setting("compute-full-forwarded-for", in_settings(&Settings::compute_full_forwarded_for),
              "Appends to X-Forwarded-For instead of replacing it."),
      SettingSpec("proxy-real-ip-cidr", Support::exact, "comma list of CIDRs", "0.0.0.0/0",
                  "Peers whose forwarded headers are trusted. Wrong items are left out.")
          .apply(read_trusted)
          .print(trusted_text),
      setting("forwarded-for-header", in_settings(&Settings::forwarded_for_header), "Header with the client address.")
          .type("header name")
          .check(check_header_name),
      ignore_setting("forwarded-for-proxy-protocol-header", "header name", "X-Forwarded-For-Proxy-Protocol",
                     "Internal name of the original."),
      setting("forwarded-host-header", in_settings(&Settings::forwarded_host_header), "Header with the host.")
          .type("header name")
          .check(check_header_name),
      setting("generate-request-id", in_settings(&Settings::generate_request_id),
              "Makes an X-Request-ID where none came."),
  };
}

}  // namespace

std::vector<SettingSpec> client_settings() {
  std::vector<SettingSpec> out = connection_settings();
  for (const SettingSpec& one : header_settings()) out.push_back(one);
  for (const SettingSpec& one : compression_settings()) out.push_back(one);
  return out;
}

}  // namespace weir::features
