// Fields of HTTP/2 requests, one a line as NAME=VALUE with ~ for bytes that lines cannot hold: what is accepted is a
// head that HTTP/1 would accept, in a line each. The same bytes as frames: cuts do not change the guard's verdict.
#include "fuzz/fuzz.h"
#include "proxy/http2_guard.h"
#include "weir/http/h2_head.h"

#include <algorithm>
#include <string>

namespace {

using namespace weir::http;
using weir::fuzz::require;

void add_lines(H2RequestBlock& block, std::string_view input) {
  while (!input.empty()) {
    std::string line(input.substr(0, input.find('\n')));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    std::replace(line.begin(), line.end(), '~', '\n');
    const std::size_t middle = std::min(line.find('='), line.size());
    block.add(std::string_view(line).substr(0, middle),
              std::string_view(line).substr(std::min(middle + 1, line.size())));
  }
}

void check_head(std::string_view input, bool end) {
  H2RequestBlock block;
  block.begin({});
  add_lines(block, input);
  RequestHead head;
  const ParseResult result = block.finish(end, head);
  require(result.status != ParseStatus::more, "a block is judged at its end");
  if (result.status != ParseStatus::done) return;
  require(head.http2, "it says so");
  require(end ? head.content_length == 0 : head.body != BodyKind::none, "the body is what the stream says");
  std::string text = head.fields.text();
  const std::size_t version = text.find(" HTTP/2.0\r\n");
  require(version != std::string::npos, "version");
  text.replace(version, 11, " HTTP/1.1\r\n");
  RequestHead again;
  require(parse_request_head(text, {}, again).status == ParseStatus::done, "HTTP/1 accepts it");
  require(again.size == text.size(), "it is one head");
  require(again.host == head.host && again.target() == head.target(), "and says the same");
  for (const Field& field : head.fields.all()) {
    require(head.fields.value(field).find_first_of("\r\n") == std::string_view::npos, "no line ends in a value");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  check_head(input, true);
  check_head(input, false);

  weir::proxy::Http2Guard whole;
  whole.read(input, 1);
  weir::proxy::Http2Guard cut;
  for (std::size_t i = 0; i < input.size(); ++i) cut.read(input.substr(i, 1), 1);
  require(whole.reason() == cut.reason(), "cuts change the guard's verdict");
  return 0;
}
