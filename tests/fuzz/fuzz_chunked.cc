// Chunked bodies: the same body and verdict for every cut; never more data than input.
#include "fuzz/fuzz.h"
#include "weir/http/h1_parser.h"
#include "weir/http/h1_writer.h"

namespace {

using namespace weir::http;
using weir::fuzz::require;

struct Outcome {
  std::string body;
  std::string verdict;  // "done N" with the bytes consumed, "more" or the error

  bool operator==(const Outcome&) const = default;
};

// Feeds `input` in pieces of `piece` bytes.
Outcome decode(std::string_view input, std::size_t piece) {
  ChunkedDecoder decoder;
  Outcome outcome;
  std::size_t consumed = 0;
  for (std::size_t at = 0; at < input.size() && !decoder.done(); at += piece) {
    const weir::fuzz::ExactCopy copy(input.substr(at, piece));
    std::string_view left = copy.view();
    while (!left.empty() && !decoder.done()) {
      std::string_view data;
      const long used = decoder.next(left, data);
      if (used < 0) {
        require(!decoder.error().empty(), "an error has a code");
        outcome.verdict = decoder.error();
        return outcome;
      }
      require(used > 0 && static_cast<std::size_t>(used) <= left.size(), "progress within the input");
      outcome.body.append(data);
      consumed += static_cast<std::size_t>(used);
      left.remove_prefix(static_cast<std::size_t>(used));
    }
  }
  outcome.verdict = decoder.done() ? "done " + std::to_string(consumed) : "more";
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  const Outcome whole = decode(input, size == 0 ? 1 : size);
  require(whole.body.size() <= size, "decoded length <= input");
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u}) require(decode(input, piece) == whole, "cut changes the body");

  // What was decoded and encoded again decodes to the same.
  std::string encoded;
  if (!whole.body.empty()) {
    char header[kChunkHeaderSize];
    encoded.append(header, write_chunk_header(whole.body.size(), header));
    encoded.append(whole.body).append(kChunkEnd);
  }
  encoded.append(kLastChunk);
  require(decode(encoded, encoded.size()).body == whole.body, "round trip");
  return 0;
}
