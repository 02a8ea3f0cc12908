#include "weir/watch/file_source.h"

#include "watch/inotify.h"
#include "watch/manifest_folder.h"
#include "watch/manifest_store.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/inotify.h>
#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <set>
#include <utility>

namespace weir::watch {
namespace {

using Occasion = ManifestStore::Occasion;

constexpr std::uint32_t kFolderEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kFolderLost = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::string_view kMountLink = "..data";  // what a mounted ConfigMap swaps
constexpr std::size_t kMaxFilesPerBatch = 2048;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr int kTicksPerFileRetry = 10;

// Which folder a path names right now: {0, 0} for none. A link anywhere in the path may come to name another one, which
// no watch on the folder itself would tell.
std::pair<dev_t, ino_t> identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {0, 0};
  return {info.st_dev, info.st_ino};
}

// A file that is still being written announces itself again when it is closed; a link, symbolic or hard, does not.
bool is_complete_at_creation(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && (S_ISLNK(info.st_mode) || info.st_nlink > 1);
}

}  // namespace

// Shared with the pending handlers, which hold it weakly: it may be gone when they run.
class FileSource::Watcher : public std::enable_shared_from_this<FileSource::Watcher> {
 public:
  Watcher(boost::asio::io_context& context, std::string folder, std::function<void()> on_change)
      : descriptor_(context), timer_(context), folder_(std::move(folder)), on_change_(std::move(on_change)) {
    while (folder_.size() > 1 && folder_.back() == '/') folder_.pop_back();
  }

  ~Watcher() { close(); }

  base::Result<void> start();
  const kube::ClusterState& state() const { return store_.state(); }
  kube::Changes take_changes() {
    kube::Changes changes = store_.take_changes();
    changes.everything = std::exchange(first_take_, false);
    return changes;
  }
  base::Diagnostics diagnostics() const;

 private:
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  base::Result<void> open();
  base::Result<void> scan();
  void read(const std::string& name, Occasion occasion);
  void await_events();
  void handle_events();
  bool apply(const FileEvent& event);
  void lose_folder(const std::string& reason);
  void close();
  void await_tick();
  void handle_tick();
  void publish();

  boost::asio::posix::stream_descriptor descriptor_;  // borrows inotify_'s descriptor
  boost::asio::steady_timer timer_;
  std::string folder_;
  std::function<void()> on_change_;
  std::optional<Inotify> inotify_;    // empty: the folder is lost and looked for again
  std::pair<dev_t, ino_t> identity_;  // of the watched folder
  ManifestStore store_;
  std::set<std::string> failed_;  // names to try again by timer
  std::string folder_error_;
  bool folder_changed_ = false;  // folder_error_ is other than at the last on_change
  std::size_t reads_ = 0;        // of this batch
  bool first_take_ = true;
  int ticks_ = 0;
};

base::Result<void> FileSource::Watcher::start() {
  if (auto result = open(); result.has_error()) return result;
  (void)store_.take_changed();  // the caller knows that start() read everything
  await_tick();
  return {};
}

base::Result<void> FileSource::Watcher::open() {
  auto inotify = Inotify::open();
  if (inotify.has_error()) return inotify.error();
  identity_ = identity_of(folder_);
  // The watch comes first: what is written while the folder is read is then read again.
  if (auto result = inotify.value().add(folder_, kFolderEvents); result.has_error()) return result;
  if (auto result = scan(); result.has_error()) return result;
  boost::system::error_code error;
  descriptor_.assign(inotify.value().fd(), error);
  if (error) return base::fail("watch folder " + folder_ + ": " + error.message(), error.value());
  inotify_ = std::move(inotify.value());
  await_events();
  return {};
}

base::Diagnostics FileSource::Watcher::diagnostics() const {
  base::Diagnostics all;
  if (!folder_error_.empty()) {
    all.push_back({base::Severity::error,
                   "unreadable-folder",
                   {},
                   "",
                   folder_error_ + "; the objects read before stay in force",
                   folder_,
                   0});
  }
  const base::Diagnostics files = store_.diagnostics();
  all.insert(all.end(), files.begin(), files.end());
  return all;
}

