// TempFile: an unlinked temporary file, used by work on the file thread. Closed with its last owner. Not shared by two
// pieces of work at the same time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proxy {

class TempFile {
 public:
  explicit TempFile(std::string directory) : directory_(std::move(directory)) {}
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  // Makes the file on first use. 1, or -errno.
  int write(std::string_view bytes, std::uint64_t offset);
  int fd() const { return fd_; }

 private:
  int open();

  const std::string directory_;
  int fd_ = -1;
};

}  // namespace weir::proxy
