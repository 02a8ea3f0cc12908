// AuthAnswer: what an external authentication service said about a request, as far as it counts (spec 4.1). A plain
// value; one worker.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::proxy {

struct AuthAnswer {
  static constexpr int kClientGone = 499;  // with a reason: the client left before the service had answered

  int status = 0;           // the service's, or with a `reason` what the client gets
  std::string_view reason;  // static: why the service could not be asked; empty: it was
  std::string challenge;    // WWW-Authenticate of a 401
  // Values of auth-response-headers, in the policy's order; empty: the service did not send that header.
  std::vector<std::string> values;
  std::vector<std::string> cookies;  // Set-Cookie, one text for each

  bool accepts() const { return reason.empty() && status >= 200 && status < 300; }
  bool client_gone() const { return !reason.empty() && status == kClientGone; }
  std::size_t size() const {
    std::size_t bytes = sizeof(AuthAnswer) + challenge.size();
    for (const std::string& one : values) bytes += sizeof(std::string) + one.size();
    for (const std::string& one : cookies) bytes += sizeof(std::string) + one.size();
    return bytes;
  }
};

}  // namespace weir::proxy
