// The lines after the first one of a head, for requests and responses: syntax, classification and hop-by-hop marks.
// Pure. Verdicts are reached at the first offending byte, so that they do not depend on where the input was cut.
#pragma once

#include "http/reject.h"
#include "weir/http/head.h"

#include <cstdint>

namespace weir::http {

// Where in the input a head stands; `end` is already cut to the limit of the whole head.
struct HeadInput {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool full = false;  // no further input would be accepted: `more` becomes head-too-large
};
HeadInput clamp(std::string_view input, const H1Limits& limits);
// The result when the input ends before the head does.
ParseResult more_or(const HeadInput& input, Reject when_full);

// What the fields say about framing and connection, collected in one pass.
struct FieldFacts {
  const char* end = nullptr;  // behind the empty line
  std::uint64_t seen = 0;     // bit per FieldId
  std::uint64_t repeated = 0;

  bool has(FieldId id) const { return (seen >> static_cast<unsigned>(id)) & 1u; }
  bool repeats(FieldId id) const { return (repeated >> static_cast<unsigned>(id)) & 1u; }
};
static_assert(static_cast<unsigned>(FieldId::count) <= 64);

enum class Side : std::uint8_t { client, upstream };

// Parses field lines from `p` to the empty line. Offsets are relative to input.begin.
ParseResult parse_field_block(const HeadInput& input, const char* p, const H1Limits& limits, Side side, Fields& out,
                              FieldFacts& facts);

struct ConnectionFacts {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool too_long = false;
};
// Reads every Connection field and marks the fields they nominate as dropped, except Host and Content-Length.
// REQUIRES: fields.text() holds the head.
ConnectionFacts apply_connection(Fields& fields, const FieldFacts& facts);

// The checked framing: none, length or chunked.
struct Framing {
  BodyKind body = BodyKind::none;
  std::uint64_t length = 0;
};
// RFC 9112 6.1 to 6.3. REQUIRES: fields.text() holds the head. Returns `done` or `bad`.
ParseResult read_framing(const Fields& fields, const FieldFacts& facts, std::uint8_t minor_version, Side side,
                         Framing& out);

// One Upgrade field with one protocol that is not h2c.
bool offers_upgrade(const Fields& fields, const FieldFacts& facts);

inline ParseResult finished() {
  return {ParseStatus::done, 200, {}};
}

}  // namespace weir::http
