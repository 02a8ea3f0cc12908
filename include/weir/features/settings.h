// Settings: the controller ConfigMap (spec 6) as one plain value. Members that are defaults of annotations live in
// `defaults`; the rest is global to the proxy. The table of keys is src/features/settings_table.cc; the last good value
// of a key stays when a new one does not decode. Immutable once published; any thread.
#pragma once

#include "weir/base/cidr.h"
#include "weir/base/cidr_set.h"
#include "weir/features/compression/settings.h"
#include "weir/features/policies.h"
#include "weir/features/variables.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::features {

inline constexpr const char* kDefaultLimitKey = "$binary_remote_addr";

enum class RiskLevel { low, medium, high, critical };

struct Settings {
  Policies defaults;  // what a location has before its annotations

  // --- gates (spec 0.3)
  bool allow_snippet_annotations = false;
  RiskLevel risk_level = RiskLevel::high;
  std::vector<std::string> word_blocklist;  // trimmed
  bool allow_cross_namespace = false;
  bool strict_validate_path_type = true;

  // A protecting key that is set but not implemented yet: every location answers 503 with this reason. Empty: none.
  std::string deny_all_reason;

  // --- who is served, and how much of it (the lists of addresses are in `defaults.ip_access`)
  std::vector<std::string> block_user_agents;  // texts, ~expressions, ~*expressions
  std::vector<std::string> block_referers;
  VariableText limit_key = kDefaultLimitKey;  // what tells clients apart
  int limit_req_status = 503;
  int limit_conn_status = 503;
  base::CidrSet status_page_clients;  // of /nginx_status; default 127.0.0.1 and ::1, set by the table

  std::vector<std::string> no_auth_locations{"/.well-known/acme-challenge"};  // prefixes of rule paths

  // --- headers from ConfigMaps
  std::vector<std::string> allowed_response_headers;  // what custom-headers may set
  std::string add_headers_map;                        // "namespace/name", or empty
  std::string proxy_set_headers_map;
  std::vector<HeaderText> add_headers;        // of every response. Filled by model/build.cc
  std::vector<HeaderText> proxy_set_headers;  // of every upstream request

  // --- redirects and TLS
  int http_redirect_code = 308;
  std::vector<std::string> no_tls_redirect_locations{"/.well-known/acme-challenge"};
  bool relative_redirects = false;
  std::string ssl_protocols = "TLSv1.2 TLSv1.3";
  std::string ssl_ciphers =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
      "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256";
  std::string ssl_ecdh_curve = "auto";
  bool ssl_session_cache = true;
  std::uint64_t ssl_session_cache_size = 10 * 1024 * 1024;  // bytes; the original counts about 4000 sessions a MiB
  std::chrono::seconds ssl_session_timeout{600};
  bool ssl_session_tickets = false;
  std::string ssl_session_ticket_key;  // decoded, 48 or 80 bytes, or empty; a secret: never printed
  bool ssl_reject_handshake = false;

  // --- client side
  std::vector<std::string> bind_addresses;  // empty: all
  bool disable_ipv6 = false;
  std::chrono::seconds keep_alive{75};  // 0: answer with Connection: close
  std::uint32_t keep_alive_requests = 1000;
  std::uint64_t client_header_buffer_size = 1024;
  std::uint32_t large_header_buffers = 4;  // number x size
  std::uint64_t large_header_buffer_size = 8 * 1024;
  std::chrono::seconds client_header_timeout{60};
  std::chrono::seconds client_body_timeout{60};
  bool underscores_in_headers = false;
  bool use_proxy_protocol = false;
  bool use_http2 = true;
  std::uint32_t http2_max_concurrent_streams = 128;  // per connection
  std::chrono::seconds proxy_protocol_header_timeout{5};
  bool use_forwarded_headers = false;
  bool enable_real_ip = false;
  bool compute_full_forwarded_for = false;
  std::vector<base::Cidr> proxy_real_ip_cidr;  // default 0.0.0.0/0, set by the table
  std::string forwarded_for_header = "X-Forwarded-For";
  std::string forwarded_host_header = "X-Forwarded-Host";
  bool generate_request_id = true;
  bool server_tokens = false;
  bool allow_backend_server_header = false;
  std::string default_type = "text/html";  // Content-Type of Weir's own answers that have no page
  bool reason_header = false;              // X-Weir-Reason on Weir's own answers
  base::CidrSet debug_connections;         // peers whose requests are told in the controller's log
  bool disable_ipv6_dns = false;           // no AAAA look-ups

  // --- upstream side
  bool proxy_ssl_location_only = false;
  bool retry_non_idempotent = false;
  bool add_original_uri_header = false;
  std::uint32_t upstream_keepalive_connections = 320;  // idle connections a worker keeps; 0: Connection: close
  std::uint32_t upstream_keepalive_requests = 10000;
  std::chrono::seconds upstream_keepalive_time{3600};
  std::chrono::seconds upstream_keepalive_timeout{60};
  std::chrono::seconds stream_timeout{600};  // proxy-stream-timeout: idle time of raw TCP and of UDP, either direction
  bool stream_next_upstream = true;          // TCP and UDP services are tried again on the next endpoint
  std::chrono::seconds stream_next_upstream_timeout{600};  // budget of all tries; 0: no limit
  std::uint32_t stream_next_upstream_tries = 3;            // in all; 0: no limit
  std::uint32_t stream_responses = 1;                      // answers to one datagram, after which a UDP session is over
  std::vector<std::string> hide_headers;                   // lower case
  CompressionSettings compression;

  // --- logs
  std::string access_log_path = "/dev/stdout";
  bool access_log = true;
  bool access_log_for_default_backend = false;
  bool auth_access_log = false;  // a line for each sub-request of external authentication
  std::vector<std::string> skip_access_log_urls;
  std::string log_format;  // empty: the default layout (spec 8.2)
  std::string stream_log_path = "/dev/stdout";
  bool stream_log = true;
  std::string stream_log_format;  // of TCP and UDP services; empty: the default layout (spec 4.14)
  bool log_escape_json = false;
  bool log_escape_none = false;
  bool syslog = false;      // the access log goes to syslog_host instead of access_log_path
  std::string syslog_host;  // name or address
  std::uint32_t syslog_port = 514;

  std::chrono::seconds worker_shutdown_timeout{240};
  unsigned workers = 0;  // 0: one per CPU of the process

  bool operator==(const Settings&) const = default;
};

}  // namespace weir::features
