#include "weir/observe/access_log.h"

#include "skip_urls.h"
#include "weir/observe/log_format.h"
#include "weir/observe/stream_writer.h"

#include <algorithm>
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

// Where lines go; syslog wins over the path.
struct Destination {
  Destination() = default;
  Destination(const AccessLogSettings& s, const std::string& file)
      : path(file), syslog(s.syslog && !s.syslog_host.empty()), host(s.syslog_host), port(s.syslog_port) {}

  std::string path;
  bool syslog = false;
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const Destination& other) const {
    return syslog == other.syslog && (syslog ? host == other.host && port == other.port : path == other.path);
  }
};

void check_syslog(const AccessLogSettings& settings, std::vector<std::string>& problems) {
  if (settings.syslog && settings.syslog_host.empty())
    problems.push_back("enable-syslog: syslog-host is empty; access-log-path is used");
}

struct Output {
  Destination to;
  std::shared_ptr<StreamWriter> writer;  // null: no stream could be opened
};

LogFormat compile_format(const AccessLogSettings& settings, LogKind kind, const std::string& hostname,
                         std::vector<std::string>& problems) {
  const bool stream = kind == LogKind::stream;
  const std::string& text = stream ? settings.stream_format : settings.format;
  if (!text.empty()) {
    auto custom = LogFormat::compile(text, escape_of(settings), hostname, kind);
    if (custom) return std::move(custom.value());
    problems.push_back(std::string(stream ? "log-format-stream: " : "log-format-upstream: ") + custom.error().text() +
                       "; the default layout is used");
  }
  // The default layouts name known variables only.
  const std::string_view layout = stream ? kDefaultStreamFormat : kDefaultLogFormat;
  return LogFormat::compile(layout, escape_of(settings), hostname, kind).value();
}

}  // namespace

struct AccessLog::Active {
  bool enabled = true;
  LogFormat format;
  std::shared_ptr<const SkipUrls> skip;
  Output output;
  // Of TCP and UDP services. Where both logs go to one place they share the writer, or lines would be mixed up.
  bool stream_enabled = true;
  LogFormat stream_format;
  Output stream_output;
};

AccessLog::AccessLog(std::string hostname) : hostname_(std::move(hostname)) {}

AccessLog::~AccessLog() = default;

std::vector<std::string> AccessLog::problems_of(const AccessLogSettings& settings) {
  std::vector<std::string> problems;
  (void)compile_format(settings, LogKind::request, {}, problems);
  (void)compile_format(settings, LogKind::stream, {}, problems);
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
  next->format = compile_format(settings, LogKind::request, hostname_, problems);
  next->stream_enabled = settings.stream_enabled;
  next->stream_format = compile_format(settings, LogKind::stream, hostname_, problems);
  check_syslog(settings, problems);
  next->skip = std::make_shared<const SkipUrls>(settings.skip_urls, problems);

  std::vector<Output> known;
  if (before) {
    next->output = before->output;
    next->stream_output = before->stream_output;
    known = {before->output, before->stream_output};
  }
  // A log that is off keeps what it had.
  const auto lead = [&](Output& output, const std::string& path, const char* key) {
    const Destination to(settings, path);
    const auto open = std::find_if(known.begin(), known.end(),
                                   [&to](const Output& one) { return one.writer != nullptr && one.to == to; });
    if (open != known.end()) {
      output = *open;
      return;
    }
    if (to.syslog) {
      output = {to, StreamWriter::to_syslog(to.host, to.port, hostname_, kMaxQueuedBytes)};
    } else if (auto opened = StreamWriter::to_path(path, kMaxQueuedBytes)) {
      output = {to, std::move(opened.value())};
    } else {
      std::string text = std::string(key) + ": " + opened.error().text() +
                         (output.writer ? "; the path before stays in use" : "; no access log is written");
      // One path for both logs is one problem.
      if (std::find(problems.begin(), problems.end(), text) == problems.end()) problems.push_back(std::move(text));
      return;
    }
    known.push_back(output);
  };
  if (settings.enabled) lead(next->output, settings.path, "access-log-path");
  if (settings.stream_enabled) {
    const bool is_same = settings.stream_path == settings.path;
    lead(next->stream_output, settings.stream_path, is_same ? "access-log-path" : "stream-access-log-path");
  }
  std::lock_guard lock(mutex_);
  // A worker may be the last to let go of a stream; ending it there would make it wait, so every stream is kept here
  // until only this list holds it.
  std::erase_if(writers_, [this](const std::shared_ptr<StreamWriter>& writer) {
    if (writer.use_count() > 1) return false;
    dropped_before_.fetch_add(writer->dropped_lines(), std::memory_order_relaxed);
    return true;
  });
  for (const std::shared_ptr<StreamWriter>& writer : {next->output.writer, next->stream_output.writer}) {
    const bool is_kept = std::find(writers_.begin(), writers_.end(), writer) != writers_.end();
    if (writer && !is_kept) writers_.push_back(writer);
  }
  settings_ = settings;
  active_ = std::move(next);
  version_.fetch_add(1, std::memory_order_release);
  return problems;
}

std::vector<std::string> AccessLog::reopen() {
  std::vector<std::string> problems;
  const std::lock_guard lock(mutex_);
  if (!active_) return problems;
  StreamWriter* const first = active_->output.writer.get();
  StreamWriter* const second = active_->stream_output.writer.get();
  for (StreamWriter* const writer : {first, second == first ? nullptr : second}) {
    if (writer == nullptr) continue;
    if (const auto opened = writer->reopen(); !opened) problems.push_back(opened.error().text());
  }
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
  lines_.text.use({}, kRoom);
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
  active_->format.append(entry, lines_.text);
  end_line(lines_, active_->output.writer.get());
}

void AccessLogBuffer::append_stream(const AccessLogEntry& entry) {
  follow_configuration();
  if (!active_ || !active_->stream_enabled) return;
  active_->stream_format.append(entry, stream_lines_.text);
  end_line(stream_lines_, active_->stream_output.writer.get());
}

void AccessLogBuffer::end_line(Lines& lines, StreamWriter* writer) {
  lines.text.push_back('\n');
  ++lines.count;
  if (lines.text.size() >= kSize) hand_over(lines, writer);
}

void AccessLogBuffer::flush() {
  hand_over(lines_, active_ ? active_->output.writer.get() : nullptr);
  hand_over(stream_lines_, active_ ? active_->stream_output.writer.get() : nullptr);
}

void AccessLogBuffer::hand_over(Lines& lines, StreamWriter* writer) {
  if (lines.count == 0) return;
  Chunk chunk;
  chunk.lines = std::exchange(lines.count, 0);
  if (writer == nullptr) {
    log_.dropped_before_.fetch_add(chunk.lines, std::memory_order_relaxed);
    lines.text.cut(0);
    return;
  }
  chunk.text = lines.text.take();
  lines.text.use(writer->submit(std::move(chunk)), kRoom);
}

}  // namespace weir::observe
