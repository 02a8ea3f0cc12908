// Step 9 of life-of-a-request: the framing of a response body.
#include "proxy/response_body.h"

#include <algorithm>

namespace weir::proxy {
namespace {

// A run of this size is passed on by itself; smaller ones are put together first, as a send() costs more than the copy.
constexpr std::size_t kLargeRun = 16 * 1024;
// Behind a large run, so few bytes are likely just the end of the body, which should go out with it.
constexpr std::size_t kTail = 16;

}  // namespace

bool BodyReader::done() const {
  switch (kind_) {
    case http::BodyKind::none:
      return true;
    case http::BodyKind::length:
      return left_ == 0;
    case http::BodyKind::chunked:
      return decoder_.done();
    case http::BodyKind::until_close:
      break;
  }
  return ended_;
}

std::string_view BodyReader::take(net::Sock& from, upstream::OutBuffer& scratch) {
  const std::string_view input = from.input();
  raw_ = 0;
  scratch.clear();
  switch (kind_) {
    case http::BodyKind::none:
      return {};
    case http::BodyKind::length: {
      raw_ = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      left_ -= raw_;
      return input.substr(0, raw_);
    }
    case http::BodyKind::chunked:
      return take_chunks(input, scratch);
    case http::BodyKind::until_close:
      break;
  }
  raw_ = input.size();
  return input;
}

std::string_view BodyReader::take_chunks(std::string_view input, upstream::OutBuffer& scratch) {
  std::string_view only;  // while there is just one run
  while (raw_ < input.size() && !decoder_.done()) {
    // What does not fit any more stays for the next time.
    const std::size_t limit = scratch.size() == 0 ? input.size() - raw_ : std::min(input.size() - raw_, scratch.room());
    if (limit == 0) break;
    std::string_view run;
    const long taken = decoder_.next(input.substr(raw_, limit), run);
    if (taken < 0) {
      malformed_ = true;
      return {};
    }
    if (taken == 0) break;
    raw_ += static_cast<std::size_t>(taken);
    if (run.empty()) continue;
    if (only.empty() && scratch.size() == 0) {
      only = run;
      if (run.size() >= kLargeRun && input.size() - raw_ > kTail) break;  // the rest waits for the next round
      continue;
    }
    if (scratch.size() == 0) {
      scratch.ensure(only.size() + run.size());
      scratch.put(only);
    }
    scratch.put(run);
  }
  return scratch.size() == 0 ? only : scratch.view();
}

void BodyReader::consume(net::Sock& from) {
  from.consume(raw_);
  raw_ = 0;
}

}  // namespace weir::proxy
