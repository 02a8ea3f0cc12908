#include "watch/manifest_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>

namespace weir::watch {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason(int error) {
  return std::system_category().message(error);
}

bool is_link(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

// 0 or an errno.
int read_all(int fd, std::string& text) {
  for (;;) {
    constexpr std::size_t kStep = 64 * 1024;
    const std::size_t filled = text.size();
    text.resize(filled + std::max(kStep, filled));
    const ssize_t count = ::read(fd, text.data() + filled, text.size() - filled);
    text.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return 0;
    if (count < 0 && errno != EINTR) return errno;
    if (text.size() > kMaxFile) return EFBIG;
  }
}

}  // namespace

bool is_manifest_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         (ends_with(name, ".yaml") || ends_with(name, ".yml") || ends_with(name, ".json"));
}

base::Result<std::vector<std::string>> list_manifests(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(folder.c_str()), ::closedir);
  if (handle == nullptr) {
    const int error = errno;
    return base::fail("read folder " + folder + ": " + reason(error), error);
  }
  std::vector<std::tuple<std::int64_t, std::int64_t, std::string>> found;
  errno = 0;
  while (const dirent* entry = ::readdir(handle.get())) {
    if (is_manifest_name(entry->d_name)) {
      struct stat info {};  // of a dangling link: zero, read_into() reports it
      if (::fstatat(::dirfd(handle.get()), entry->d_name, &info, 0) != 0) info = {};
      found.emplace_back(info.st_mtim.tv_sec, info.st_mtim.tv_nsec, entry->d_name);
    }
    errno = 0;
  }
  if (const int error = errno; error != 0) return base::fail("read folder " + folder + ": " + reason(error), error);
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [seconds, nanoseconds, name] : found) names.push_back(std::move(name));
  return names;
}

ReadOutcome read_into(ManifestStore& store, const std::string& path, ManifestStore::Occasion occasion) {
  // Not blocking: a FIFO of that name must not hold the control thread.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    const int error = errno;
    const bool absent = error == ENOENT || error == ENOTDIR;
    if (absent) store.remove(path);
    if (absent && !is_link(path)) return ReadOutcome::done;
    store.fail(path, absent ? "the link points to no file" : "cannot be read: " + reason(error));
    return ReadOutcome::failed;
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    store.remove(path);
    if (S_ISDIR(info.st_mode)) return ReadOutcome::done;
    store.fail(path, "is no regular file");
    return ReadOutcome::failed;
  }
  std::string text;
  if (const int error = read_all(file.get(), text); error != 0) {
    store.fail(path, error == EFBIG ? "is larger than 64 MiB" : "cannot be read: " + reason(error));
    return ReadOutcome::failed;
  }
  store.update(path, text, occasion);
  return ReadOutcome::done;
}

}  // namespace weir::watch
