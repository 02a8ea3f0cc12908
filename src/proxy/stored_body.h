// StoredBody: the body of a received request for a second reader, which may outlive the request. A body in a temporary
// file is shared, one in memory copied. One worker.
#pragma once

#include "weir/upstream/exchange.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir::proxy {

class TempFile;

class StoredBody final : public upstream::BodySource {
 public:
  StoredBody() = default;
  explicit StoredBody(std::string_view bytes) : bytes_(bytes) {}
  // The file is written completely.
  StoredBody(std::shared_ptr<const TempFile> file, std::uint64_t size) : file_(std::move(file)), file_size_(size) {}

  std::uint64_t size() const { return file_ ? file_size_ : bytes_.size(); }

  // --- upstream::BodySource
  std::string_view in_memory() const override { return bytes_; }
  bool replayable() const override { return true; }
  net::Task<int> send_to(net::Sock& upstream, net::Millis timeout) override;
  upstream::Failure failure() const override { return upstream::Failure::none; }

 private:
  std::string bytes_;
  std::shared_ptr<const TempFile> file_;
  std::uint64_t file_size_ = 0;
};

}  // namespace weir::proxy
