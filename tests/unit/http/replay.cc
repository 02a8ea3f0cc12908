#include "unit/http/replay.h"

#include <array>

namespace weir::http {
namespace {

void append_fields(const Fields& fields, std::string& out) {
  out += " |";
  for (const Field& field : fields.all()) {
    out += field.dropped ? " (" : " ";
    out.append(fields.name(field)).append("=").append(fields.value(field));
    if (field.dropped) out += ")";
  }
}

std::string body_text(BodyKind body, std::uint64_t length) {
  switch (body) {
    case BodyKind::none:
      return "none";
    case BodyKind::length:
      return std::to_string(length);
    case BodyKind::chunked:
      return "chunked";
    default:
      return "until-close";
  }
}

}  // namespace

std::string text(const RequestHead& head) {
  std::string out(head.method_text());
  out.append(" ").append(head.target()).append(head.minor_version == 0 ? " 1.0" : " 1.1");
  out.append(" authority=").append(head.authority).append(" host=").append(head.host);
  out.append(" body=").append(body_text(head.body, head.content_length));
  out.append(head.keep_alive ? " keep" : " close");
  if (head.expect_continue) out += " expect";
  if (head.upgrade) out += " upgrade";
  append_fields(head.fields, out);
  return out;
}

std::string text(const ResponseHead& head) {
  std::string out = std::to_string(head.status);
  out.append(" '").append(head.reason()).append(head.minor_version == 0 ? "' 1.0" : "' 1.1");
  out.append(" body=").append(body_text(head.body, head.content_length));
  out.append(head.keep_alive ? " keep" : " close");
  if (head.upgrade) out += " upgrade";
  append_fields(head.fields, out);
  return out;
}

std::string text(const ParseResult& result, std::uint32_t size) {
  switch (result.status) {
    case ParseStatus::done:
      return "done " + std::to_string(size);
    case ParseStatus::more:
      return "more";
    default:
      return "bad " + std::to_string(result.http_status) + " " + std::string(result.reason);
  }
}

std::string parse_request(std::string_view input, const H1Limits& limits) {
  RequestHead head;
  const ParseResult result = parse_request_head(input, limits, head);
  return text(result, head.size);
}

std::string parse_response(std::string_view input, const H1Limits& limits) {
  ResponseHead head;
  const ParseResult result = parse_response_head(input, limits, head);
  return text(result, head.size);
}

std::string decode_chunked(std::string_view input, std::size_t cut_a, std::size_t cut_b) {
  ChunkedDecoder decoder;
  std::string body;
  std::size_t rest = 0;
  const std::array<std::string_view, 3> pieces = {input.substr(0, cut_a), input.substr(cut_a, cut_b - cut_a),
                                                  input.substr(cut_b)};
  for (std::string_view piece : pieces) {
    const std::unique_ptr<char[]> exact(new char[piece.size() + 1]);
    piece.copy(exact.get(), piece.size());
    std::string_view left(exact.get(), piece.size());
    while (!left.empty() && !decoder.done()) {
      std::string_view data;
      const long used = decoder.next(left, data);
      if (used < 0) return std::string(decoder.error());
      body.append(data);
      left.remove_prefix(static_cast<std::size_t>(used));
    }
    rest += left.size();
  }
  return body + (decoder.done() ? "|done|" : "|more|") + std::to_string(rest);
}

}  // namespace weir::http
