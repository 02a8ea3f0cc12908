// Step 9 of life-of-a-request: the body on its way up.
#include "proxy/request_body.h"

#include "proxy/temp_file.h"
#include "weir/http/h1_writer.h"
#include "weir/observe/log.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::proxy {
namespace {

using upstream::Failure;

// What an answer may still read of a body it did not need (security rule 4).
constexpr std::uint64_t kDiscardBytes = 64 * 1024;
constexpr std::uint64_t kDiscardMs = 1000;
// Bytes handed to the file thread at a time.
constexpr std::size_t kFilePiece = 256 * 1024;
// Bytes read from a file at a time for a protocol that frames them itself.
constexpr std::size_t kPulledPiece = 64 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

class WriteWork final : public upstream::Work {
 public:
  WriteWork(std::shared_ptr<TempFile> file, std::string bytes, std::uint64_t offset)
      : file_(std::move(file)), bytes_(std::move(bytes)), offset_(offset) {}
  int run() override { return file_->write(bytes_, offset_); }

 private:
  const std::shared_ptr<TempFile> file_;
  const std::string bytes_;
  const std::uint64_t offset_;
};

Failure failure_of_client_read(int result) {
  return result == -ETIMEDOUT ? Failure::body_timeout : Failure::client_aborted;
}

}  // namespace

RequestBody::RequestBody() = default;
RequestBody::~RequestBody() = default;

void RequestBody::begin(net::Sock& client, const http::RequestHead& head) {
  client_ = &client;
  reactor_ = &client.reactor();
  begin(head);
}

void RequestBody::begin(StreamInput& client, net::Reactor& reactor, const http::RequestHead& head) {
  stream_ = &client;
  reactor_ = &reactor;
  begin(head);
}

void RequestBody::begin(const http::RequestHead& head) {
  kind_ = head.body;
  left_ = size_ = kind_ == http::BodyKind::length ? head.content_length : 0;
  expect_continue_ = head.expect_continue && exists();
  all_taken_ = !exists() || (kind_ == http::BodyKind::length && left_ == 0);
}

void RequestBody::reset() {
  client_ = nullptr;
  stream_ = nullptr;
  reactor_ = nullptr;
  kind_ = http::BodyKind::none;
  storage_ = Storage::none;
  failure_ = Failure::none;
  expect_continue_ = stream_began_ = all_taken_ = false;
  left_ = size_ = raw_bytes_ = file_size_ = pulled_ = 0;
  run_ = {};
  run_raw_ = 0;
  decoder_.reset();
  if (memory_.capacity() > net::BufferPool::kSmall) memory_.shrink_to_fit();
  memory_.clear();
  file_.reset();
}

bool RequestBody::complete() const {
  return all_taken_ || (storage_ == Storage::input && rest_is_here());
}

std::uint64_t RequestBody::bytes_read() const {
  if (storage_ != Storage::input || all_taken_) return raw_bytes_;
  return raw_bytes_ + std::min<std::uint64_t>(left_, input().size());  // not taken before release()
}

bool RequestBody::next_run(std::string_view& run, std::size_t& raw) {
  if (all_taken_) return false;
  if (stream_ != nullptr) return next_run_of_stream(run, raw);
  const std::string_view input = client_->input();
  if (input.empty()) return false;
  if (kind_ == http::BodyKind::length) {
    run = input.substr(0, std::min<std::uint64_t>(left_, input.size()));
    raw = run.size();
    return true;
  }
  raw = 0;
  run = {};
  while (run.empty() && !decoder_.done() && raw < input.size()) {
    const long taken = decoder_.next(input.substr(raw), run);
    if (taken < 0) {
      failure_ = Failure::body_malformed;
      return false;
    }
    if (taken == 0) break;
    raw += static_cast<std::size_t>(taken);
  }
  return raw > 0;
}

bool RequestBody::next_run_of_stream(std::string_view& run, std::size_t& raw) {
  run = stream_->input();
  if (kind_ == http::BodyKind::length) {
    // The codec compares length and bytes; an endpoint must not get the last one before they are known to fit.
    if (run.size() > left_ || (stream_->ended() && run.size() < left_)) {
      failure_ = Failure::body_malformed;
      return false;
    }
    if (run.size() == left_ && !stream_->ended()) return false;
  } else if (run.empty() && stream_->ended()) {
    all_taken_ = true;
  }
  raw = run.size();
  return raw > 0;
}

void RequestBody::consume(std::size_t raw) {
  raw_bytes_ += raw;
  if (stream_ != nullptr) {
    stream_->consume(raw);
    if (kind_ == http::BodyKind::length) left_ -= raw;
    all_taken_ = kind_ == http::BodyKind::length ? left_ == 0 : stream_->ended() && stream_->input().empty();
    return;
  }
  client_->consume(raw);
  if (kind_ == http::BodyKind::length) {
    left_ -= raw;
    all_taken_ = left_ == 0;
  } else {
    all_taken_ = decoder_.done();
  }
}

