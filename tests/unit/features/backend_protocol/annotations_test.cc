#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(BackendProtocolAnnotations, HttpIsServed) {
  EXPECT_EQ(outcome({{"backend-protocol", "HTTP"}}), "ok");
  EXPECT_EQ(outcome({{"backend-protocol", "http"}}), "ok");
  EXPECT_EQ(outcome({{"backend-protocol", "AUTO_HTTP"}}), "warning annotation-planned backend-protocol\n");
}

TEST(BackendProtocolAnnotations, OtherProtocolsAreNotSpokenToInTheClear) {
  for (const char* other : {"HTTPS", "https", "GRPC", "GRPCS", "FCGI"}) {
    EXPECT_EQ(outcome({{"backend-protocol", other}}), "503 backend-protocol-planned") << other;
  }
}

TEST(BackendProtocolAnnotations, ABadValueIsHttp) {
  EXPECT_EQ(outcome({{"backend-protocol", "h2c"}}), "warning annotation-invalid backend-protocol\n");
}

}  // namespace
}  // namespace weir::features