base::Result<void> FileSource::Watcher::scan() {
  const auto names = list_manifests(folder_);
  if (names.has_error()) return names.error();
  std::set<std::string> present;
  for (const std::string& name : names.value()) {
    present.insert(path_of(name));
    read(name, Occasion::seen);
  }
  for (const std::string& file : store_.files()) {
    if (present.count(file) == 0) store_.remove(file);
  }
  return {};
}

void FileSource::Watcher::read(const std::string& name, Occasion occasion) {
  ++reads_;
  if (read_into(store_, path_of(name), occasion) == ReadOutcome::failed) {
    failed_.insert(name);
  } else {
    failed_.erase(name);
  }
}

void FileSource::Watcher::await_events() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [weak = weak_from_this()](const boost::system::error_code& error) {
                           const auto self = weak.lock();
                           if (self == nullptr || error || !self->inotify_) return;
                           self->handle_events();
                         });
}

// Reads until nothing is waiting: whatever was written before something this batch has read is then part of it as well.
void FileSource::Watcher::handle_events() {
  reads_ = 0;
  while (inotify_ && reads_ < kMaxFilesPerBatch) {
    const auto events = inotify_->read();
    if (events.has_error()) {
      lose_folder(events.error().text());
      break;
    }
    if (events.value().empty()) break;
    for (const FileEvent& event : events.value()) {
      if (!apply(event)) break;
    }
  }
  if (inotify_) await_events();
  publish();
}

// False: the folder is lost, and with it the rest of the events.
bool FileSource::Watcher::apply(const FileEvent& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0 || event.name == kMountLink) {
    if (const auto result = scan(); result.has_error()) lose_folder(result.error().text());
    return inotify_.has_value();
  }
  if ((event.mask & kFolderLost) != 0) {
    lose_folder("folder " + folder_ + " was removed or moved away");
    return false;
  }
  if (!is_manifest_name(event.name)) return true;
  if ((event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    // Not read, even if there is a file of this name again: it may be half written, and has its own event.
    store_.remove(path_of(event.name));
    failed_.erase(event.name);
    return true;
  }
  if ((event.mask & IN_CREATE) == 0 || is_complete_at_creation(path_of(event.name))) {
    read(event.name, Occasion::written);
  }
  return true;
}

void FileSource::Watcher::lose_folder(const std::string& reason) {
  close();
  folder_changed_ = folder_changed_ || folder_error_ != reason;
  folder_error_ = reason;
}

void FileSource::Watcher::close() {
  // Asio must not close the descriptor: Inotify does.
  if (descriptor_.is_open()) descriptor_.release();
  inotify_.reset();
}

void FileSource::Watcher::await_tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self == nullptr || error) return;
    self->handle_tick();
  });
}

void FileSource::Watcher::handle_tick() {
  if (inotify_ && identity_of(folder_) != identity_) close();
  if (!inotify_) {
    if (const auto result = open(); result.has_error()) {
      lose_folder(result.error().text());
    } else {
      folder_changed_ = folder_changed_ || !folder_error_.empty();
      folder_error_.clear();
    }
  }
  if (++ticks_ % kTicksPerFileRetry == 0) {
    const std::set<std::string> again = failed_;
    for (const std::string& name : again) read(name, Occasion::written);
  }
  await_tick();
  publish();
}

void FileSource::Watcher::publish() {
  const bool objects_changed = store_.take_changed();
  if (std::exchange(folder_changed_, false) || objects_changed) on_change_();
}

FileSource::FileSource(boost::asio::io_context& context, std::string folder, std::function<void()> on_change)
    : watcher_(std::make_shared<Watcher>(context, std::move(folder), std::move(on_change))) {}

FileSource::~FileSource() = default;

base::Result<void> FileSource::start() {
  return watcher_->start();
}

const kube::ClusterState& FileSource::state() const {
  return watcher_->state();
}

kube::Changes FileSource::take_changes() {
  return watcher_->take_changes();
}

base::Diagnostics FileSource::diagnostics() const {
  return watcher_->diagnostics();
}

}  // namespace weir::watch
