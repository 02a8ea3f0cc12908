// Weir with one location of backend-protocol GRPC, for endpoints that say exact frames.
#pragma once

#include "unit/proxy/h2_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace weir::proxy::test {

inline constexpr const char* kBareCall = "GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n";
inline constexpr const char* kCall = "POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello";

class GrpcFakeEndpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    model::Location& location = rules.add("a.example", "/", "web");
    location.policies.backend_protocol.protocol = features::BackendProtocol::grpc;
    policy = &location.policies.proxy;
    rules.settings.reason_header = true;
  }
  Proxy& proxy(const FakeUpstream& upstream) {
    rules.backend("web", {upstream.port()});
    proxy_.emplace(rules);
    return *proxy_;
  }
  std::string ask(const FakeUpstream::Script& script, std::string_view request = kCall) {
    upstream_.emplace(script);
    return proxy(*upstream_).get(request);
  }
  int connections() const { return upstream_->connections(); }

  Rules rules;
  features::ProxyPolicy* policy = nullptr;

 private:
  std::optional<FakeUpstream> upstream_;
  std::optional<Proxy> proxy_;  // ends first
};

}  // namespace weir::proxy::test
