// Requests that must be accepted, with the expected text(RequestHead). Shared by several tests.
#pragma once

#include <string_view>
#include <vector>

namespace weir::http {

struct AcceptedRequest {
  std::string_view input;
  std::string_view head;
  bool beast_refuses = false;  // a known strictness of Boost.Beast's parser
};

const std::vector<AcceptedRequest>& accepted_requests();

}  // namespace weir::http
