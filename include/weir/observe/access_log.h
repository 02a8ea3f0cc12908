// The access log (spec 8.2): one line per finished request, and in a layout of its own one per session of a TCP or UDP
// service (spec 4.14), made on the worker, written by a thread that no worker waits for (life-of-a-request, step 11).
//
// AccessLog: one per process; configure() on the control thread, also live. AccessLogBuffer: one per worker, used by
// that worker only; append() takes no lock and, once warm, allocates nothing. A full, stuck or closed stream costs
// lines (dropped_lines), never requests. Lifetime: buffers must be destroyed before their AccessLog.
#pragma once

#include "weir/base/result.h"
#include "weir/observe/log_text.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

class StreamWriter;

// One attempt to reach an endpoint. Times in microseconds, -1: not reached ("-" in the log).
struct UpstreamTry {
  std::string_view address;  // "10.0.0.1:8080"; the upstream's name when no endpoint was left to try
  int status = 0;            // 0: no response head came ("-")
  std::int64_t connect_time = -1;
  std::int64_t header_time = -1;
  std::int64_t response_time = -1;
  std::uint64_t response_length = 0;  // body bytes received from the upstream
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  bool new_group = false;  // first try after an internal redirect (error page): separated by " : ", not ", "
};

// Header fields behind $http_X, $sent_http_X, $upstream_http_X and cookies. The proxy adapts its own heads.
class FieldList {
 public:
  struct View {
    std::string_view name;
    std::string_view value;
  };
  virtual ~FieldList() = default;
  virtual std::size_t size() const = 0;
  virtual View at(std::size_t i) const = 0;
};

// What is known of a finished request. Views are borrowed for the call. Empty views and null pointers: not known. The
// default layout needs only the first block; the rest is read when a custom format names it.
//
// Of a session of a TCP or UDP service: request_length and bytes_sent are the bytes from and to the client,
// request_time is its length, protocol "TCP" or "UDP"; header_time and response_time of a try are those of its first
// byte and of its end. No field of a request is known.
struct AccessLogEntry {
  // --- default layout
  std::string_view remote_addr;  // client address after real-ip
  std::string_view remote_user;  // of basic authentication
  std::string_view request;      // request line as received: "GET /a?b HTTP/1.1"; what came, if it was unreadable
  int status = 0;                // 499: the client went away
  std::uint64_t body_bytes_sent = 0;
  std::string_view referer;
  std::string_view user_agent;
  std::uint64_t request_length = 0;  // request line, header, body: bytes read
  std::int64_t request_time = 0;     // microseconds
  std::string_view upstream_name;    // $proxy_upstream_name: "default-web-80", "upstream-default-backend", "internal"
  std::string_view alternative_upstream_name;
  std::span<const UpstreamTry> tries;
  std::string_view request_id;   // $req_id
  std::int64_t finished_at = 0;  // wall clock, microseconds since 1970

  // --- decides whether the line is written at all
  std::string_view request_uri;  // raw target with query: $request_uri; skip-access-log-urls

  // --- custom formats
  std::string_view method;
  std::string_view protocol;     // "HTTP/1.1"
  std::string_view http2;        // "h2" over TLS, "h2c" without; empty: HTTP/1
  std::string_view uri;          // path after normalising and rewriting, without query
  std::string_view args;         // query without "?"
  std::string_view host;         // $host: lower case, no port
  std::string_view server_name;  // of the matched host
  std::string_view server_addr;
  std::uint16_t server_port = 0;
  std::uint16_t remote_port = 0;
  std::string_view realip_remote_addr;  // before real-ip
  std::uint16_t realip_remote_port = 0;
  bool tls = false;  // $scheme, $https
  std::string_view ssl_protocol;
  std::string_view ssl_cipher;
  std::string_view ssl_server_name;
  bool ssl_session_reused = false;
  std::string_view ssl_client_verify;
  std::string_view ssl_client_s_dn;
  std::string_view ssl_client_i_dn;
  std::string_view ssl_client_serial;
  std::string_view ssl_client_fingerprint;
  std::string_view proxy_protocol_addr;
  std::uint16_t proxy_protocol_port = 0;
  std::string_view proxy_protocol_server_addr;
  std::uint16_t proxy_protocol_server_port = 0;
  std::uint64_t connection = 0;  // serial number of the client connection
  std::uint64_t connection_requests = 0;
  std::uint64_t bytes_sent = 0;  // with the response head
  std::string_view ns;           // $namespace ... of the location
  std::string_view ingress;
  std::string_view service;
  std::string_view service_port;
  std::string_view location_path;
  std::string_view proxy_host;
  std::string_view best_http_host;
  std::string_view pass_access_scheme;
  std::string_view pass_server_port;  // a trusted X-Forwarded-Port; empty: server_port
  std::string_view pass_port;         // X-Forwarded-Port as the upstream sees it
  std::string_view request_body;      // if it is in memory
  std::string_view connection_upgrade;
  std::string_view subdomain;  // what a wildcard host leaves open
  std::string_view reason;     // Weir's own $weir_reason: why the proxy itself made this response
  const FieldList* request_fields = nullptr;
  const FieldList* response_fields = nullptr;  // as sent
  const FieldList* upstream_fields = nullptr;  // of the last try
};