// More input. Before the first wait of a client that expects it, the go-ahead.
net::Task<int> RequestBody::read_more(net::Millis timeout) {
  if (expect_continue_) {
    expect_continue_ = false;
    // RFC 9110 10.1.1: not needed once body bytes are here.
    if (stream_ != nullptr) {
      if (stream_->input().empty()) stream_->send_continue();
    } else if (client_->input().empty()) {
      const int sent = co_await client_->send_all(kContinue, timeout);
      if (sent < 0) co_return sent;
    }
  }
  if (stream_ != nullptr) co_return co_await stream_->more(timeout);
  co_return co_await client_->recv_some(net::BufferPool::kLarge, timeout);
}

net::Task<Failure> RequestBody::receive(const BodyLimits& limits, const BodyFiles& files) {
  limits_ = limits;  // the reference ends with the first wait
  if (!exists() || all_taken_) co_return Failure::none;
  if (kind_ == http::BodyKind::length && left_ <= net::BufferPool::kSmall) {
    storage_ = Storage::input;
    if (rest_is_here()) co_return Failure::none;
    co_return co_await receive_into_input(limits_.timeout);
  }
  storage_ = Storage::memory;
  const std::uint64_t in_memory = std::max<std::uint64_t>(limits_.memory, net::BufferPool::kSmall);
  if (kind_ == http::BodyKind::chunked) size_ = 0;
  for (;;) {
    std::string_view run;
    std::size_t raw = 0;
    while (next_run(run, raw)) {
      if (kind_ == http::BodyKind::chunked) {
        size_ += run.size();
        if (limits_.size != 0 && size_ > limits_.size) co_return failure_ = Failure::body_too_large;
      }
      memory_.append(run);
      consume(raw);
      const bool to_file = storage_ == Storage::file ? memory_.size() >= kFilePiece : memory_.size() > in_memory;
      if (!to_file) continue;
      const Failure failure = co_await write_memory_to_file(files);
      if (failure != Failure::none) co_return failure;
    }
    if (failure_ != Failure::none) co_return failure_;
    if (all_taken_) break;
    if (storage_ == Storage::file && client_ != nullptr) client_->grow_input(net::BufferPool::kLarge);
    const int result = co_await read_more(limits_.timeout);
    if (result <= 0) co_return failure_ = failure_of_client_read(result);
  }
  if (storage_ == Storage::file && !memory_.empty()) co_return co_await write_memory_to_file(files);
  co_return Failure::none;
}

net::Task<Failure> RequestBody::receive_into_input(net::Millis timeout) {
  while (!rest_is_here()) {
    const int result = co_await read_more(timeout);
    if (result <= 0) co_return failure_ = failure_of_client_read(result);
  }
  expect_continue_ = false;
  co_return Failure::none;
}

net::Task<Failure> RequestBody::write_memory_to_file(const BodyFiles& files) {
  storage_ = Storage::file;
  if (!file_) file_ = std::make_shared<TempFile>(files.directory);
  const std::uint64_t bytes = memory_.size();
  auto work = std::make_shared<WriteWork>(file_, std::move(memory_), file_size_);
  memory_.clear();
  const int result = co_await files.thread.run(files.post, std::move(work));
  if (result < 0) {
    observe::log::error("proxy", "request body: write a temporary file in {}: {}", files.directory,
                        std::strerror(-result));
    co_return failure_ = Failure::body_file;
  }
  file_size_ += bytes;
  co_return Failure::none;
}

void RequestBody::stream(const BodyLimits& limits) {
  limits_ = limits;
  if (!exists() || all_taken_) return;
  storage_ = Storage::stream;
}

std::string_view RequestBody::in_memory() const {
  if (storage_ == Storage::input) return input().substr(0, left_);
  return storage_ == Storage::memory ? std::string_view(memory_) : std::string_view();
}

StoredBody RequestBody::stored() const {
  return storage_ == Storage::file ? StoredBody(file_, file_size_) : StoredBody(in_memory());
}

net::Task<int> RequestBody::send_to(net::Sock& upstream, net::Millis timeout) {
  switch (storage_) {
    case Storage::none:
      co_return 1;
    case Storage::stream:
      co_return co_await send_stream(upstream, timeout);
    case Storage::file:
      co_return co_await upstream.send_file(file_->fd(), 0, file_size_, timeout);
    case Storage::input:
    case Storage::memory:
      break;
  }
  const std::string_view bytes = in_memory();
  if (bytes.empty()) co_return 1;
  co_return co_await upstream.send_all(bytes, timeout);
}

