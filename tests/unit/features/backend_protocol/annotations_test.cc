#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(BackendProtocolAnnotations, HttpAndHttpsAreServedInAnyCase) {
  const auto protocol = [](const char* value) {
    EXPECT_EQ(outcome({{"backend-protocol", value}}), "ok") << value;
    return read({{"backend-protocol", value}}).policies.backend_protocol.protocol;
  };
  EXPECT_EQ(protocol("HTTP"), BackendProtocol::http);
  EXPECT_EQ(protocol("http"), BackendProtocol::http);
  EXPECT_EQ(protocol("HTTPS"), BackendProtocol::https);
  EXPECT_EQ(protocol("https"), BackendProtocol::https);
  EXPECT_EQ(protocol("Auto_Http"), BackendProtocol::auto_http);
}

TEST(BackendProtocolAnnotations, OtherProtocolsAreNotSpokenToAsHttp) {
  for (const char* other : {"GRPC", "GRPCS", "grpcs", "FCGI"}) {
    EXPECT_EQ(outcome({{"backend-protocol", other}}), "503 backend-protocol-planned") << other;
  }
}

TEST(BackendProtocolAnnotations, ABadValueIsHttp) {
  EXPECT_EQ(outcome({{"backend-protocol", "h2c"}}), "warning annotation-invalid backend-protocol\n");
}

}  // namespace
}  // namespace weir::features
