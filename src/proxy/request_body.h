// RequestBody: the body of a request (life-of-a-request, step 9). Read completely before an endpoint is chosen
// (proxy-request-buffering on, the default) or handed on while it arrives (off).
//
// Buffered: in the client's input buffer if it fits there, else in memory up to client-body-buffer-size, else in an
// unlinked temporary file, which is written by the file thread. Streamed: pulled, so that a slow endpoint slows the
// client down. A chunked body is decoded here and leaves with a length (buffered) or with chunks of our own (streamed).
// That of an HTTP/2 request without Content-Length is treated alike, but comes without chunk framing.
//
// One worker. Lifetime: inside its Request; the client's Sock or stream outlives it.
#pragma once

#include "proxy/stored_body.h"
#include "proxy/stream_input.h"
#include "weir/http/h1_parser.h"
#include "weir/http/head.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/failure.h"
#include "weir/upstream/offload.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir::proxy {

class TempFile;

struct BodyLimits {
  std::uint64_t size = 0;      // most bytes; 0: no limit
  std::uint64_t memory = 0;    // bytes kept in memory before a file is used
  net::Millis timeout{60000};  // between two reads
};

// The file thread, and where bodies are written.
struct BodyFiles {
  upstream::Offload& thread;
  const upstream::PostToWorker& post;
  const std::string& directory;
};

class RequestBody final : public upstream::BodySource, public upstream::PulledBody {
 public:
  RequestBody();
  ~RequestBody() override;

  // With the head parsed and consumed from the client's input.
  void begin(net::Sock& client, const http::RequestHead& head);
  // The same for HTTP/2.
  void begin(StreamInput& client, net::Reactor& reactor, const http::RequestHead& head);
  void reset();

  // Reads all of it. none: it is here. `files` outlives the Task.
  net::Task<upstream::Failure> receive(const BodyLimits& limits, const BodyFiles& files);
  // It will be sent while it arrives.
  void stream(const BodyLimits& limits);

  bool exists() const { return kind_ != http::BodyKind::none; }
  // There is something to send.
  bool has_bytes() const { return storage_ != Storage::none; }
  bool streaming() const { return storage_ == Storage::stream; }
  // The client has sent its last byte, and it was taken or lies in the input buffer in front of the next request.
  bool complete() const;
  // Known once buffered, or from Content-Length.
  std::uint64_t size() const { return size_; }
  bool sends_chunks() const { return streaming() && kind_ == http::BodyKind::chunked; }
  std::uint64_t bytes_read() const;
  bool continue_pending() const { return expect_continue_; }
  // Could what is left be thrown away cheaply, so that the connection may go on?
  bool worth_discarding() const;

  // All of it, while it is here and in memory: for $request_body. Empty in any other case.
  std::string_view whole_in_memory() const { return complete() ? in_memory() : std::string_view(); }

  // For a second reader, which may outlive this. REQUIRES: has_bytes(), not streaming.
  StoredBody stored() const;

  // After an answer that did not need the body: reads the rest away. false: too much, or too slow.
  net::Task<bool> discard();
  // The request goes on as one without a body.
  void drop();
  // The exchange is over: takes the body out of the client's input buffer.
  void release();

  // --- upstream::BodySource
  std::string_view in_memory() const override;
  bool replayable() const override { return !streaming() || !stream_began_; }
  net::Task<int> send_to(net::Sock& upstream, net::Millis timeout) override;
  upstream::Failure failure() const override { return failure_; }

  // --- upstream::PulledBody
  void rewind() override;
  net::Task<int> next(Run& run) override;
  void taken() override;

 private:
  enum class Storage : std::uint8_t { none, input, memory, file, stream };

  // The next run of body bytes in the client's input; `raw` input bytes stand for it. false: more input is needed, or
  // the body is complete, or failure_ is set.
  bool next_run(std::string_view& run, std::size_t& raw);
  void consume(std::size_t raw);
  net::Task<int> next_of_stream(Run& run);
  int next_of_file(Run& run);
  net::Task<upstream::Failure> receive_into_input(net::Millis timeout);
  net::Task<upstream::Failure> write_memory_to_file(const BodyFiles& files);
  net::Task<int> send_stream(net::Sock& upstream, net::Millis timeout);
  net::Task<int> read_more(net::Millis timeout);
  void begin(const http::RequestHead& head);
  std::string_view input() const { return client_ != nullptr ? client_->input() : stream_->input(); }
  // The last bytes of a length: an HTTP/2 stream has to end with them.
  bool rest_is_here() const { return input().size() >= left_ && (stream_ == nullptr || stream_->ended()); }
  bool next_run_of_stream(std::string_view& run, std::size_t& raw);

  net::Sock* client_ = nullptr;    // HTTP/1
  StreamInput* stream_ = nullptr;  // HTTP/2
  net::Reactor* reactor_ = nullptr;
  http::BodyKind kind_ = http::BodyKind::none;
  Storage storage_ = Storage::none;
  upstream::Failure failure_ = upstream::Failure::none;
  bool expect_continue_ = false;  // 100 has still to be sent before we read
  bool stream_began_ = false;
  bool all_taken_ = false;  // the last byte was consumed from the input
  std::uint64_t left_ = 0;  // of Content-Length, not consumed yet
  std::uint64_t size_ = 0;
  std::uint64_t raw_bytes_ = 0;  // read from the client, framing included
  http::ChunkedDecoder decoder_;
  std::string memory_;
  std::shared_ptr<TempFile> file_;
  std::uint64_t file_size_ = 0;
  BodyLimits limits_;
  // What next() gave: bytes taken before it, and the input bytes that a run of a stream stands for (0: none is out).
  std::uint64_t pulled_ = 0;
  Run run_;
  std::size_t run_raw_ = 0;
};

}  // namespace weir::proxy
