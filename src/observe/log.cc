#include "weir/observe/log.h"

#include "text_escape.h"
#include "weir/observe/stream_writer.h"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <unistd.h>

#include <memory>
#include <mutex>
#include <string>

namespace weir::observe {

namespace {

constexpr std::size_t kMaxQueuedBytes = 1024 * 1024;

// Everything behind one mutex: log lines are rare, and what is done under it never waits.
struct LogState {
  std::mutex mutex;
  LogStyle style = LogStyle::text;
  std::unique_ptr<StreamWriter> writer;
  std::uint64_t dropped_before = 0;
  // The layout of klog: "I0102 15:04:05.000000       7 controller] text".
  spdlog::pattern_formatter text_formatter{"%L%m%d %H:%M:%S.%f %7P %n] %v"};
  spdlog::pattern_formatter time_formatter{"%Y-%m-%dT%H:%M:%S.%eZ", spdlog::pattern_time_type::utc, ""};
};

LogState& state() {
  static LogState* const instance = new LogState;  // lives as long as the process: threads may log while statics end
  return *instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

const char* json_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;
  }
  return "off";
}

void render(LogState& s, LogLevel level, std::string_view module, std::string_view text, std::string& line) {
  spdlog::memory_buf_t buffer;
  if (s.style == LogStyle::text) {
    const spdlog::details::log_msg message(spdlog::string_view_t(module.data(), module.size()), spdlog_level(level),
                                           spdlog::string_view_t(text.data(), text.size()));
    s.text_formatter.format(message, buffer);
    line.append(buffer.data(), buffer.size());
    return;
  }
  const spdlog::details::log_msg message(spdlog::string_view_t(), spdlog_level(level), spdlog::string_view_t());
  s.time_formatter.format(message, buffer);
  line.append("{\"time\":\"").append(buffer.data(), buffer.size());
  line.append("\",\"level\":\"").append(json_level(level));
  line.append("\",\"module\":\"");
  append_json_escaped(line, module);
  line.append("\",\"msg\":\"");
  append_json_escaped(line, text);
  line.append("\"}\n");
}

}  // namespace

void start_log(const LogOptions& options) {
  LogState& s = state();
  auto writer = StreamWriter::to_fd(options.fd, kMaxQueuedBytes);
  std::lock_guard lock(s.mutex);
  if (s.writer) s.dropped_before += s.writer->dropped_lines();
  s.writer = std::move(writer);
  s.style = options.style;
  log::detail::threshold.store(options.level, std::memory_order_relaxed);
}

void stop_log() {
  LogState& s = state();
  std::unique_ptr<StreamWriter> writer;
  {
    std::lock_guard lock(s.mutex);
    writer = std::move(s.writer);
    log::detail::threshold.store(LogLevel::warn, std::memory_order_relaxed);
  }
  if (!writer) return;
  writer->drain(StreamWriter::kDrainTime);
  std::lock_guard lock(s.mutex);
  s.dropped_before += writer->dropped_lines();
}

std::uint64_t log_lines_dropped() {
  LogState& s = state();
  std::lock_guard lock(s.mutex);
  return s.dropped_before + (s.writer ? s.writer->dropped_lines() : 0);
}

}  // namespace weir::observe

namespace weir::observe::log::detail {

std::atomic<LogLevel> threshold{LogLevel::warn};

void write(LogLevel level, std::string_view module, fmt::string_view format, fmt::format_args args) {
  std::string text = fmt::vformat(format, args);
  // One event is one line, whatever bytes an object or a client put into it.
  if (needs_control_escape(text)) {
    std::string clean;
    append_control_escaped(clean, text);
    text = std::move(clean);
  }
  Chunk chunk;
  chunk.lines = 1;
  LogState& s = state();
  std::lock_guard lock(s.mutex);
  render(s, level, module, text, chunk.text);
  if (s.writer) {
    // The recycled buffer is not needed here.
    (void)s.writer->submit(std::move(chunk));
    return;
  }
  // Nobody to queue for: a start that fails, or a unit test. Lost if the stream does not take it.
  if (::write(STDERR_FILENO, chunk.text.data(), chunk.text.size()) < 0) s.dropped_before += 1;
}

}  // namespace weir::observe::log::detail
