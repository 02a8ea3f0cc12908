#include "weir/observe/access_log.h"

#include "skip_urls.h"
#include "weir/observe/log_format.h"
#include "weir/observe/stream_writer.h"

#include <optional>
#include <utility>

namespace weir::observe {

namespace {

constexpr std::size_t kMaxQueuedBytes = 8 * 1024 * 1024;
constexpr std::size_t kRoom = AccessLogBuffer::kSize + 4096;  // a line goes beyond the size at which a buffer is full

LogEscape escape_of(const AccessLogSettings& settings) {
  if (settings.escape_none) return LogEscape::none;
  return settings.escape_json ? LogEscape::json : LogEscape::standard;
}

bool goes_to_the_same(const AccessLogSettings& a, const AccessLogSettings& b) {
  return a.path == b.path && a.syslog == b.syslog && a.syslog_host == b.syslog_host && a.syslog_port == b.syslog_port;
}

void check_syslog(const AccessLogSettings& settings, std::vector<std::string>& problems) {
  if (settings.syslog && settings.syslog_host.empty())
    problems.push_back("enable-syslog: syslog-host is empty; access-log-path is used");
}

LogFormat compile_format(const AccessLogSettings& settings, const std::string& hostname,
                         std::vector<std::string>& problems) {
  if (!settings.format.empty()) {
    auto custom = LogFormat::compile(settings.format, escape_of(settings), hostname);
    if (custom) return std::move(custom.value());
    problems.push_back("log-format-upstream: " + custom.error().text() + "; the default layout is used");
  }
  // The default layout names known variables only.
  return std::move(LogFormat::compile(kDefaultLogFormat, escape_of(settings), hostname).value());
}

}  // namespace

struct AccessLog::Active {
  bool enabled = true;
  LogFormat format;
  std::shared_ptr<const SkipUrls> skip;
  std::shared_ptr<StreamWriter> writer;  // null: no stream could be opened
};

AccessLog::AccessLog(std::string hostname) : hostname_(std::move(hostname)) {}

AccessLog::~AccessLog() = default;

std::vector<std::string> AccessLog::problems_of(const AccessLogSettings& settings) {
  std::vector<std::string> problems;
  (void)compile_format(settings, {}, problems);
  check_syslog(settings, problems);
  const SkipUrls skip(settings.skip_urls, problems);
  return problems;
}

std::vector<std::string> AccessLog::configure(const AccessLogSettings& settings) {
  std::vector<std::string> problems;
  std::shared_ptr<const Active> before;
  {
    std::lock_guard lock(mutex_);
    if (active_ && settings == settings_) return problems;
    before = active_;
  }
  auto next = std::make_shared<Active>();
  next->enabled = settings.enabled;
  next->format = compile_format(settings, hostname_, problems);
  check_syslog(settings, problems);
  next->skip = std::make_shared<const SkipUrls>(settings.skip_urls, problems);
  if (before && (!settings.enabled || (before->writer && goes_to_the_same(settings, settings_)))) {
    next->writer = before->writer;
  } else if (settings.enabled && settings.syslog && !settings.syslog_host.empty()) {
    next->writer = StreamWriter::to_syslog(settings.syslog_host, settings.syslog_port, hostname_, kMaxQueuedBytes);
  } else if (settings.enabled) {
    auto opened = StreamWriter::to_path(settings.path, kMaxQueuedBytes);
    if (opened) {
      next->writer = std::move(opened.value());
    } else {
      next->writer = before ? before->writer : nullptr;
      problems.push_back("access-log-path: " + opened.error().text() +
                         (next->writer ? "; the path before stays in use" : "; no access log is written"));
    }
  }
  std::lock_guard lock(mutex_);
  // A worker may be the last to let go of a stream; ending it there would make it wait, so every stream is kept here
  // until only this list holds it.
  std::erase_if(writers_, [this](const std::shared_ptr<StreamWriter>& writer) {
    if (writer.use_count() > 1) return false;
    dropped_before_.fetch_add(writer->dropped_lines(), std::memory_order_relaxed);
    return true;
  });
  if (next->writer && (writers_.empty() || writers_.back() != next->writer)) writers_.push_back(next->writer);
  settings_ = settings;
  active_ = std::move(next);
  version_.fetch_add(1, std::memory_order_release);
  return problems;
}

std::unique_ptr<AccessLogBuffer> AccessLog::make_buffer() {
  return std::make_unique<AccessLogBuffer>(*this);
}

void AccessLog::drain(std::chrono::milliseconds limit) {
  std::vector<std::shared_ptr<StreamWriter>> writers;
  {
    std::lock_guard lock(mutex_);
    writers = writers_;
  }
  for (const auto& writer : writers) writer->drain(limit);
}

std::uint64_t AccessLog::dropped_lines() const {
  std::lock_guard lock(mutex_);
  std::uint64_t sum = dropped_before_.load(std::memory_order_relaxed);
  for (const auto& writer : writers_) sum += writer->dropped_lines();
  return sum;
}

AccessLogBuffer::AccessLogBuffer(AccessLog& log) : log_(log) {
  text_.use({}, kRoom);
}

AccessLogBuffer::~AccessLogBuffer() {
  flush();
}

void AccessLogBuffer::follow_configuration() {
  const std::uint64_t version = log_.version_.load(std::memory_order_acquire);
  if (version == version_) return;
  flush();
  std::lock_guard lock(log_.mutex_);
  active_ = log_.active_;
  version_ = version;
}

bool AccessLogBuffer::wants_details() {
  follow_configuration();
  return active_ && active_->enabled && active_->format.wants_details();
}

bool AccessLogBuffer::wants_sent_fields() {
  follow_configuration();
  return active_ && active_->enabled && active_->format.wants_sent_fields();
}

void AccessLogBuffer::append(const AccessLogEntry& entry) {
  follow_configuration();
  if (!active_ || !active_->enabled) return;
  if (!active_->skip->empty() && active_->skip->matches(entry.request_uri)) return;
  active_->format.append(entry, text_);
  text_.push_back('\n');
  ++lines_;
  if (text_.size() >= kSize) flush();
}

void AccessLogBuffer::flush() {
  if (lines_ == 0) return;
  Chunk chunk;
  chunk.lines = std::exchange(lines_, 0);
  if (!active_ || !active_->writer) {
    log_.dropped_before_.fetch_add(chunk.lines, std::memory_order_relaxed);
    text_.cut(0);
    return;
  }
  chunk.text = text_.take();
  text_.use(active_->writer->submit(std::move(chunk)), kRoom);
}

}  // namespace weir::observe
