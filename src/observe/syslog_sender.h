// SyslogSender: lines of the access log as datagrams to a syslog server (enable-syslog), in the original's layout:
// "<190>Nov 28 17:00:00 host nginx: line", that is facility local7, severity info (RFC 3164 4.1). One datagram a line,
// at most 2048 bytes of it. What cannot be sent at once is lost; UDP promises no more.
//
// Thread rule: one thread, the log's writer; it may block on a look-up of the name. Lifetime: the StreamWriter's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::observe {

class SyslogSender {
 public:
  // `host`: name or numeric address of the server; `own_name`: the machine's.
  SyslogSender(std::string host, std::uint16_t port, std::string own_name);
  ~SyslogSender();
  SyslogSender(const SyslogSender&) = delete;
  SyslogSender& operator=(const SyslogSender&) = delete;

  // `lines`: whole lines, each with its "\n". Result: how many were not sent.
  std::uint32_t send(std::string_view lines);

 private:
  bool connect();

  const std::string host_;
  const std::string port_;
  const std::string own_name_;
  int fd_ = -1;
  std::chrono::steady_clock::time_point tried_{};  // when the name was last looked up
};

}  // namespace weir::observe