struct AccessLogSettings {
  bool enabled = true;
  std::string path = "/dev/stdout";
  bool syslog = false;      // the lines go to this server, by UDP, instead of `path`
  std::string syslog_host;  // name or address
  std::uint16_t syslog_port = 514;
  std::string format;  // empty: the default layout
  bool escape_json = false;
  bool escape_none = false;            // wins over json (spec 6.6)
  std::vector<std::string> skip_urls;  // exact (case-insensitive), "~re", "~*re"
  // Sessions of TCP and UDP services; escaping and syslog are those of the requests.
  bool stream_enabled = true;
  std::string stream_path = "/dev/stdout";
  std::string stream_format;  // empty: kDefaultStreamFormat

  bool operator==(const AccessLogSettings&) const = default;
};

class AccessLogBuffer;

class AccessLog {
 public:
  // `hostname`: for $hostname. Nothing is written before configure().
  explicit AccessLog(std::string hostname = {});
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Takes the settings over for all workers. Each returned text names a value that could not be used and what is used
  // instead (a broken format: the default layout; a broken pattern: skipped; a path that does not open: the stream
  // before). Equal settings are a no-op. Control thread.
  std::vector<std::string> configure(const AccessLogSettings& settings);
  // What configure() would say of format and patterns; the path is not opened. Any thread.
  static std::vector<std::string> problems_of(const AccessLogSettings& settings);

  // Opens the files in use again, after somebody has renamed them. Each returned text names one that could not be
  // opened and stays as it was. Control thread.
  std::vector<std::string> reopen();

  std::unique_ptr<AccessLogBuffer> make_buffer();
  // Waits until all flushed lines are written, at most `limit`. Call after the workers flushed.
  void drain(std::chrono::milliseconds limit);
  std::uint64_t dropped_lines() const;

 private:
  friend class AccessLogBuffer;
  struct Active;  // what buffers use; immutable

  const std::string hostname_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;  // taken by a worker only when version_ changed
  std::shared_ptr<const Active> active_;
  AccessLogSettings settings_;
  std::vector<std::shared_ptr<StreamWriter>> writers_;  // in use by any buffer; the newest is last
  std::atomic<std::uint64_t> dropped_before_{0};        // of streams closed since
};

class AccessLogBuffer {
 public:
  static constexpr std::size_t kSize = 64 * 1024;
  // A line waits no longer than this: the worker calls flush() at least that often while has_lines().
  static constexpr std::chrono::milliseconds kFlushInterval{250};

  explicit AccessLogBuffer(AccessLog& log);
  ~AccessLogBuffer();  // flushes
  AccessLogBuffer(const AccessLogBuffer&) = delete;
  AccessLogBuffer& operator=(const AccessLogBuffer&) = delete;

  // The caller has already decided enable-access-log and enable-access-log-for-default-backend; this looks at
  // disable-access-log and skip-access-log-urls. Hands a full buffer over by itself.
  void append(const AccessLogEntry& entry);
  // The same for a session of a TCP or UDP service.
  void append_stream(const AccessLogEntry& entry);
  // Of the settings in force: is an entry read beyond its first block?
  bool wants_details();
  // Of the settings in force: does it ask for fields of the response ($sent_http_X)?
  bool wants_sent_fields();
  bool has_lines() const { return lines_.count != 0 || stream_lines_.count != 0; }
  // Hands the lines to the writer thread; never waits.
  void flush();

 private:
  struct Lines {
    LogText text;
    std::uint32_t count = 0;
  };

  void follow_configuration();
  void end_line(Lines& lines, StreamWriter* writer);
  void hand_over(Lines& lines, StreamWriter* writer);

  AccessLog& log_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const AccessLog::Active> active_;
  Lines lines_;
  Lines stream_lines_;
};

}  // namespace weir::observe
