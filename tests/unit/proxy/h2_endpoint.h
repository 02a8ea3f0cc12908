// The endpoint's side of an HTTP/2 connection, frame by frame: what a real server would never do can be said, too.
// Fields are written without compression and read by the library's decoder.
#pragma once

#include "unit/proxy/harness.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::proxy::test {

// RFC 9113 6 and 7.
enum H2Type : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPush = 5,
  kPing = 6,
  kGoaway = 7,
  kWindow = 8
};
enum H2Flag : std::uint8_t { kNone = 0, kAck = 1, kEndStream = 1, kEndHeaders = 4 };
enum H2Code : std::uint32_t { kNoError = 0, kRefused = 7, kCancel = 8 };

using H2Fields = std::vector<std::pair<std::string, std::string>>;

struct H2Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  bool ends_stream() const { return (type == kData || type == kHeaders) && (flags & kEndStream) != 0; }
};

std::string h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
std::string h2_number(std::uint32_t number);
std::string h2_fields(const H2Fields& fields);

// nullopt: the connection has ended, or nothing came for 10 s.
std::optional<H2Frame> read_h2_frame(Wire& wire);
// What a client with prior knowledge says first, and a request without a body on stream 1.
std::string h2_client_request(const H2Fields& fields);

class H2Endpoint {
 public:
  // Reads the preface and says `settings` (identifier and value each).
  explicit H2Endpoint(Wire& wire, const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {});
  ~H2Endpoint();
  H2Endpoint(const H2Endpoint&) = delete;
  H2Endpoint& operator=(const H2Endpoint&) = delete;

  // nullopt: the connection has ended, or nothing came for 10 s.
  std::optional<H2Frame> next();
  // The next one of that type; others are skipped.
  std::optional<H2Frame> next(H2Type type);
  // The next request: its stream; 0: none came. Its fields are in `fields`, its body, if it is wanted, in `body`.
  std::uint32_t request(bool whole = true);

  void send(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
    wire_.send(h2_frame(type, flags, stream, payload));
  }
  void head(std::uint32_t stream, const H2Fields& block = {{":status", "200"}}, bool end = false) {
    send(kHeaders, static_cast<std::uint8_t>(kEndHeaders | (end ? kEndStream : kNone)), stream, h2_fields(block));
  }
  void data(std::uint32_t stream, std::string_view bytes, bool end = false) {
    send(kData, end ? kEndStream : kNone, stream, bytes);
  }
  void answer(std::uint32_t stream, std::string_view bytes) {
    head(stream);
    data(stream, bytes);
    head(stream, {{"grpc-status", "0"}}, true);
  }
  void reset(std::uint32_t stream, H2Code code) { send(kReset, kNone, stream, h2_number(code)); }
  void go_away(std::uint32_t last) { send(kGoaway, kNone, 0, h2_number(last) + h2_number(kNoError)); }
  void open_window(std::uint32_t stream, std::uint32_t bytes) { send(kWindow, kNone, stream, h2_number(bytes)); }

  std::string field(std::string_view name) const;

  H2Fields fields;
  std::string body;

 private:
  void decode(const H2Frame& frame);

  Wire& wire_;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace weir::proxy::test
