// LogFormat: a log-format-upstream text, compiled once: literal pieces and variables of spec 0.4 ($var, ${var}).
// Immutable; any thread. append() allocates only when `out` has to grow.
#pragma once

#include "weir/base/result.h"
#include "weir/observe/access_log.h"
#include "weir/observe/log_text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

// none: as it is. standard (nginx "default"): `"`, `\`, bytes < 0x20 and >= 0x7f as \xXX, an empty variable as "-".
// json: for use inside a JSON string; an empty variable is empty.
enum class LogEscape : std::uint8_t { standard, json, none };

inline constexpr std::string_view kDefaultLogFormat =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] "
    "$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id";

inline constexpr std::string_view kDefaultStreamFormat =
    "[$remote_addr] [$time_local] $protocol $status $bytes_sent $bytes_received $session_time";

// Requests and sessions of TCP and UDP services have variables of their own, some of one name with another meaning.
enum class LogKind : std::uint8_t { request, stream };

class LogFormat {
 public:
  // Fails on an unknown variable, naming it and the nearest known one, and on an unclosed "${".
  static base::Result<LogFormat> compile(std::string_view text, LogEscape escape, std::string_view hostname = {},
                                         LogKind kind = LogKind::request);

  // Appends the line without its end.
  void append(const AccessLogEntry& entry, LogText& out) const;
  void append(const AccessLogEntry& entry, std::string& out) const;

  // Names a variable that the default layout does not have: it reads more of the entry than its first block.
  bool wants_details() const { return wants_details_; }
  // Names a $sent_http_X.
  bool wants_sent_fields() const { return wants_sent_fields_; }

 private:
  using Write = void (*)(const AccessLogEntry& entry, std::string_view argument, LogText& out);
  // A literal, which may be empty, and the variable behind it, if any.
  struct Piece {
    std::uint32_t literal = 0;  // offsets into texts_
    std::uint32_t argument = 0;
    std::uint16_t literal_size = 0;
    std::uint16_t argument_size = 0;  // "x_y" of $http_x_y
    bool dash_when_empty = true;
    bool raw = false;  // digits and fixed words: needs no escaping
    std::string_view AccessLogEntry::*text = nullptr;
    Write write = nullptr;
  };

  Piece& add_piece(std::string_view literal);

  std::vector<Piece> pieces_;
  std::string texts_;
  LogEscape escape_ = LogEscape::standard;
  bool wants_details_ = false;
  bool wants_sent_fields_ = false;
};

// The value of one variable as it is, without `$`; nothing if it has none or is unknown. For texts that are no log
// lines and name what only the log knows ($status, $upstream_addr ...).
void append_log_variable(const AccessLogEntry& entry, std::string_view name, std::string& out);

}  // namespace weir::observe
