// Http2Stream: one request and its response on an HTTP/2 connection: what came of the body and was not read yet, what
// is to be sent and was not taken yet. Http2Sink: the response's way out. One worker; owned by the Http2Session.
#pragma once

#include "proxy/paced_sink.h"
#include "proxy/pauses.h"
#include "proxy/request.h"
#include "proxy/stream_input.h"
#include "weir/http/h1_parser.h"

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proxy {

class Http2Session;

class Http2Stream final : public StreamInput {
 public:
  Http2Stream(Http2Session& session, std::int32_t id, RequestPtr of, const http::ParseResult& verdict)
      : request(std::move(of)), parsed(verdict), session_(session), id_(id) {}

  // --- StreamInput
  std::string_view input() const override { return std::string_view(input_).substr(taken_); }
  void consume(std::size_t n) override;
  bool ended() const override { return ended_ && behind_.empty(); }
  net::Task<int> more(net::Millis timeout) override;
  void send_continue() override;

  // --- the response; results as in ResponseSink. REQUIRES: one at a time.
  net::Task<int> respond(const FieldCollector& head, std::string_view body, bool last);
  net::Task<int> send(std::string_view body, bool last);
  // The end, behind all bytes. `fields` stay valid meanwhile.
  net::Task<int> send_trailers(const FieldCollector& fields);
  // Cut, so that nobody takes it for a whole one.
  void reset(std::uint32_t code);

  // --- by the session
  void receive(std::string_view bytes);
  void end_input();
  // The client has sent all of its request.
  bool whole() const { return ended_; }
  std::size_t unread() const { return input().size() + behind_.size(); }
  std::string_view unsent() const { return unsent_; }
  bool ends_with(std::size_t bytes) const { return last_ && bytes == unsent_.size(); }
  const FieldCollector* trailers() const { return trailers_; }
  void take(std::size_t bytes, bool end);
  bool waits_for_input() const { return reading_ != nullptr; }
  bool waits_for_room() const { return writing_ != nullptr && all_taken(); }
  void resume_reading() { reading_->end_early(); }
  void resume_writing() { writing_->end_early(); }
  // All of the response was handed to the connection.
  bool finished() const { return finished_; }
  bool was_reset() const { return reset_; }
  std::int32_t id() const { return id_; }

  RequestPtr request;
  const http::ParseResult parsed;
  std::coroutine_handle<> job;  // null: not begun
  bool reset_by_client = false;
  bool malformed = false;  // what followed the head
  bool closed = false;     // for the library: no frame of it may be sent any more

 private:
  bool all_taken() const { return unsent_.empty() && (!last_ || finished_); }
  net::Task<int> wait_until_taken();

  Http2Session& session_;
  const std::int32_t id_;
  std::string input_;
  std::size_t taken_ = 0;  // of input_
  std::string behind_;     // what came while somebody may be reading input_
  bool news_ = false;      // bytes or the end, since more() has told of any
  bool ended_ = false;
  Pause* reading_ = nullptr;

  std::string_view unsent_;
  std::string kept_;  // of unsent_, when it lay in scratch memory
  const FieldCollector* trailers_ = nullptr;
  bool last_ = false;
  bool finished_ = false;
  bool reset_ = false;
  Pause* writing_ = nullptr;
};

class Http2Sink final : public PacedSink {
 public:
  Http2Sink(Worker& worker, Http2Stream& stream) : PacedSink(worker, *stream.request), stream_(stream) {}

  net::Task<int> trailers(const http::Fields& fields) override;
  net::Sock* raw_socket() override { return nullptr; }
  void abort() override;

 private:
  net::Task<int> head(const ResponseStart& start, std::string_view body, bool last) override;
  net::Task<int> piece(std::string_view body, bool last) override;

  Http2Stream& stream_;
};

// Runs the pipeline. The stream is destroyed at its end.
net::Job serve_stream(net::JobGroup& jobs, Http2Session& session, Http2Stream& stream);

}  // namespace weir::proxy
