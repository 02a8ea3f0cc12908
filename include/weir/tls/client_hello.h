// The server name in the first bytes of a TLS connection, read without taking part in the handshake (spec 4.13): the
// ClientHello (RFC 8446 4.1.2) in one or several records, and its server_name extension (RFC 6066 3). Pure; any thread.
//
// Bounded: what has not become a whole ClientHello within kClientHelloMax bytes is unreadable. What is unreadable here
// is no error: the ordinary handshake decides about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::tls {

inline constexpr std::size_t kClientHelloMax = 16 * 1024;  // bytes of records, headers included

enum class HelloStatus : std::uint8_t {
  more,        // a beginning of a ClientHello
  whole,       // `server_name` is known
  unreadable,  // something else, malformed or too long
};

struct ClientHello {
  HelloStatus status = HelloStatus::more;
  std::string server_name;  // lower case, as sent otherwise; empty: the client names none
};

// `input`: all bytes of the connection so far.
ClientHello parse_client_hello(std::string_view input);

}  // namespace weir::tls
