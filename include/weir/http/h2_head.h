// Heads of HTTP/2 requests (RFC 9113 8.3): the decoded fields of one header block become the same RequestHead as those
// of HTTP/1. The block is written down as an HTTP/1 head and goes through that parser, so that both versions are judged
// by one set of rules; what only HTTP/2 forbids is refused here. Pure; one worker; memory is kept from block to block.
//
//   block.begin(limits);
//   block.add(":method", "GET"); ...
//   const ParseResult result = block.finish(end_stream, head);
#pragma once

#include "weir/http/h1_parser.h"
#include "weir/http/head.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

class H2RequestBlock {
 public:
  void begin(const H1Limits& limits);
  // The next field. After a fault, and beyond the limits, nothing is kept any more.
  void add(std::string_view name, std::string_view value);
  // The block is complete; `end_stream`: no body follows. Result `done` or `bad`, as of parse_request_head; `out` is
  // only meaningful after `done`. out.fields.text() begins with a request line that says HTTP/2.0. A body without
  // Content-Length is BodyKind::chunked: its end is told by the stream.
  ParseResult finish(bool end_stream, RequestHead& out);

 private:
  void add_pseudo(std::string_view name, std::string_view value);
  void add_field(std::string_view name, std::string_view value);
  void refuse_as(const ParseResult& fault);
  ParseResult compose();

  H1Limits limits_;
  ParseResult fault_;  // `more`: none yet
  std::uint32_t fields_ = 0;
  std::uint8_t pseudo_ = 0;  // bits of those that came
  bool expect_ = false;
  std::string method_;
  std::string path_;
  std::string authority_;
  std::string host_;
  std::string cookie_;  // crumbs joined (RFC 9113 8.2.3)
  std::string lines_;   // the other fields
  std::string text_;
};

}  // namespace weir::http