net::Task<int> RequestBody::send_stream(net::Sock& upstream, net::Millis timeout) {
  const bool chunks = kind_ == http::BodyKind::chunked;
  std::uint64_t streamed = 0;
  for (;;) {
    std::string_view run;
    std::size_t raw = 0;
    while (next_run(run, raw)) {
      stream_began_ = true;
      streamed += run.size();
      if (chunks && limits_.size != 0 && streamed > limits_.size) {
        failure_ = Failure::body_too_large;
        co_return -EFBIG;
      }
      if (!run.empty()) {
        char header[http::kChunkHeaderSize];
        const std::size_t header_size = chunks ? http::write_chunk_header(run.size(), header) : 0;
        const iovec parts[3] = {{header, header_size},
                                {const_cast<char*>(run.data()), run.size()},
                                {const_cast<char*>(http::kChunkEnd.data()), http::kChunkEnd.size()}};
        const int sent = co_await upstream.send_all(chunks ? parts : parts + 1, chunks ? 3 : 1, timeout);
        if (sent < 0) co_return sent;
      }
      consume(raw);
    }
    if (failure_ != Failure::none) co_return -EPROTO;
    if (all_taken_) break;
    const int result = co_await read_more(limits_.timeout);
    if (result <= 0) {
      failure_ = failure_of_client_read(result);
      co_return result < 0 ? result : -ECONNRESET;
    }
  }
  if (!chunks) co_return 1;
  co_return co_await upstream.send_all(http::kLastChunk, timeout);
}

// --- in pieces

// A stream cannot go back: it goes on with the run that is out.
void RequestBody::rewind() {
  if (storage_ != Storage::stream) pulled_ = 0;
}

net::Task<int> RequestBody::next(Run& run) {
  if (storage_ == Storage::stream) co_return co_await next_of_stream(run);
  if (storage_ == Storage::file) co_return next_of_file(run);
  run = {in_memory(), true};
  co_return 1;
}

net::Task<int> RequestBody::next_of_stream(Run& run) {
  stream_began_ = true;
  while (run_raw_ == 0) {
    std::string_view bytes;
    std::size_t raw = 0;
    if (next_run(bytes, raw)) {
      if (bytes.empty()) {  // framing alone
        consume(raw);
        continue;
      }
      if (kind_ == http::BodyKind::chunked && limits_.size != 0 && pulled_ + bytes.size() > limits_.size) {
        failure_ = Failure::body_too_large;
        co_return -EFBIG;
      }
      run_ = {bytes, kind_ == http::BodyKind::length && bytes.size() == left_};
      run_raw_ = raw;
      break;
    }
    if (failure_ != Failure::none) co_return -EPROTO;
    if (all_taken_) {
      run = {{}, true};
      co_return 1;
    }
    const int result = co_await read_more(limits_.timeout);
    if (result <= 0) {
      failure_ = failure_of_client_read(result);
      co_return result < 0 ? result : -ECONNRESET;
    }
  }
  run = run_;
  co_return 1;
}

// From the page cache mostly, as with sendfile().
int RequestBody::next_of_file(Run& run) {
  memory_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPulledPiece, file_size_ - pulled_)));
  const ssize_t got = ::pread(file_->fd(), memory_.data(), memory_.size(), static_cast<off_t>(pulled_));
  if (got != static_cast<ssize_t>(memory_.size())) {
    failure_ = Failure::body_file;
    return -EIO;
  }
  run = {memory_, pulled_ + memory_.size() == file_size_};
  return 1;
}

void RequestBody::taken() {
  if (storage_ == Storage::file) {
    pulled_ += memory_.size();
  } else if (run_raw_ != 0) {
    pulled_ += run_.bytes.size();
    consume(std::exchange(run_raw_, 0));
    run_ = {};
  }
}

bool RequestBody::worth_discarding() const {
  if (complete()) return true;
  if (failure_ != Failure::none || expect_continue_) return false;
  if (stream_began_) return false;  // it may have ended in the middle of a run
  return kind_ == http::BodyKind::chunked || left_ <= kDiscardBytes;
}

net::Task<bool> RequestBody::discard() {
  if (stream_ != nullptr) co_return false;                   // HTTP/2 goes on without: the stream ends alone
  if (storage_ == Storage::input) storage_ = Storage::none;  // consumed here, run by run
  const std::uint64_t deadline = reactor_->now_ms() + kDiscardMs;
  const std::uint64_t limit = raw_bytes_ + kDiscardBytes;
  while (!all_taken_) {
    std::string_view run;
    std::size_t raw = 0;
    while (next_run(run, raw)) consume(raw);
    if (all_taken_) break;
    const std::uint64_t now = reactor_->now_ms();
    if (failure_ != Failure::none || raw_bytes_ > limit || now >= deadline) co_return false;
    const int result = co_await client_->recv_some(net::BufferPool::kSmall, net::Millis(deadline - now));
    if (result <= 0) co_return false;
  }
  co_return true;
}

void RequestBody::drop() {
  release();
  kind_ = http::BodyKind::none;
  storage_ = Storage::none;
}

void RequestBody::release() {
  if (storage_ == Storage::input && !all_taken_ && rest_is_here()) {
    consume(static_cast<std::size_t>(left_));
  }
  memory_.clear();
  file_.reset();
}

}  // namespace weir::proxy
