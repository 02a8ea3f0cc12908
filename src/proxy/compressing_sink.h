// Compression of proxied responses (spec 5.3, 6.3). One worker.
#pragma once

#include "proxy/content_encoder.h"
#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/worker.h"

#include <memory>
#include <optional>
#include <string>

namespace weir::proxy {

// The coding for this response; nullopt: it goes as it is. Edits its fields as the choice demands: Vary wherever
// another client would get another coding, and with a coding Content-Encoding, a weak ETag, no Accept-Ranges.
std::optional<Coding> choose_coding(Worker& worker, http::ResponseHead& head, http::BodyKind body, Request& request);

// A response on its way through an encoder to another sink, which outlives it.
class CompressingSink final : public ResponseSink {
 public:
  CompressingSink(ResponseSink& next, std::unique_ptr<ContentEncoder> encoder)
      : next_(next), encoder_(std::move(encoder)) {}

  net::Task<int> start(const ResponseStart& start, std::string_view body, bool last) override;
  net::Task<int> data(std::string_view body, bool last) override;
  net::Task<int> trailers(const http::Fields& fields) override;
  net::Sock* raw_socket() override { return nullptr; }
  void abort() override { next_.abort(); }

 private:
  ResponseSink& next_;
  std::unique_ptr<ContentEncoder> encoder_;
  std::string out_;
};

}  // namespace weir::proxy
