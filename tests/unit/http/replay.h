// Running the parsers on cut input: the verdict must not depend on where the bytes were split.
#pragma once

#include "weir/http/h1_parser.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace weir::http {

// One line that holds everything a head says: "GET /x 1.1 authority=a:80 host=a body=none keep | Host=a:80 (Te=x)";
// fields in parentheses are dropped.
std::string text(const RequestHead& head);
std::string text(const ResponseHead& head);

// "done 17", "more" or "bad 400 host-missing".
std::string text(const ParseResult& result, std::uint32_t size);

std::string parse_request(std::string_view input, const H1Limits& limits = {});
std::string parse_response(std::string_view input, const H1Limits& limits = {});

// Parses every prefix of `input` from a buffer of exactly its size, so that sanitizers see each read beyond it.
// Returns the verdict of the whole input if all prefixes say "more" up to one point and the whole input's verdict from
// there on; else a text that says where they differ.
template <class Parse>
std::string parse_growing(std::string_view input, Parse parse) {
  const std::string whole = parse(input);
  bool decided = false;
  for (std::size_t size = 0; size <= input.size(); ++size) {
    const std::unique_ptr<char[]> exact(new char[size == 0 ? 1 : size]);
    input.copy(exact.get(), size);
    const std::string verdict = parse(std::string_view(exact.get(), size));
    if (verdict == "more" && !decided) continue;
    decided = true;
    if (verdict != whole) {
      return whole + ", but cut at " + std::to_string(size) + ": " + verdict;
    }
  }
  return whole;
}

// The body and verdict of a chunked body fed in pieces that end at the given offsets: "body|done|rest" or "code".
std::string decode_chunked(std::string_view input, std::size_t cut_a, std::size_t cut_b);

}  // namespace weir::http
