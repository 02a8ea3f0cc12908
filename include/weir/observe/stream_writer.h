// StreamWriter: writes chunks of whole lines to a stream from a thread of its own, so that whoever produces them never
// waits for the stream. The queue is bounded; what does not fit is dropped and counted in lines.
//
// Thread rule: submit() and dropped_lines() from any thread. Lifetime: the destructor writes what is queued, for at
// most `kDrainTime`, then gives up; lines left over are counted as dropped.
#pragma once

#include "weir/base/result.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::observe {

class SyslogSender;

struct Chunk {
  std::string text;  // whole lines, each with its "\n"
  std::uint32_t lines = 0;
};

class StreamWriter {
 public:
  static constexpr std::chrono::milliseconds kDrainTime{1000};

  // Takes `fd` as it is (1 or 2; never closed). Pipes and terminals are written through a non-blocking description of
  // their own, because O_NONBLOCK on the inherited one would be seen by every other process that holds it.
  static std::unique_ptr<StreamWriter> to_fd(int fd, std::size_t max_queued_bytes);
  // Opens for appending, creates the file if it is missing. "/dev/stdout" and "/dev/stderr" mean fd 1 and 2.
  static base::Result<std::unique_ptr<StreamWriter>> to_path(const std::string& path, std::size_t max_queued_bytes);

  // One UDP datagram per line to a syslog server; its name is looked up by the writer's thread. `own_name`: the
  // machine's.
  static std::unique_ptr<StreamWriter> to_syslog(const std::string& host, std::uint16_t port,
                                                 const std::string& own_name, std::size_t max_queued_bytes);

  ~StreamWriter();
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // Takes the chunk's text. Returns an empty string with capacity to fill next (recycled), so that steady logging does
  // not allocate.
  std::string submit(Chunk chunk);
  // Waits until everything submitted so far is written or dropped, at most `limit`. After a wait in vain the destructor
  // does not wait once more.
  void drain(std::chrono::milliseconds limit);
  // Opens the path of to_path() again, where a file of that name may have been renamed: what comes from now on goes
  // there. An error leaves the file that is open. Control thread.
  base::Result<void> reopen();
  std::uint64_t dropped_lines() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  StreamWriter(int fd, bool owned, std::size_t max_queued_bytes, std::unique_ptr<SyslogSender> syslog = nullptr);
  void run();
  std::uint32_t write_out(const Chunk& chunk);  // result: lines that were lost
  bool write_chunk(const std::string& text);

  const int fd_;
  const bool owned_;
  std::string path_;           // empty: no file of our own
  bool non_blocking_ = false;  // writes return EAGAIN instead of waiting
  bool pipe_like_ = false;     // poll() tells whether a small write would wait
  const std::size_t max_queued_bytes_;
  const std::unique_ptr<SyslogSender> syslog_;  // null: `fd_` is written to
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;
  std::condition_variable changed_;  // work came, or the thread should end
  std::condition_variable idle_;     // everything is written
  std::deque<Chunk> queue_;
  std::vector<std::string> spare_;
  std::size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  bool stuck_ = false;  // the last drain() was in vain
  std::atomic<bool> give_up_{false};
  std::thread thread_;
};

}  // namespace weir::observe
