// Request heads: the verdict does not depend on cuts; what is accepted can be written again and says the same.
#include "fuzz/fuzz.h"
#include "weir/http/h1_parser.h"
#include "weir/http/h1_writer.h"
#include "weir/http/normalize.h"

#include <algorithm>
#include <vector>

namespace {

using namespace weir::http;
using weir::fuzz::require;

bool is_known(std::string_view code) {
  const auto all = rejections();
  return std::any_of(all.begin(), all.end(), [&](const Rejection& row) { return row.code == code; });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

void check_fields(const RequestHead& head) {
  for (const Field& field : head.fields.all()) {
    require(std::size_t{field.name} + field.name_size <= head.fields.text().size(), "name inside text");
    require(std::size_t{field.value} + field.value_size <= head.fields.text().size(), "value inside text");
    require(field.name_size > 0, "name not empty");
    require(!has_control(head.fields.name(field)) && !has_control(head.fields.value(field)), "no controls in fields");
  }
  require(head.target() == "*" || head.target().front() == '/', "target is origin-form or asterisk", head.target());
  require(head.target().find_first_of(" \r\n#") == std::string_view::npos, "target is clean", head.target());
  require(head.minor_version == 0 || !head.authority.empty(), "HTTP/1.1 has an authority");
  require(head.host.find_first_of("/?#@, \\ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos, "host is clean",
          head.host);
  require(!head.expect_continue || head.body != BodyKind::none, "100-continue needs a body");
}

void check_written_again(const RequestHead& head, const H1Limits& limits) {
  std::vector<char> buffer(head.size * 2 + 256);
  HeadWriter out(buffer.data(), buffer.size());
  out.request_line(head.method_text(), head.target());
  if (!head.authority.empty()) out.field("Host", head.authority);
  if (head.authority.empty()) out.field("Host", "none");
  if (head.body == BodyKind::chunked) out.field("Transfer-Encoding", "chunked");
  if (head.body == BodyKind::length) out.field("Content-Length", head.content_length);
  out.fields(head.fields, field_bit(FieldId::host) | field_bit(FieldId::content_length));
  out.finish();
  require(out.ok(), "the head fits");
  H1Limits wider = limits;
  wider.request_line += 64;
  wider.field_line += 64;
  wider.head += 1024;
  wider.fields += 2;
  RequestHead again;
  const ParseResult result = parse_request_head(out.text(), wider, again);
  require(result.status == ParseStatus::done, "the written head is accepted", result.reason);
  require(again.size == out.size(), "the written head is one head");
  require(again.body == head.body && again.content_length == head.content_length, "same framing");
  require(again.target() == head.target() && again.method_text() == head.method_text(), "same request line");
  require(head.authority.empty() || again.host == head.host, "same host");
}

void check(std::string_view input, const H1Limits& limits) {
  RequestHead head;
  const ParseResult whole = parse_request_head(input, limits, head);
  if (whole.status == ParseStatus::bad) require(is_known(whole.reason), "the reason is listed", whole.reason);
  if (whole.status == ParseStatus::done) {
    require(head.size <= input.size() && head.size <= limits.head, "size");
    require(head.fields.all().size() <= limits.fields, "field count");
    check_fields(head);
    check_written_again(head, limits);
    std::string path;
    if (normalize_path(head.target(), path)) require(path.front() == '/', "normal path is absolute");
  }
  RequestHead cut_head;
  bool decided = false;
  weir::fuzz::for_each_cut(input.size(), [&](std::size_t cut) {
    const weir::fuzz::ExactCopy prefix(input.substr(0, cut));
    const ParseResult result = parse_request_head(prefix.view(), limits, cut_head);
    if (result.status == ParseStatus::more) {
      require(!decided, "more is not followed by less");
      return;
    }
    decided = true;
    require(result.status == whole.status && result.reason == whole.reason, "cut changes the verdict", result.reason);
    require(result.status == ParseStatus::bad || cut_head.size == head.size, "cut changes the size");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  check(input, {});
  H1Limits small;
  small.request_line = 60;
  small.field_line = 40;
  small.head = 200;
  small.fields = 4;
  small.underscores_in_names = true;
  check(input, small);
  return 0;
}
