// BodyReader: decodes the body of an upstream's response out of the input of its socket, run by run. One worker.
#pragma once

#include "weir/http/h1_parser.h"
#include "weir/http/head.h"
#include "weir/net/sock.h"
#include "weir/upstream/out_buffer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::proxy {

class BodyReader {
 public:
  BodyReader(http::BodyKind kind, std::uint64_t length)
      : kind_(kind), left_(kind == http::BodyKind::length ? length : 0) {}

  // The body bytes that are there; a view of the socket's input, or of `scratch` if they came in several chunks. Call
  // consume() when they were used, before anything reads the socket again.
  std::string_view take(net::Sock& from, upstream::OutBuffer& scratch);
  void consume(net::Sock& from);

  // Nothing follows what was taken.
  bool done() const;
  bool malformed() const { return malformed_; }
  bool until_close() const { return kind_ == http::BodyKind::until_close; }
  // The upstream has closed an until_close body.
  void end() { ended_ = true; }
  // Bytes of a length-delimited body not taken yet; splice() counts them down.
  std::uint64_t& left() { return left_; }
  bool has_length() const { return kind_ == http::BodyKind::length; }

 private:
  std::string_view take_chunks(std::string_view input, upstream::OutBuffer& scratch);

  http::BodyKind kind_;
  std::uint64_t left_;
  std::size_t raw_ = 0;  // input bytes behind what was taken
  http::ChunkedDecoder decoder_;
  bool malformed_ = false;
  bool ended_ = false;
};

}  // namespace weir::proxy
