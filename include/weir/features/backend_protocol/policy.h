// What is spoken to the endpoints of a location (spec 4.10). Consumed by proxy/pipeline_exchange.cc.
#pragma once

#include <cstdint>

namespace weir::features {

// auto_http: https for requests that came by HTTPS, else http. grpc, grpcs: HTTP/2, without and with TLS. Whatever is
// not served closes its paths (DenyPolicy).
enum class BackendProtocol : std::uint8_t { http, https, auto_http, grpc, grpcs };

struct BackendProtocolPolicy {
  BackendProtocol protocol = BackendProtocol::http;

  bool is_grpc() const { return protocol == BackendProtocol::grpc || protocol == BackendProtocol::grpcs; }
  bool operator==(const BackendProtocolPolicy&) const = default;
};

}  // namespace weir::features
