#include "proxy/temp_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

namespace weir::proxy {

TempFile::~TempFile() {
  if (fd_ >= 0) ::close(fd_);
}

int TempFile::open() {
  fd_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ >= 0) return 1;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return -errno;
  // A file system without O_TMPFILE.
  std::string path = directory_ + "/weir-body-XXXXXX";
  fd_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) return -errno;
  ::unlink(path.c_str());
  return 1;
}

int TempFile::write(std::string_view bytes, std::uint64_t offset) {
  if (fd_ < 0) {
    if (int result = open(); result < 0) return result;
  }
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return 1;
}

}  // namespace weir::proxy
