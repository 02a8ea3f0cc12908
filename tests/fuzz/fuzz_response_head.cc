// Heads of upstreams: the verdict does not depend on cuts; fields are clean; the framing is one of RFC 9112 6.3.
#include "fuzz/fuzz.h"
#include "weir/http/h1_parser.h"
#include "weir/http/h1_writer.h"

#include <vector>

namespace {

using namespace weir::http;
using weir::fuzz::require;

void check_written_again(const ResponseHead& head) {
  std::vector<char> buffer(head.size * 2 + 256);
  HeadWriter out(buffer.data(), buffer.size());
  out.status_line(head.status, head.reason());
  if (head.body == BodyKind::chunked) out.field("Transfer-Encoding", "chunked");
  if (head.body == BodyKind::length) out.field("Content-Length", head.content_length);
  out.fields(head.fields, field_bit(FieldId::content_length));
  out.finish();
  require(out.ok(), "the head fits");
  H1Limits wider;
  wider.request_line += 64;
  wider.field_line += 64;
  wider.head += 1024;
  wider.fields += 2;
  ResponseHead again;
  const ParseResult result = parse_response_head(out.text(), wider, again);
  require(result.status == ParseStatus::done, "the written head is accepted", result.reason);
  require(again.size == out.size(), "the written head is one head");
  require(again.status == head.status && again.reason() == head.reason(), "same status line");
  require(again.body == head.body && again.content_length == head.content_length, "same framing");
}

void check(std::string_view input, const H1Limits& limits) {
  ResponseHead head;
  const ParseResult whole = parse_response_head(input, limits, head);
  if (whole.status == ParseStatus::bad) require(whole.http_status == 502, "bad answers are 502");
  if (whole.status == ParseStatus::done) {
    require(head.size <= input.size() && head.size <= limits.head, "size");
    require(head.status >= 100 && head.status <= 999, "status");
    require(body_of_response(head, Method::head) == BodyKind::none, "no body after HEAD");
    check_written_again(head);
  }
  ResponseHead cut_head;
  bool decided = false;
  weir::fuzz::for_each_cut(input.size(), [&](std::size_t cut) {
    const weir::fuzz::ExactCopy prefix(input.substr(0, cut));
    const ParseResult result = parse_response_head(prefix.view(), limits, cut_head);
    if (result.status == ParseStatus::more) {
      require(!decided, "more is not followed by less");
      return;
    }
    decided = true;
    require(result.status == whole.status && result.reason == whole.reason, "cut changes the verdict", result.reason);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  check(input, {});
  H1Limits small;
  small.request_line = 30;
  small.field_line = 40;
  small.head = 200;
  small.fields = 4;
  check(input, small);
  return 0;
}
