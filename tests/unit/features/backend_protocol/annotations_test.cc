#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(BackendProtocolAnnotations, ProtocolsAreServedInAnyCase) {
  const auto protocol = [](const char* value) {
    EXPECT_EQ(outcome({{"backend-protocol", value}}), "ok") << value;
    return read({{"backend-protocol", value}}).policies.backend_protocol.protocol;
  };
  EXPECT_EQ(protocol("HTTP"), BackendProtocol::http);
  EXPECT_EQ(protocol("http"), BackendProtocol::http);
  EXPECT_EQ(protocol("HTTPS"), BackendProtocol::https);
  EXPECT_EQ(protocol("https"), BackendProtocol::https);
  EXPECT_EQ(protocol("Auto_Http"), BackendProtocol::auto_http);
  EXPECT_EQ(protocol("GRPC"), BackendProtocol::grpc);
  EXPECT_EQ(protocol("grpc"), BackendProtocol::grpc);
  EXPECT_EQ(protocol("grpcS"), BackendProtocol::grpcs);
}

TEST(BackendProtocolAnnotations, FastCgiIsNotSpokenToAsHttp) {
  for (const char* other : {"FCGI", "fcgi"}) {
    EXPECT_EQ(outcome({{"backend-protocol", other}}), "503 backend-protocol-planned") << other;
    const ReadResult result = read({{"backend-protocol", other}});
    EXPECT_EQ(result.policies.backend_protocol.protocol, BackendProtocol::http) << other;
    EXPECT_TRUE(result.used.empty()) << other;
    ASSERT_EQ(result.diagnostics.size(), 1u) << other;
    EXPECT_EQ(result.diagnostics[0].text, "value \"" + std::string(other) +
                                              "\" is not implemented yet; all paths of the object answer 503 "
                                              "(backend-protocol-planned)");
  }
}

TEST(BackendProtocolAnnotations, ABadValueIsHttp) {
  EXPECT_EQ(outcome({{"backend-protocol", "h2c"}}), "warning annotation-invalid backend-protocol\n");
}

}  // namespace
}  // namespace weir::features
