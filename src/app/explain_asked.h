// What `weir explain` is asked: METHOD, URL and fields, as the request that a client would send.
#pragma once

#include "explain.h"
#include "weir/base/result.h"

#include <string>

namespace weir::app {

struct Asked {
  bool https = false;
  std::string summary;  // "GET https://shop.example/api"
  std::string head;     // of HTTP/1.1, as it would come over the connection
};

// An error: the URL or a field is none. Whether a proxy would refuse the head is not looked at.
base::Result<Asked> read_asked(const ExplainRequest& request);

}  // namespace weir::app
