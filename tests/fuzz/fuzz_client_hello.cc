// ClientHellos: names are names, what is decided stays decided, and nobody waits for ever.
#include "fuzz/fuzz.h"
#include "weir/tls/client_hello.h"

#include <algorithm>

using namespace weir::tls;
using weir::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = weir::fuzz::text(data, size);
  const ClientHello all = parse_client_hello(input);
  require(all.status == HelloStatus::whole || all.server_name.empty(), "only a whole hello names a host");
  require(all.server_name.size() <= 255, "names are bounded");
  require(all.server_name.find('\0') == std::string::npos, "no byte ends a name early");
  require(std::none_of(all.server_name.begin(), all.server_name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
          "names are lower case");
  if (all.status == HelloStatus::more) require(size < kClientHelloMax, "nobody waits for ever");
  weir::fuzz::for_each_cut(size, [&](std::size_t cut) {
    const weir::fuzz::ExactCopy part(input.substr(0, cut));
    const ClientHello of_part = parse_client_hello(part.view());
    if (all.status == HelloStatus::more) require(of_part.status == HelloStatus::more, "a beginning begins as one");
    if (of_part.status == HelloStatus::more) return;
    require(of_part.status == all.status, "what follows does not matter");
    require(of_part.server_name == all.server_name, "the same name");
  });
  return 0;
}
