// PROXY headers: what is accepted is a header, and a beginning is never taken for more than it is.
#include "fuzz/fuzz.h"
#include "weir/http/proxy_protocol.h"

using namespace weir::http;
using weir::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  const ProxyHeader whole = parse_proxy_header(input);
  const bool complete = whole.status == ProxyStatus::local || whole.status == ProxyStatus::proxied;
  if (complete) {
    require(whole.size <= size && whole.size >= 15, "a header lies within the input");
    require(whole.size <= kProxyV2Max, "headers are bounded");
    require(input.front() == 'P' || input.front() == '\r', "a header begins as one");
  } else {
    require(whole.size == 0, "nothing is taken without a header");
  }
  if (whole.status == ProxyStatus::more) require(size < kProxyV2Max, "nobody waits for ever");
  weir::fuzz::for_each_cut(size, [&](std::size_t cut) {
    const weir::fuzz::ExactCopy part(input.substr(0, cut));
    const ProxyHeader of_part = parse_proxy_header(part.view());
    if (complete && cut < whole.size) require(of_part.status == ProxyStatus::more, "a beginning waits for the rest");
    if (complete && cut >= whole.size) {
      require(of_part.status == whole.status && of_part.size == whole.size, "what follows does not matter");
      require(of_part.addresses.source == whole.addresses.source, "the same client");
    }
    if (of_part.status == ProxyStatus::bad) require(whole.status == ProxyStatus::bad, "bad stays bad");
  });
  return 0;
}
