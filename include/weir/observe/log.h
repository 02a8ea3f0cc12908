// The controller's log: text or JSON lines to stderr. `log::info("proxy", "listening on {}", address)`.
//
// Never blocks a worker: a line is appended to a bounded queue, a thread of its own writes it with non-blocking writes.
// A stuck or closed stream costs lines, which are counted, not requests. A disabled level costs one atomic load;
// nothing is formatted. Before start_log() and after stop_log() warnings and errors go straight to stderr, the rest is
// dropped.
//
// Levels by consequence: error = a request or object was not served as specified and a person should look; warn = we
// recovered; info = life-cycle; debug = per request. What a client does wrong is never above debug.
//
// Thread rule: every function from any thread, except start_log and stop_log (main thread). spdlog stays in log.cc.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace weir::observe {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
enum class LogStyle : std::uint8_t { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogStyle style = LogStyle::text;
  int fd = 2;
};

void start_log(const LogOptions& options);
// Writes what is queued (at most about a second), then ends the thread.
void stop_log();
std::uint64_t log_lines_dropped();

}  // namespace weir::observe

namespace weir::observe::log {

namespace detail {
extern std::atomic<LogLevel> threshold;
void write(LogLevel level, std::string_view module, fmt::string_view format, fmt::format_args args);
}  // namespace detail

inline bool enabled(LogLevel level) {
  return level >= detail::threshold.load(std::memory_order_relaxed);
}

// `module`: the part of Weir that speaks, "proxy", "controller".
template <class... T>
void debug(std::string_view module, fmt::format_string<T...> format, T&&... args) {
  if (enabled(LogLevel::debug)) detail::write(LogLevel::debug, module, format, fmt::make_format_args(args...));
}

template <class... T>
void info(std::string_view module, fmt::format_string<T...> format, T&&... args) {
  if (enabled(LogLevel::info)) detail::write(LogLevel::info, module, format, fmt::make_format_args(args...));
}

template <class... T>
void warn(std::string_view module, fmt::format_string<T...> format, T&&... args) {
  if (enabled(LogLevel::warn)) detail::write(LogLevel::warn, module, format, fmt::make_format_args(args...));
}

template <class... T>
void error(std::string_view module, fmt::format_string<T...> format, T&&... args) {
  if (enabled(LogLevel::error)) detail::write(LogLevel::error, module, format, fmt::make_format_args(args...));
}

}  // namespace weir::observe::log
