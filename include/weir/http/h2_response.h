// Heads and trailers of HTTP/2 responses (RFC 9113 8.3.2): the decoded fields of one header block become the same
// ResponseHead as those of HTTP/1. The block is written down as an HTTP/1 head and goes through that parser, so that
// both versions are judged by one set of rules; what only HTTP/2 forbids is refused here. Pure; one worker; memory is
// kept from block to block.
//
//   block.begin(limits);
//   block.add(":status", "200"); ...
//   const ParseResult result = block.finish(end_stream, head);
#pragma once

#include "weir/http/h1_parser.h"
#include "weir/http/head.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

class H2ResponseBlock {
 public:
  // Limits used: `head` (bytes of all names and values, with 4 for each field), `fields`, `field_line`.
  void begin(const H1Limits& limits);
  // The next field. false: the block is refused, and nothing more needs to be told.
  bool add(std::string_view name, std::string_view value);
  const ParseResult& fault() const { return fault_; }
  // The block is complete; `end_stream`: no body follows. Result `done` or `bad` (502); `out` is only meaningful after
  // `done`. A body without Content-Length is BodyKind::chunked: its end is told by the stream.
  ParseResult finish(bool end_stream, ResponseHead& out);
  // The same for a block behind the body. Fields that have no meaning there (RFC 9110 6.5.1) are marked dropped.
  ParseResult finish_trailers(Fields& out);

 private:
  bool refuse_as(const ParseResult& fault);
  ParseResult parse(std::string_view status, ResponseHead& out);

  H1Limits limits_;
  ParseResult fault_;  // `more`: none yet
  std::uint32_t fields_ = 0;
  std::string status_;
  std::string lines_;
  std::string text_;
  ResponseHead trailers_;
};

}  // namespace weir::http
